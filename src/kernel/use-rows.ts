import type { Spend } from '../ocap/budget.ts';
import type { ErrorCode } from '../wire/errors.ts';
import type { DoneEntry, JournalEntry, UseEntry } from '../wire/journal-entry.ts';
import { ROW_CALLS_CHARS_MAX, ROW_CALLS_MAX } from './limits.ts';

/** An allowed use, as its row tells it. */
export type AllowedUse = Pick<UseEntry, 'guest' | 'grant' | 'chain' | 'power' | 'call' | 'effect'>;

/** A place in a row that is in the journal. */
export interface RowPlace {
  /** What became of the use; once. */
  done(code: ErrorCode | undefined, durationMs: number, spent: Spend): void;
}

/** A row that gathers the uses of one grant that begin in one turn of the event loop. */
export interface UseRow {
  /** False when the row is full. */
  add(
    use: AllowedUse,
    written: (place: RowPlace) => void,
    failed: (error: unknown) => void,
  ): boolean;
  entry(): UseEntry;
  settle(seq: number): void;
  fail(error: unknown): void;
}

/**
 * Many uses of one grant share a row, because a row costs more than a use. Their outcomes come in
 * one row, too, when the last of them is over.
 */
export function makeUseRow(note: (entry: JournalEntry) => void): UseRow {
  const uses: AllowedUse[] = [];
  const written: ((place: RowPlace) => void)[] = [];
  const failed: ((error: unknown) => void)[] = [];
  let chars = 0;
  return {
    add(use, onWritten, onFailed) {
      if (uses.length >= ROW_CALLS_MAX) return false;
      if (uses.length > 0 && chars + use.call.length > ROW_CALLS_CHARS_MAX) return false;
      chars += use.call.length;
      uses.push(use);
      written.push(onWritten);
      failed.push(onFailed);
      return true;
    },
    entry() {
      const [first] = uses as [AllowedUse];
      const calls = uses.length === 1 ? {} : { calls: uses.map(({ call }) => call) };
      const effect = uses.find((use) => use.effect !== 'read')?.effect ?? 'read';
      return { kind: 'use', ...first, effect, ...calls, verdict: 'allow' };
    },
    settle(seq) {
      const place = gatherOutcomes(seq, (uses[0] as AllowedUse).guest, uses.length, note);
      for (const [index, tell] of written.entries()) tell(place(index));
    },
    fail(error) {
      for (const tell of failed) tell(error);
    },
  };
}

function gatherOutcomes(
  of: number,
  guest: string,
  count: number,
  note: (entry: DoneEntry) => void,
): (index: number) => RowPlace {
  const faults: { use: number; code: ErrorCode }[] = [];
  const sums: Record<string, number> = {};
  let left = count;
  let longest = 0;
  return (index) => ({
    done(code, durationMs, spent) {
      if (code !== undefined) faults.push({ use: index, code });
      for (const [measure, amount] of Object.entries(spent)) {
        sums[measure] = (sums[measure] ?? 0) + amount;
      }
      longest = Math.max(longest, durationMs);
      left -= 1;
      if (left > 0) return;
      const [fault] = faults;
      note({
        kind: 'done',
        guest,
        of,
        durationMs: Math.round(longest * 1000) / 1000,
        ...(fault === undefined ? {} : { code: fault.code }),
        ...(count === 1 || fault === undefined ? {} : { faults }),
        ...(Object.keys(sums).length === 0 ? {} : { spent: sums }),
      });
    },
  });
}
