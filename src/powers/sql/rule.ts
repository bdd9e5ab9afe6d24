import { PowerboxError } from '../../wire/errors.ts';
import {
  type Dialect,
  foldName,
  HOME_SCHEMA,
  tableKey,
  VERBS,
  type Verb,
  writeName,
} from './dialect.ts';
import {
  NOTHING_NARROWED,
  narrowingSchema,
  type SqlNarrowing,
  type TableRule,
  type VerbRule,
} from './narrowing.ts';
import { type Predicate, samePredicate, writePredicate } from './predicate.ts';
import { readName, readPredicate, type Vars } from './rule-predicate.ts';
import { type Reader, readTokens } from './rule-tokens.ts';

/**
 * Reads rules: `select on orders(id, total) where tenant_id = 42`, `select, update on notes`,
 * `select` (on every table), `rows 100`, `time 2s`, `functions lower, upper`; or one object of
 * JSON. What any rule about tables allows is allowed; of other rules one of each may stand.
 */
export function readRules(rules: readonly string[], dialect: Dialect): SqlNarrowing {
  let narrowing = NOTHING_NARROWED;
  for (const rule of rules) {
    if (rule.trimStart().startsWith('{')) {
      if (rules.length > 1) throw fault('a rule in JSON stands alone');
      return readJson(rule, dialect);
    }
    narrowing = addRule(narrowing, rule, dialect);
  }
  return check({ ...narrowing, tables: absorbed(narrowing.tables) });
}

/** A rule for every table allows all that a rule for one of them does. */
function absorbed(tables: Tables | null): Tables | null {
  const every = tables?.['*'];
  if (tables === null || every === undefined) return tables;
  const kept: Record<string, TableRule> = { '*': every };
  for (const [key, rule] of Object.entries(tables)) {
    const verbs = VERBS.filter((verb) => rule[verb] !== undefined && every[verb] === undefined);
    if (verbs.length > 0) kept[key] = Object.fromEntries(verbs.map((verb) => [verb, rule[verb]]));
  }
  kept['*'] = every;
  return kept;
}

function addRule(narrowing: SqlNarrowing, rule: string, dialect: Dialect): SqlNarrowing {
  const reader = readTokens(rule);
  const read = readOne(narrowing, reader, dialect);
  if (reader.peek().type !== 'end')
    throw reader.fail(`"${reader.peek().text}" has no meaning here`);
  return read;
}

function readOne(narrowing: SqlNarrowing, reader: Reader, dialect: Dialect): SqlNarrowing {
  if (reader.take('rows')) {
    if (narrowing.rowsMax !== null) throw reader.fail('there are two rules for rows');
    return { ...narrowing, rowsMax: readCount(reader) };
  }
  if (reader.take('time')) {
    if (narrowing.timeMs !== null) throw reader.fail('there are two rules for time');
    return { ...narrowing, timeMs: readTime(reader) };
  }
  if (reader.take('functions')) {
    if (narrowing.functions !== null) throw reader.fail('there are two rules for functions');
    const none = reader.take('none');
    return { ...narrowing, functions: none ? [] : readNames(reader, dialect, 'a function') };
  }
  return { ...narrowing, tables: readTables(narrowing.tables ?? {}, reader, dialect) };
}

type Tables = Readonly<Record<string, TableRule>>;

function readTables(tables: Tables, reader: Reader, dialect: Dialect): Tables {
  const verbs = [readVerb(reader)];
  while (reader.take(',')) verbs.push(readVerb(reader));
  if (reader.peek().type === 'end') return addVerbs(tables, '*', verbs, null, null, reader);
  reader.expect('on');
  if (reader.take('*')) return addVerbs(tables, '*', verbs, null, null, reader);
  const first = readName(reader, dialect, 'a table');
  const second = reader.take('.') ? readName(reader, dialect, 'a table') : null;
  const key =
    second === null
      ? tableKey(dialect, HOME_SCHEMA[dialect], first)
      : tableKey(dialect, first, second);
  let columns: readonly string[] | null = null;
  if (reader.take('(')) {
    columns = readNames(reader, dialect, 'a column');
    reader.expect(')');
  }
  const where = reader.take('where') ? readPredicate(reader, dialect, {}) : null;
  if (columns !== null && verbs.includes('delete')) {
    throw reader.fail(
      'delete is of whole rows, so it has no columns; write it as a rule of its own',
    );
  }
  return addVerbs(tables, key, verbs, columns, where, reader);
}

function readVerb(reader: Reader): Verb {
  const token = reader.next();
  const verb = VERBS.find((one) => one === token.text.toLowerCase());
  if (verb === undefined || token.type !== 'word') {
    throw reader.fail('a rule begins with select, insert, update, delete, rows, time or functions');
  }
  return verb;
}

function readNames(reader: Reader, dialect: Dialect, what: string): readonly string[] {
  const names = [readName(reader, dialect, what)];
  while (reader.take(',')) names.push(readName(reader, dialect, what));
  return [...new Set(names)];
}

function readCount(reader: Reader): number {
  const token = reader.next();
  if (token.type !== 'number' || !/^[1-9]\d{0,8}$/.test(token.text)) {
    throw reader.fail('a number of rows is missing');
  }
  return Number(token.text);
}

