import type { Kernel } from '../../kernel/kernel.ts';
import type { Spend } from '../../ocap/budget.ts';
import type { Refused } from '../../ocap/verdict.ts';

/** What the uses of one box that go on may still come to cost. */
export interface ForeseenUses {
  /** Null when it fits in beside the others. */
  begin(grant: string, most: Spend): Refused | null;
  /** One use of which so much was foreseen is over. */
  end(grant: string, most: Spend): void;
  /** All of them; an egress that is gone tells of none. */
  close(): void;
}

export function makeForeseen(kernel: Pick<Kernel, 'foresee'>): ForeseenUses {
  const going = new Map<string, (() => void)[]>();
  const keyOf = (grant: string, most: Spend): string =>
    `${grant} ${most.tokens ?? 0} ${most.microdollars ?? 0}`;
  return {
    begin(grant, most) {
      const foreseen = kernel.foresee(grant, most);
      if (!foreseen.allow) return foreseen;
      const key = keyOf(grant, most);
      going.set(key, [...(going.get(key) ?? []), foreseen.release]);
      return null;
    },
    end(grant, most) {
      // Those of one size are as good as each other.
      const key = keyOf(grant, most);
      const [release, ...others] = going.get(key) ?? [];
      if (others.length === 0) going.delete(key);
      else going.set(key, others);
      release?.();
    },
    close() {
      for (const release of [...going.values()].flat()) release();
      going.clear();
    },
  };
}
