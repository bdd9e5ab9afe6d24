import { type Live, live, type UseContext } from '../../ocap/live.ts';
import { PowerboxError } from '../../wire/errors.ts';
import type { SqlConfig } from './config.ts';
import type { Scalar } from './dialect.ts';
import type { Answer, Engine, EngineCursor, EngineUse } from './engine.ts';
import { type CursorPlace, requireMethod } from './kind.ts';
import type { SqlNarrowing } from './narrowing.ts';
import { parseStatement } from './parse.ts';
import { type Plan, planStatement } from './plan.ts';
import { postgresEngine } from './postgres-engine.ts';
import { sqliteEngine } from './sqlite-engine.ts';

export interface SqlDependencies {
  /** The value of a secret, now; asked for each time that a connection is made. */
  secret(name: string): string | Promise<string>;
  /** The compiled sqlite-main, when it is not beside this module. */
  readonly sqliteMain?: string;
  /** Certificates (PEM) of authorities of PostgreSQL to trust in place of the known ones. */
  readonly authorities?: string;
}

/** Connects at the first statement, so a database that is down now may be up then. */
export function openSql(config: SqlConfig, deps: SqlDependencies): Live {
  const engine = engineOf(config, deps);
  return live({
    facet: 'root',
    at: null,
    async call(method, args, context) {
      const values = (args[1] ?? []) as readonly Scalar[];
      const plan = planOf(config, method, args[0] as string, values, context);
      const use = useOf(context);
      if (method === 'cursor') return cursorLive(await engine.open(plan, values, use), plan);
      const answer = await engine.run(plan, values, use);
      return method === 'execute' ? answer : rowsOf(answer);
    },
    close: () => engine.close(),
  });
}

function engineOf(config: SqlConfig, deps: SqlDependencies): Engine {
  if (config.dialect === 'sqlite') return sqliteEngine(config, { main: deps.sqliteMain });
  const { credential } = config;
  return postgresEngine(config, {
    password: async () => (credential === null ? '' : deps.secret(credential)),
    authorities: deps.authorities,
  });
}

/** Written anew within all narrowings at once: what they leave together is what is sent. */
function planOf(
  config: SqlConfig,
  method: string,
  text: string,
  values: readonly Scalar[],
  context: UseContext,
): Plan {
  const statement = parseStatement(text);
  requireMethod(method, statement.verb);
  if (config.dialect === 'sqlite' && config.readOnly && statement.verb !== 'select') {
    throw new PowerboxError('statement-refused', 'The database was given to be read only.');
  }
  const narrowings = context.narrowings as readonly SqlNarrowing[];
  return planStatement(statement, values, config.dialect, narrowings);
}

function useOf(context: UseContext): EngineUse {
  return {
    signal: context.signal,
    spendBytes: (bytes) => context.spend({ bytes }),
  };
}

function rowsOf({ columns, rows, truncated }: Answer): Omit<Answer, 'changes'> {
  return { columns, rows, truncated };
}

function cursorLive(cursor: EngineCursor, plan: Plan): Live {
  const at: CursorPlace = { tables: [...plan.reads] };
  return live({
    facet: 'cursor',
    at,
    async call(method, args, context) {
      if (method === 'next') return rowsOf(await cursor.next(Number(args[0]), useOf(context)));
      cursor.close();
      return null;
    },
    close: () => cursor.close(),
  });
}
