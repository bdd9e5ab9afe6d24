import { PowerboxError } from '../wire/errors.ts';
import { ALL_HELD_BYTES_MAX } from './limits.ts';

/** A session, as far as what it holds goes. */
export interface Holding {
  /** Bytes; nothing once it is to end. */
  held(): number;
  end(error: PowerboxError): void;
}

/** What all sessions hold here together, and whose they are. */
export interface Holdings {
  /** Counts a session in. Gives what counts it no more. */
  add(holding: Holding): () => void;
  /** Whose it is; one of nobody is judged by itself. */
  claim(holding: Holding, holder: string): void;
  /**
   * Sees to it that so many bytes more can be held: as long as they cannot, whoever holds most in
   * all loses the largest of its sessions. To refuse whoever asks next would let one that hoards
   * keep all others from their work, and the host from ending it.
   */
  makeRoom(bytes: number): void;
}

export function makeHoldings(): Holdings {
  const all = new Map<Holding, string | undefined>();

  function sum(): number {
    let bytes = 0;
    for (const holding of all.keys()) bytes += holding.held();
    return bytes;
  }

  /** The largest session of whoever holds most. */
  function largest(): Holding | undefined {
    const sums = new Map<unknown, number>();
    const whose = (holding: Holding): unknown => all.get(holding) ?? holding;
    for (const one of all.keys()) sums.set(whose(one), (sums.get(whose(one)) ?? 0) + one.held());
    const most = [...sums].reduce<readonly [unknown, number]>(
      (best, next) => (next[1] > best[1] ? next : best),
      [undefined, 0],
    );
    const own = [...all.keys()].filter((one) => whose(one) === most[0]);
    return own.sort((a, b) => b.held() - a.held())[0];
  }

  return {
    add(holding) {
      all.set(holding, undefined);
      return () => void all.delete(holding);
    },
    claim(holding, holder) {
      if (all.has(holding)) all.set(holding, holder);
    },
    makeRoom(bytes) {
      while (sum() + bytes > ALL_HELD_BYTES_MAX) {
        const holding = largest();
        if (holding === undefined || holding.held() === 0) return;
        const text = 'Cannot go on with so much that was not let go of: it is too much for all.';
        holding.end(new PowerboxError('session-limit', text));
      }
    },
  };
}
