import { PowerboxError } from '../../wire/errors.ts';
import type { PostgresConfig } from './config.ts';
import { cuttable } from './cut.ts';
import type { Scalar } from './dialect.ts';
import type { Answer, Engine, EngineCursor, EngineUse, Value } from './engine.ts';
import { ANSWER_BYTES_MAX, CURSOR_IDLE_MS_MAX } from './limits.ts';
import type { Plan } from './plan.ts';
import { makePool } from './pool.ts';
import {
  connectPostgres,
  type PostgresConnection,
  type PostgresDependencies,
  type Result,
} from './postgres-connection.ts';

/** Rows that are fetched at once, so that the bytes of an answer are known as it grows. */
const FETCH_ROWS = 500;

/** Times that a change is tried when another one came between. */
const CHANGE_TRIES = 3;

export function postgresEngine(config: PostgresConfig, deps: PostgresDependencies): Engine {
  const pool = makePool(() => connectPostgres(config, deps));

  async function run(plan: Plan, values: readonly Scalar[], use: EngineUse): Promise<Answer> {
    const connection = await pool.take(use.signal);
    const { timeMs } = plan.access;
    const bound = boundOf(plan, values);
    try {
      return await cuttable({ signal: use.signal, timeMs }, connection.cancel, () =>
        plan.verb === 'select'
          ? select(connection, plan, bound, use)
          : change(connection, plan, bound, use),
      );
    } finally {
      pool.give(connection);
    }
  }

  async function open(
    plan: Plan,
    values: readonly Scalar[],
    use: EngineUse,
  ): Promise<EngineCursor> {
    const connection = await pool.take(use.signal);
    const { timeMs, rowsMax } = plan.access;
    try {
      await cuttable({ signal: use.signal, timeMs }, connection.cancel, () =>
        declare(connection, plan, boundOf(plan, values)),
      );
    } catch (error) {
      pool.give(connection);
      throw error;
    }
    const idleMs = deps.cursorIdleMs ?? CURSOR_IDLE_MS_MAX;
    return cursorOf(connection, { timeMs, rowsMax, idleMs }, () => pool.give(connection));
  }

  return { run, open, close: () => pool.close() };
}

function boundOf(plan: Plan, values: readonly Scalar[]): readonly Scalar[] {
  return plan.used.map((at) => values[at] ?? null);
}

/**
 * The settings of every transaction. Names are found in the catalogue alone, so that nothing that
 * somebody made elsewhere stands in for a function, an operator or a type.
 */
function begin(mode: string, timeMs: number): string {
  return [
    `BEGIN ${mode}`,
    'SET LOCAL search_path = pg_catalog, pg_temp',
    `SET LOCAL statement_timeout = ${timeMs}`,
    `SET LOCAL idle_in_transaction_session_timeout = ${CURSOR_IDLE_MS_MAX * 2}`,
    'SET LOCAL row_security = on',
    'SET LOCAL standard_conforming_strings = on',
    'SET LOCAL bytea_output = hex',
    'SET LOCAL extra_float_digits = 1',
    'SET LOCAL cursor_tuple_fraction = 1',
  ].join('; ');
}

async function declare(
  connection: PostgresConnection,
  plan: Plan,
  bound: readonly Scalar[],
): Promise<void> {
  connection.begin();
  await connection.control(begin('READ ONLY', plan.access.timeMs));
  await connection.statement(`DECLARE pbx_cursor NO SCROLL CURSOR FOR ${plan.text}`, bound);
}

async function select(
  connection: PostgresConnection,
  plan: Plan,
  bound: readonly Scalar[],
  use: EngineUse,
): Promise<Answer> {
  const { rowsMax } = plan.access;
  try {
    await declare(connection, plan, bound);
    const result = await fetch(connection, rowsMax + 1);
    const rows = result.rows.slice(0, rowsMax);
    use.spendBytes(bytesOf(rows));
    const truncated = result.rows.length > rowsMax;
    return { columns: result.columns, rows, truncated, changes: 0 };
  } finally {
    await rollback(connection);
  }
}

