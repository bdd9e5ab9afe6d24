import { PowerboxError } from '../wire/errors.ts';
import { type Database, faultOf, isRefusedRow } from './database.ts';

/** Runs `work`; what the disk or the engine throws becomes an error of the table. */
export function guarded<T>(work: () => T, file = 'state.db'): T {
  try {
    return work();
  } catch (error) {
    const fault = faultOf(error);
    if (PowerboxError.is(error) || fault === undefined) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    if (isRefusedRow(error)) {
      throw new PowerboxError('internal', `Cannot keep a row of the state: ${reason}.`, {
        cause: error,
      });
    }
    const hint = fault === 'damaged' ? { hint: `Keep a copy of ${file}; it is damaged.` } : {};
    throw new PowerboxError('store-unavailable', `Cannot use the state: ${reason}.`, {
      ...hint,
      cause: error,
    });
  }
}

/** The same database; everything that it throws has passed `guarded`. */
export function guardedDatabase(database: Database, file?: string): Database {
  const through = <T>(work: () => T): T => guarded(work, file);
  return {
    exec: (sql) => through(() => database.exec(sql)),
    prepare(sql) {
      const statement = through(() => database.prepare(sql));
      return {
        run: (...values) => through(() => statement.run(...values)),
        get: (...values) => through(() => statement.get(...values)),
        all: (...values) => through(() => statement.all(...values)),
        iterate: (...values) => through(() => statement.iterate(...values)),
      };
    },
    exclusively: (work) => through(() => database.exclusively(work)),
    close: () => through(() => database.close()),
  };
}
