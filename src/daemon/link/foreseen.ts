import type { Kernel } from '../../kernel/kernel.ts';
import type { Spend } from '../../ocap/budget.ts';
import type { Refused } from '../../ocap/verdict.ts';

/** What the uses of one box that go on may still come to cost. */
export interface ForeseenUses {
  /** Null when it fits in beside the others. */
  begin(grant: string, most: Spend): Refused | null;
  /** One use of which so much was foreseen is over. */
  end(grant: string, most: Spend): void;
  /** All of them; an egress that has told what they cost tells no more. */
  close(): void;
  /**
   * All of them, with nobody left to tell what they cost: each is spent as far as it was foreseen,
   * and a budget that has not so much left is left with nothing.
   */
  forfeit(): void;
}

interface Going {
  readonly grant: string;
  readonly most: Spend;
  release(): void;
}

export function makeForeseen(kernel: Pick<Kernel, 'foresee' | 'spend'>): ForeseenUses {
  const going = new Map<string, Going[]>();
  const keyOf = (grant: string, most: Spend): string =>
    `${grant} ${most.tokens ?? 0} ${most.microdollars ?? 0}`;
  return {
    begin(grant, most) {
      const foreseen = kernel.foresee(grant, most);
      if (!foreseen.allow) return foreseen;
      const key = keyOf(grant, most);
      const { release } = foreseen;
      going.set(key, [...(going.get(key) ?? []), { grant, most, release }]);
      return null;
    },
    end(grant, most) {
      // Those of one size are as good as each other.
      const key = keyOf(grant, most);
      const [first, ...others] = going.get(key) ?? [];
      if (others.length === 0) going.delete(key);
      else going.set(key, others);
      first?.release();
    },
    close() {
      for (const { release } of [...going.values()].flat()) release();
      going.clear();
    },
    forfeit() {
      for (const { grant, most, release } of [...going.values()].flat()) {
        spendOrDrain(kernel, grant, most);
        release();
      }
      going.clear();
    },
  };
}

function spendOrDrain(kernel: Pick<Kernel, 'spend'>, grant: string, most: Spend): void {
  if (kernel.spend(grant, most).allow) return;
  for (const [measure, amount] of Object.entries(most)) {
    for (let step = 2 ** Math.floor(Math.log2(Math.max(1, amount))); step >= 1; step /= 2) {
      kernel.spend(grant, { [measure]: step });
    }
  }
}