function readTime(reader: Reader): number {
  const match = /^(\d{1,9})(ms|s)$/.exec(reader.next().text);
  if (match === null) throw reader.fail('a time is missing, for example 500ms or 2s');
  return Number(match[1]) * (match[2] === 's' ? 1000 : 1);
}

function addVerbs(
  tables: Tables,
  key: string,
  verbs: readonly Verb[],
  columns: readonly string[] | null,
  where: Predicate | null,
  reader: Reader,
): Tables {
  let rule: TableRule = tables[key] ?? {};
  for (const verb of verbs) {
    rule = { ...rule, [verb]: joined(rule[verb], { columns, where }, reader) };
  }
  return { ...tables, [key]: rule };
}

/** Both rules together. Rows and columns that only go together cannot be said in one rule. */
function joined(one: VerbRule | undefined, other: VerbRule, reader: Reader): VerbRule {
  if (one === undefined) return other;
  const sameRows =
    one.where === other.where ||
    (one.where !== null && other.where !== null && samePredicate(one.where, other.where));
  const sameColumns = JSON.stringify(one.columns) === JSON.stringify(other.columns);
  if (sameRows) return { columns: unionOf(one.columns, other.columns), where: one.where };
  if (!sameColumns) {
    throw reader.fail('another rule for this table has other columns and other rows');
  }
  return {
    columns: one.columns,
    where: one.where === null || other.where === null ? null : { any: [one.where, other.where] },
  };
}

function unionOf(
  one: readonly string[] | null,
  other: readonly string[] | null,
): readonly string[] | null {
  return one === null || other === null ? null : [...new Set([...one, ...other])];
}

/** The data itself, with `where` as a text and values for its `:names` in `vars` if one likes. */
function readJson(rule: string, dialect: Dialect): SqlNarrowing {
  let data: unknown;
  try {
    data = JSON.parse(rule);
  } catch {
    throw fault('it is not JSON');
  }
  const { vars, ...rest } = data as { vars?: Vars } & Record<string, unknown>;
  const tables = (rest.tables ?? null) as Record<string, Record<string, unknown>> | null;
  const read = { ...NOTHING_NARROWED, ...rest };
  if (tables === null || typeof tables !== 'object') return check(read as SqlNarrowing);
  const entries = Object.entries(tables).map(([key, verbs]) => {
    const rules = Object.entries(verbs ?? {}).map(([verb, value]) => [
      verb,
      withPredicate(value, dialect, vars ?? {}),
    ]);
    return [foldName(dialect, key), Object.fromEntries(rules)];
  });
  return check({ ...read, tables: Object.fromEntries(entries) } as SqlNarrowing);
}

function withPredicate(value: unknown, dialect: Dialect, vars: Vars): unknown {
  const rule = { columns: null, where: null, ...(value as Record<string, unknown>) };
  if (typeof rule.where !== 'string') return rule;
  const reader = readTokens(rule.where);
  const where = readPredicate(reader, dialect, vars);
  if (reader.peek().type !== 'end')
    throw reader.fail(`"${reader.peek().text}" has no meaning here`);
  return { ...rule, where };
}

function check(narrowing: SqlNarrowing): SqlNarrowing {
  const read = narrowingSchema.safeParse(narrowing);
  if (read.success) return read.data;
  const issue = read.error.issues[0];
  throw fault(`${issue?.path.join('.') || 'it'} is not right`);
}

function fault(because: string): PowerboxError {
  return new PowerboxError('narrowing-invalid', `Cannot read the rules: ${because}.`);
}

/** The texts that `readRules` reads back to the same narrowing. */
export function writeRules(narrowing: SqlNarrowing): readonly string[] {
  const rules: string[] = [];
  if (narrowing.tables !== null && Object.keys(narrowing.tables).length === 0) {
    // No text says "no table at all", as a rule that is not there narrows nothing.
    return [JSON.stringify(narrowing)];
  }
  for (const [key, rule] of Object.entries(narrowing.tables ?? {})) {
    const present = VERBS.filter((verb) => rule[verb] !== undefined);
    if (present.length === 0 || (key === '*' && present.some((verb) => isNarrow(rule[verb])))) {
      return [JSON.stringify(narrowing)];
    }
    for (const verb of present) rules.push(writeRule(key, verb, rule[verb]));
  }
  if (narrowing.rowsMax !== null) rules.push(`rows ${narrowing.rowsMax}`);
  if (narrowing.timeMs !== null) rules.push(`time ${narrowing.timeMs}ms`);
  if (narrowing.functions !== null) {
    rules.push(`functions ${narrowing.functions.map(writeName).join(', ') || 'none'}`);
  }
  return rules;
}

function isNarrow(rule: VerbRule | undefined): boolean {
  return rule !== undefined && (rule.columns !== null || rule.where !== null);
}

function writeRule(key: string, verb: Verb, rule: VerbRule | undefined): string {
  if (key === '*') return verb;
  const columns = rule?.columns ? `(${rule.columns.map(writeName).join(', ')})` : '';
  const where = rule?.where ? ` where ${writePredicate(rule.where)}` : '';
  return `${verb} on ${key}${columns}${where}`;
}
