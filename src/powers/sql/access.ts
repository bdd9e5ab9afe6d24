import { quote } from '../../policy/quote.ts';
import { type Dialect, foldName, HOME_SCHEMA, refused, tableKey, type Verb } from './dialect.ts';
import { ROWS_MAX, TIME_MS_MAX } from './limits.ts';
import type { SqlNarrowing, VerbRule } from './narrowing.ts';
import { columnsOf, type Predicate, samePredicate } from './predicate.ts';

/** What every narrowing on the way together leaves of one verb on one table. */
export interface TableAccess {
  /** Null for every column. */
  readonly columns: ReadonlySet<string> | null;
  /** A row must be within each. */
  readonly where: readonly Predicate[];
}

export interface Access {
  readonly dialect: Dialect;
  /** Throws a refusal that says why when there is none. */
  table(schema: string, name: string, verb: Verb): TableAccess;
  has(schema: string, name: string, verb: Verb): boolean;
  mayCall(name: string): boolean;
  readonly rowsMax: number;
  readonly timeMs: number;
}

/** What a chain of narrowings, root first, leaves. */
export function accessOf(dialect: Dialect, narrowings: readonly SqlNarrowing[]): Access {
  const levels = narrowings.map((narrowing) => foldLevel(dialect, narrowing));
  const least = (field: 'rowsMax' | 'timeMs', most: number): number =>
    Math.min(most, ...narrowings.map((narrowing) => narrowing[field] ?? most));
  return {
    dialect,
    table: (schema, name, verb) => tableAccess(dialect, levels, schema, name, verb),
    has: (schema, name, verb) =>
      isOpenSchema(dialect, schema, name) &&
      levels.every((level) => ruleOf(level, tableKey(dialect, schema, name), verb) !== undefined),
    mayCall: (name) =>
      narrowings.every(({ functions }) => functions === null || functions.includes(name)),
    rowsMax: least('rowsMax', ROWS_MAX),
    timeMs: least('timeMs', TIME_MS_MAX),
  };
}

type Level = ReadonlyMap<string, NonNullable<SqlNarrowing['tables']>[string]> | null;

function foldLevel(dialect: Dialect, narrowing: SqlNarrowing): Level {
  if (narrowing.tables === null) return null;
  const level = new Map<string, NonNullable<SqlNarrowing['tables']>[string]>();
  for (const [key, rule] of Object.entries(narrowing.tables)) {
    const folded = foldName(dialect, key);
    if (level.has(folded)) throw refused(`its grant has two rules for the table ${quote(key)}`);
    level.set(folded, rule);
  }
  return level;
}

const EVERYTHING: VerbRule = { columns: null, where: null };

function ruleOf(level: Level, key: string, verb: Verb): VerbRule | undefined {
  if (level === null) return EVERYTHING;
  // "Every table" is of the home schema; another schema has to be named.
  const every = isHome(key) ? level.get('*')?.[verb] : undefined;
  return level.get(key)?.[verb] ?? every;
}

function isHome(key: string): boolean {
  return !/^(?:[a-z0-9_]+|"(?:[^"]|"")*")\./.test(key);
}

/** Catalogues are closed to everybody: they name what was not given. */
function isOpenSchema(dialect: Dialect, schema: string, name: string): boolean {
  if (dialect === 'sqlite') {
    return schema === HOME_SCHEMA.sqlite && !/^(sqlite|pragma|dbstat|fts3_|fts4_|fts5)/.test(name);
  }
  return !schema.startsWith('pg_') && schema !== 'information_schema';
}

function tableAccess(
  dialect: Dialect,
  levels: readonly Level[],
  schema: string,
  name: string,
  verb: Verb,
): TableAccess {
  const key = tableKey(dialect, schema, name);
  if (!isOpenSchema(dialect, schema, name)) {
    throw refused(`the table ${quote(key)} is part of the database's own catalogue`);
  }
  const combined: { columns: ReadonlySet<string> | null; where: readonly Predicate[] } = {
    columns: null,
    where: [],
  };
  let readable: ReadonlySet<string> | null = null;
  for (const level of levels) {
    const rule = ruleOf(level, key, verb);
    if (rule === undefined) throw refused(missing(level, key, verb));
    const where = rule.where === null ? null : foldPredicate(dialect, rule.where);
    if (where !== null && !combined.where.some((one) => samePredicate(one, where))) {
      requireReadable(where, readable, key);
      combined.where = [...combined.where, where];
    }
    combined.columns = meet(combined.columns, columnSet(dialect, rule));
    const read = ruleOf(level, key, 'select');
    readable = read === undefined ? new Set() : meet(readable, columnSet(dialect, read));
  }
  return combined;
}

/**
 * Whoever narrows a grant chooses the predicate and can look at what it leaves. So it may speak
 * only of columns that the giver could read; otherwise it would tell of those that are hidden.
 */
function requireReadable(
  where: Predicate,
  readable: ReadonlySet<string> | null,
  key: string,
): void {
  if (readable === null) return;
  for (const column of columnsOf(where)) {
    if (readable.has(column)) continue;
    throw refused(
      `a grant on the way chooses rows of ${quote(key)} by the column ${quote(column)}, which its giver may not read`,
    );
  }
}

function missing(level: Level, key: string, verb: Verb): string {
  const other = (['select', 'insert', 'update', 'delete'] as const).filter(
    (one) => ruleOf(level, key, one) !== undefined,
  );
  return other.length === 0
    ? `the table ${quote(key)} was not given`
    : `${verb.toUpperCase()} was not given for the table ${quote(key)}, only ${other.join(', ')}`;
}

function columnSet(dialect: Dialect, rule: VerbRule): ReadonlySet<string> | null {
  return rule.columns === null
    ? null
    : new Set(rule.columns.map((column) => foldName(dialect, column)));
}

function meet(
  one: ReadonlySet<string> | null,
  other: ReadonlySet<string> | null,
): ReadonlySet<string> | null {
  if (one === null) return other;
  if (other === null) return one;
  return new Set([...one].filter((item) => other.has(item)));
}

function foldPredicate(dialect: Dialect, predicate: Predicate): Predicate {
  const fold = (part: Predicate): Predicate => foldPredicate(dialect, part);
  if ('all' in predicate) return { all: predicate.all.map(fold) };
  if ('any' in predicate) return { any: predicate.any.map(fold) };
  if ('not' in predicate) return { not: fold(predicate.not) };
  return { ...predicate, column: foldName(dialect, predicate.column) };
}