/** What was read is not changed; a connection that does not even roll back is not used again. */
async function rollback(connection: PostgresConnection): Promise<void> {
  try {
    await connection.control('ROLLBACK');
    connection.settle();
  } catch {
    connection.cancel();
  }
}

async function fetch(connection: PostgresConnection, count: number): Promise<Result> {
  let columns: readonly string[] = [];
  const rows: (readonly Value[])[] = [];
  while (rows.length < count) {
    const asked = Math.min(FETCH_ROWS, count - rows.length);
    const result = await connection.statement(`FETCH FORWARD ${asked} FROM pbx_cursor`, []);
    columns = result.columns;
    rows.push(...result.rows);
    if (connection.bytes() > ANSWER_BYTES_MAX) {
      throw new PowerboxError(
        'limit-exceeded',
        `The answer is longer than ${ANSWER_BYTES_MAX} bytes; ask for fewer rows or columns.`,
      );
    }
    if (result.rows.length < asked) break;
  }
  return { columns, rows, changes: 0 };
}

/**
 * A change sees one state of the database: between choosing rows and changing them no other
 * change comes, or this one is tried again.
 */
async function change(
  connection: PostgresConnection,
  plan: Plan,
  bound: readonly Scalar[],
  use: EngineUse,
): Promise<Answer> {
  for (let tries = 1; ; tries += 1) {
    try {
      connection.begin();
      await connection.control(begin('ISOLATION LEVEL REPEATABLE READ', plan.access.timeMs));
      const { columns, rows, changes } = await connection.statement(plan.text, bound);
      const shown = rows.slice(0, plan.access.rowsMax);
      use.spendBytes(bytesOf(shown));
      await connection.control('COMMIT');
      connection.settle();
      return { columns, rows: shown, truncated: shown.length < rows.length, changes };
    } catch (error) {
      await rollback(connection);
      if (tries >= CHANGE_TRIES || use.signal.aborted || !isConflict(error)) throw error;
    }
  }
}

/** Serialization failure and deadlock: another change came between. */
function isConflict(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  const state = typeof cause === 'object' && cause !== null && 'state' in cause ? cause.state : '';
  return state === '40001' || state === '40P01';
}

function cursorOf(
  connection: PostgresConnection,
  { timeMs, rowsMax, idleMs }: { timeMs: number; rowsMax: number; idleMs: number },
  giveBack: () => void,
): EngineCursor {
  let left = rowsMax;
  let closed = false;
  let busy = false;
  const idle = setTimeout(close, idleMs);
  idle.unref();

  function close(): void {
    if (closed) return;
    closed = true;
    clearTimeout(idle);
    if (busy) {
      connection.cancel();
      giveBack();
    } else rollback(connection).then(giveBack, giveBack);
  }

  return {
    async next(count, use) {
      if (closed) throw new PowerboxError('reference-closed', 'The cursor is closed.');
      if (busy) throw new PowerboxError('limit-exceeded', 'A cursor takes one step at a time.');
      busy = true;
      idle.refresh();
      try {
        connection.begin();
        const { columns, rows } = await cuttable({ signal: use.signal, timeMs }, close, () =>
          fetch(connection, Math.min(count, left)),
        );
        use.spendBytes(bytesOf(rows));
        left -= rows.length;
        return { columns, rows, truncated: left === 0, changes: 0 };
      } finally {
        busy = false;
      }
    },
    close,
  };
}

function bytesOf(rows: readonly (readonly Value[])[]): number {
  let bytes = 0;
  for (const row of rows) {
    for (const value of row) {
      if (typeof value === 'string') bytes += value.length;
      else bytes += typeof value === 'object' && value !== null ? value.base64.length : 8;
    }
  }
  return bytes;
}
