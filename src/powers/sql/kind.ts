import { z } from 'zod';
import { definePower, type Effect, type Invocation, type MethodTable } from '../../ocap/power.ts';
import { ALLOWED, refuse, type Verdict } from '../../ocap/verdict.ts';
import { listWords, shorten } from '../../policy/quote.ts';
import { PowerboxError } from '../../wire/errors.ts';
import { configSchema, readConfig, type SqlConfig, writeConfig } from './config.ts';
import type { Dialect, Scalar, Verb } from './dialect.ts';
import {
  CURSOR_ROWS_MAX,
  PARAMETER_CHARS_MAX,
  PARAMETERS_MAX,
  STATEMENT_CHARS_MAX,
} from './limits.ts';
import { narrowingSchema, type SqlNarrowing } from './narrowing.ts';
import { parseStatement, type Statement } from './parse.ts';
import { planStatement } from './plan.ts';
import { readRules, writeRules } from './rule.ts';

/** A statement with its values, or a step of a cursor that a statement opened. */
export type SqlCall = StatementCall | CursorCall;

interface StatementCall {
  readonly type: 'statement';
  readonly resource: string;
  readonly dialect: Dialect;
  readonly method: string;
  readonly verb: Verb;
  /** As it was sent; what runs is written anew from its tree. */
  readonly text: string;
  readonly values: readonly Scalar[];
  /** Keys of the tables that it is about, for people. */
  readonly tables: readonly string[];
}

interface CursorCall {
  readonly type: 'cursor';
  readonly resource: string;
  readonly method: string;
  readonly rows: number;
  readonly tables: readonly string[];
}

/** What a cursor knows of its own place. */
export interface CursorPlace {
  readonly tables: readonly string[];
}

const value = z.union([
  z.null(),
  z.boolean(),
  z.number(),
  z.string(),
  z.strictObject({ base64: z.string() }),
]);

const statement = z.string().min(1).max(STATEMENT_CHARS_MAX);

const parameters = z
  .array(z.union([z.null(), z.boolean(), z.number(), z.string().max(PARAMETER_CHARS_MAX)]))
  .max(PARAMETERS_MAX)
  .optional();

const args = [
  { name: 'sql', schema: statement },
  { name: 'params', schema: parameters },
] as const;

const rows = z.strictObject({
  columns: z.array(z.string()),
  rows: z.array(z.array(value)),
  /** There are more rows than the answer holds. */
  truncated: z.boolean(),
});

const root: MethodTable = {
  query: {
    summary: 'Runs one SELECT; values stand for $1, $2 and so on.',
    args,
    returns: rows,
  },
  execute: {
    summary: 'Runs one INSERT, UPDATE or DELETE; RETURNING gives rows.',
    args,
    returns: rows.extend({ changes: z.int() }),
  },
  cursor: {
    summary: 'Opens one SELECT to be read in steps.',
    args,
    returns: { facet: 'cursor' },
  },
};

const cursor: MethodTable = {
  next: {
    summary: 'Gives the next rows; fewer than asked for when there are no more.',
    args: [{ name: 'count', schema: z.int().min(1).max(CURSOR_ROWS_MAX) }],
    returns: rows,
  },
  close: { summary: 'Lets go of the query.', args: [], returns: z.null() },
};

export const sqlPower = definePower<SqlConfig, SqlNarrowing, SqlCall>({
  kind: 'sql',
  summary: 'Asks and changes a database, one judged statement at a time.',
  config: configSchema,
  narrowing: narrowingSchema,
  facets: { root, cursor },
  concerns: (config, call) => writeConfig(config) === call.resource,
  permits,
  effect: (call): Effect => (call.type === 'cursor' || call.verb === 'select' ? 'read' : 'write'),
  describe,
  callOf,
  readConfig,
  describeConfig: writeConfig,
  readNarrowing: (texts, config) => readRules(texts, config.dialect),
  describeNarrowing: writeRules,
  secretsOf: (config) =>
    config.dialect === 'postgres' && config.credential !== null ? [config.credential] : [],
});

function callOf(config: SqlConfig, { facet, at, method, args }: Invocation): SqlCall {
  const resource = writeConfig(config);
  if (facet === 'cursor') {
    const { tables } = at as CursorPlace;
    return { type: 'cursor', resource, method, rows: Number(args[0] ?? 0), tables };
  }
  const text = args[0] as string;
  const values = (args[1] ?? []) as readonly Scalar[];
  const parsed = parseStatement(text);
  requireMethod(method, parsed.verb);
  const { dialect } = config;
  const tables = tablesOf(parsed, values, dialect);
  return { type: 'statement', resource, dialect, method, verb: parsed.verb, text, values, tables };
}

/** A SELECT is for `query` and `cursor`, anything else for `execute`. */
export function requireMethod(method: string, verb: Verb): void {
  if ((method === 'execute') !== (verb === 'select')) return;
  throw new PowerboxError(
    'call-invalid',
    `The method ${method} takes ${method === 'execute' ? 'INSERT, UPDATE or DELETE' : 'a SELECT'}, and this is ${verb.toUpperCase()}.`,
  );
}

/** A statement that nobody may run has no tables to speak of; its use is refused. */
function tablesOf(
  parsed: Statement,
  values: readonly Scalar[],
  dialect: Dialect,
): readonly string[] {
  try {
    const { reads, writes } = planStatement(parsed, values, dialect, []);
    return [...new Set([...writes, ...reads])];
  } catch (error) {
    if (!PowerboxError.is(error)) throw error;
    return [];
  }
}

/** The plan is the judgement: a statement that can be written within a narrowing is within it. */
function permits(narrowing: SqlNarrowing, call: SqlCall): Verdict {
  // What a cursor may read was decided when it was opened, by the same grant.
  if (call.type === 'cursor') return ALLOWED;
  try {
    planStatement(parseStatement(call.text), call.values, call.dialect, [narrowing]);
    return ALLOWED;
  } catch (error) {
    if (!PowerboxError.is(error)) throw error;
    return refuse(error.code, error.message, 1);
  }
}

/** Most tables that a description names. */
const TABLES_SHOWN_MAX = 5;

/** Without the statement, whose constants may be private. */
function describe(call: SqlCall): string {
  const shown = call.tables.slice(0, TABLES_SHOWN_MAX);
  const more = call.tables.length > shown.length ? ['others'] : [];
  const verb = call.type === 'cursor' ? `cursor ${call.method}` : call.verb.toUpperCase();
  const on = shown.length > 0 ? ` on ${listWords([...shown, ...more])}` : '';
  return `${verb}${shorten(on)} of ${shorten(call.resource)}`;
}
