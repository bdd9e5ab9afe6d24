import { PowerboxError } from '../wire/errors.ts';
import { type Database, faultOf, isRefusedRow } from './database.ts';

/** Runs `work`; what the disk or the engine throws becomes an error of the table. */
export function guarded<T>(work: () => T): T {
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
    const hint = fault === 'damaged' ? { hint: 'Keep a copy of state.db; it is damaged.' } : {};
    throw new PowerboxError('store-unavailable', `Cannot use the state: ${reason}.`, {
      ...hint,
      cause: error,
    });
  }
}

/** The same database; everything that it throws has passed `guarded`. */
export function guardedDatabase(database: Database): Database {
  return {
    exec: (sql) => guarded(() => database.exec(sql)),
    prepare(sql) {
      const statement = guarded(() => database.prepare(sql));
      return {
        run: (...values) => guarded(() => statement.run(...values)),
        get: (...values) => guarded(() => statement.get(...values)),
        all: (...values) => guarded(() => statement.all(...values)),
        iterate: (...values) => guarded(() => statement.iterate(...values)),
      };
    },
    exclusively: (work) => guarded(() => database.exclusively(work)),
    close: () => guarded(() => database.close()),
  };
}
