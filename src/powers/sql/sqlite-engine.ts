import { PowerboxError } from '../../wire/errors.ts';
import type { SqliteConfig } from './config.ts';
import { cuttable } from './cut.ts';
import type { Scalar } from './dialect.ts';
import type { Answer, Engine, EngineCursor, EngineUse } from './engine.ts';
import { ANSWER_BYTES_MAX, CURSOR_IDLE_MS_MAX } from './limits.ts';
import type { Plan } from './plan.ts';
import { makePool } from './pool.ts';
import { type SqliteProcess, type SqliteProcessOptions, startSqlite } from './sqlite-process.ts';
import type { FromSqlite, SqliteWork } from './sqlite-protocol.ts';

export function sqliteEngine(config: SqliteConfig, options: SqliteProcessOptions): Engine {
  const pool = makePool(() => startSqlite(config, options));

  async function run(plan: Plan, values: readonly Scalar[], use: EngineUse): Promise<Answer> {
    const process = await pool.take(use.signal);
    const { rowsMax, timeMs } = plan.access;
    const work = workOf(plan, values);
    try {
      return await cuttable({ signal: use.signal, timeMs }, process.close, async () => {
        const { answer, bytes } = asAnswer(await process.ask({ type: 'run', work, rowsMax }));
        await settled(process, work.writes, () => use.spendBytes(bytes));
        return answer;
      });
    } finally {
      pool.give(process);
    }
  }

  async function open(
    plan: Plan,
    values: readonly Scalar[],
    use: EngineUse,
  ): Promise<EngineCursor> {
    const process = await pool.take(use.signal);
    const { timeMs, rowsMax } = plan.access;
    try {
      const work = workOf(plan, values);
      await cuttable({ signal: use.signal, timeMs }, process.close, () =>
        process.ask({ type: 'open', work }),
      );
    } catch (error) {
      pool.give(process);
      throw error;
    }
    const idleMs = options.cursorIdleMs ?? CURSOR_IDLE_MS_MAX;
    return cursorOf(process, { timeMs, rowsMax, idleMs }, () => pool.give(process));
  }

  return { run, open, close: () => pool.close() };
}

/** What is spent comes before a change is final; who cannot pay has changed nothing. */
async function settled(process: SqliteProcess, writes: boolean, spend: () => void): Promise<void> {
  try {
    spend();
  } catch (error) {
    if (writes) await process.ask({ type: 'done' });
    throw error;
  }
  if (writes) await process.ask({ type: 'commit' });
}

function cursorOf(
  process: SqliteProcess,
  { timeMs, rowsMax, idleMs }: { timeMs: number; rowsMax: number; idleMs: number },
  giveBack: () => void,
): EngineCursor {
  let left = rowsMax;
  let closed = false;
  const idle = setTimeout(close, idleMs);
  idle.unref();

  function close(): void {
    if (closed) return;
    closed = true;
    clearTimeout(idle);
    // In the middle of a step it cannot be asked to stop, so it is ended.
    if (!process.isClean()) {
      process.close();
      giveBack();
      return;
    }
    process.ask({ type: 'done' }).then(giveBack, () => {
      process.close();
      giveBack();
    });
  }

  return {
    async next(count, use) {
      if (closed) throw new PowerboxError('reference-closed', 'The cursor is closed.');
      idle.refresh();
      const asked = Math.min(count, left);
      const { answer, bytes } = await cuttable({ signal: use.signal, timeMs }, close, async () =>
        asAnswer(await process.ask({ type: 'next', rowsMax: asked })),
      );
      use.spendBytes(bytes);
      left -= answer.rows.length;
      return { ...answer, truncated: left === 0 };
    },
    close,
  };
}

function workOf(plan: Plan, values: readonly Scalar[]): SqliteWork {
  return {
    text: plan.text,
    values: plan.used.map((at) => values[at] ?? null),
    writes: plan.verb !== 'select',
    reads: [...plan.reads].map(tableOf),
    changes: [...plan.writes].map(tableOf),
    hasTableFunctions: plan.tableFunctions.size > 0,
    bytesMax: ANSWER_BYTES_MAX,
  };
}

/** The key of a table of SQLite is its name, in quotes when it is no plain word. */
function tableOf(key: string): string {
  return key.startsWith('"') ? key.slice(1, -1).replaceAll('""', '"') : key;
}

function asAnswer(message: FromSqlite): FromSqlite & { type: 'answer' } {
  if (message.type === 'answer') return message;
  throw new PowerboxError('internal', 'The process of SQLite answered out of turn.');
}
