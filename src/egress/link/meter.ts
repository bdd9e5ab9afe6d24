import { PowerboxError } from '../../wire/errors.ts';
import type { BoxLink } from './box-link.ts';

/** Pays for the bytes of one use. What was not paid for does not pass. */
export interface Meter {
  /** Rejects with what the daemon says when a budget has not so much left. */
  pay(bytes: number): Promise<void>;
}

export function makeMeter(link: Pick<BoxLink, 'spend'>, grant: string): Meter {
  return {
    async pay(bytes) {
      const verdict = await link.spend(grant, { bytes });
      if (!verdict.allow) throw new PowerboxError(verdict.code, verdict.reason);
    },
  };
}
