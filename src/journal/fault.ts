import { faultOf } from '../store/database.ts';
import { PowerboxError } from '../wire/errors.ts';

export function broken(reason: string, seq?: number): PowerboxError {
  const where = seq === undefined ? '' : ` from row ${seq} on`;
  return new PowerboxError('journal-broken', `Cannot trust the journal${where}: ${reason}.`, {
    hint: 'It was changed outside Powerbox, or power was lost while a box ran. Keep a copy; move journal.db and journal.head away to begin another.',
  });
}

/** Runs `work`; what the disk or the engine throws becomes an error of the table. */
export function guarded<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const fault = faultOf(error);
    if (PowerboxError.is(error) || fault === undefined) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    if (fault === 'damaged') throw broken(reason);
    throw new PowerboxError('journal-unavailable', `Cannot use the journal: ${reason}.`, {
      cause: error,
    });
  }
}
