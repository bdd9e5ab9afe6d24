import { quote } from '../../policy/quote.ts';
import type { TableAccess } from './access.ts';
import { tableCallSql } from './call.ts';
import { foldName, HOME_SCHEMA, quoteName, refused, tableKey } from './dialect.ts';
import { expression } from './expression.ts';
import { predicateSql } from './predicate.ts';
import { deeper, makeName, nameSql, type Scope } from './scope.ts';
import {
  type Fields,
  fieldsOf,
  isSet,
  listOf,
  onlyFields,
  tagged,
  textOf,
  wordsOf,
} from './syntax.ts';

/** One item of FROM. Its alias and columns are put into the scope. */
export function sourceSql(node: unknown, outer: Scope): string {
  const scope = deeper(outer);
  const { tag, fields } = tagged(node);
  if (tag === 'RangeVar') return tableSql(fields, scope);
  if (tag === 'RangeSubselect') return subselectSql(fields, scope);
  if (tag === 'JoinExpr') return joinSql(fields, scope);
  if (tag === 'RangeFunction') return functionSql(fields, scope);
  throw refused(`it has ${quote(tag)} in FROM, which this power does not allow`);
}

/** A table as a statement names it: schema and name, as its database tells them apart. */
export interface TableName {
  readonly schema: string;
  readonly name: string;
  readonly alias: string;
  readonly key: string;
}

const TABLE_FIELDS = ['schemaname', 'relname', 'inh', 'relpersistence', 'alias'];

export function tableName(fields: Fields, scope: Scope): TableName {
  onlyFields('a table', fields, TABLE_FIELDS);
  if (!isSet(fields.inh)) throw refused('it uses ONLY');
  if (fields.relpersistence !== 'p') throw refused('it names a temporary table');
  const { dialect } = scope.writing;
  const name = foldName(dialect, textOf(fields.relname));
  const schema =
    fields.schemaname === undefined
      ? HOME_SCHEMA[dialect]
      : foldName(dialect, textOf(fields.schemaname));
  const alias = fields.alias === undefined ? name : aliasOf(fields.alias, scope).name;
  return { schema, name, alias, key: tableKey(dialect, schema, name) };
}

function tableSql(fields: Fields, scope: Scope): string {
  const table = tableName(fields, scope);
  const alias =
    fields.alias === undefined ? nameSql(scope, table.name) : aliasOf(fields.alias, scope).sql;
  const cte = fields.schemaname === undefined ? scope.ctes.get(table.name) : undefined;
  if (cte !== undefined) {
    scope.sources.set(table.alias, null);
    return `${nameSql(scope, cte)} AS ${alias}`;
  }
  const access = scope.writing.access.table(table.schema, table.name, 'select');
  scope.writing.reads.add(table.key);
  const isRenamed = fields.alias !== undefined && fieldsOf(fields.alias).colnames !== undefined;
  scope.sources.set(table.alias, isRenamed ? null : access.columns);
  return `${shadowSql(table, access, '', scope)} AS ${alias}`;
}

/**
 * What stands in the place of a table: its granted columns of its granted rows, and nothing else,
 * so that neither `*` nor the name of the whole row gives more. The table has its schema before
 * it, so it is never a CTE, and columns stand with their table, so they never come from outside.
 *
 * The end of the query keeps the caller's conditions out: a planner moves them into a subquery
 * that has no limit, and a condition that fails on a hidden row (a division by zero) tells of it.
 */
export function shadowSql(
  table: TableName,
  access: TableAccess,
  hidden: string,
  scope: Scope,
): string {
  const { dialect } = scope.writing;
  const row = quoteName(dialect, 't');
  const columns =
    access.columns === null
      ? [`${row}.*`]
      : [...access.columns].map((column) => {
          const name = quoteName(dialect, column);
          return `${row}.${name} AS ${name}`;
        });
  const list = [...columns, hidden].filter((item) => item !== '').join(', ');
  if (list === '') throw refused(`no column of the table ${quote(table.key)} was given`);
  const where = access.where.map((predicate) => predicateSql(dialect, predicate, row));
  const fence = dialect === 'sqlite' ? ' LIMIT -1' : ' OFFSET 0';
  const rows = where.length > 0 ? ` WHERE ${where.join(' AND ')}${fence}` : '';
  return `(SELECT ${list} FROM ${tableSqlName(table, scope)} AS ${row}${rows})`;
}

export function tableSqlName({ schema, name }: TableName, scope: Scope): string {
  return `${nameSql(scope, schema)}.${nameSql(scope, name)}`;
}

interface Alias {
  readonly name: string;
  readonly sql: string;
}

function aliasOf(node: unknown, scope: Scope): Alias {
  const fields = fieldsOf(node);
  onlyFields('an alias', fields, ['aliasname', 'colnames']);
  const { dialect } = scope.writing;
  const name = foldName(dialect, textOf(fields.aliasname));
  const columns = wordsOf(fields.colnames).map((column) =>
    nameSql(scope, foldName(dialect, column)),
  );
  if (columns.length === 0) return { name, sql: nameSql(scope, name) };
  if (dialect === 'sqlite') throw refused('SQLite gives no names to the columns of an alias');
  return { name, sql: `${nameSql(scope, name)}(${columns.join(', ')})` };
}

function plainAlias(name: string, scope: Scope): Alias {
  return { name, sql: nameSql(scope, name) };
}

/** An alias, and one of our own where the caller gave none. */
function aliasOrMade(node: unknown, scope: Scope): string {
  if (node === undefined) {
    const made = makeName(scope.writing);
    scope.sources.set(made, null);
    return nameSql(scope, made);
  }
  const alias = aliasOf(node, scope);
  scope.sources.set(alias.name, null);
  return alias.sql;
}

function lateralSql(fields: Fields, scope: Scope): string {
  if (!isSet(fields.lateral)) return '';
  if (scope.writing.dialect === 'sqlite') throw refused('SQLite has no LATERAL');
  return 'LATERAL ';
}

function subselectSql(fields: Fields, scope: Scope): string {
  onlyFields('a subquery', fields, ['lateral', 'subquery', 'alias']);
  const query = tagged(fields.subquery);
  if (query.tag !== 'SelectStmt') throw refused('it has a subquery that is no SELECT');
  const text = scope.writing.query(query.fields, scope);
  return `${lateralSql(fields, scope)}(${text}) AS ${aliasOrMade(fields.alias, scope)}`;
}

function functionSql(fields: Fields, scope: Scope): string {
  onlyFields('a function in FROM', fields, ['lateral', 'functions', 'alias', 'ordinality']);
  const functions = listOf(fields.functions);
  const items = functions.length === 1 ? listOf(tagged(functions[0]).fields.items) : [];
  const call = items[0];
  // The second item is a list of column definitions, which is empty when there is none.
  const isPlain = items.slice(1).every((item) => Object.keys(fieldsOf(item)).length === 0);
  if (call === undefined || !isPlain || items.length > 2) {
    throw refused('it has a function in FROM in a form that this power does not allow');
  }
  const { tag, fields: callFields } = tagged(call);
  if (tag !== 'FuncCall') throw refused('it has a value of the session in FROM');
  const { dialect } = scope.writing;
  const text = tableCallSql(callFields, scope, expression);
  const ordinality = isSet(fields.ordinality) ? ' WITH ORDINALITY' : '';
  const alias =
    fields.alias === undefined
      ? plainAlias(foldName(dialect, wordsOf(callFields.funcname).at(-1) ?? ''), scope)
      : aliasOf(fields.alias, scope);
  scope.sources.set(alias.name, null);
  if (dialect === 'postgres') {
    // Of a function that gives one value the alias is that value, and `alias.name` would call the
    // function `name` with it, whichever that is. Of a subquery the alias is a row.
    const name = nameSql(scope, alias.name);
    return `LATERAL (SELECT * FROM ${text}${ordinality} AS ${alias.sql}) AS ${name}`;
  }
  if (ordinality !== '') throw refused('SQLite has no ORDINALITY');
  return `${lateralSql(fields, scope)}${text} AS ${alias.sql}`;
}

const JOINS: Readonly<Record<string, string>> = {
  JOIN_INNER: 'JOIN',
  JOIN_LEFT: 'LEFT JOIN',
  JOIN_RIGHT: 'RIGHT JOIN',
  JOIN_FULL: 'FULL JOIN',
};

function joinSql(fields: Fields, scope: Scope): string {
  onlyFields('a JOIN', fields, ['jointype', 'isNatural', 'larg', 'rarg', 'usingClause', 'quals']);
  const type = textOf(fields.jointype);
  const word = Object.hasOwn(JOINS, type) ? JOINS[type] : undefined;
  if (word === undefined) throw refused('it has a JOIN that this power does not allow');
  const left = sourceSql(fields.larg, scope);
  const right = sourceSql(fields.rarg, scope);
  const using = wordsOf(fields.usingClause).map((column) =>
    nameSql(scope, foldName(scope.writing.dialect, column)),
  );
  if (isSet(fields.isNatural)) return `(${left} NATURAL ${word} ${right})`;
  if (using.length > 0) return `(${left} ${word} ${right} USING (${using.join(', ')}))`;
  if (fields.quals !== undefined) {
    return `(${left} ${word} ${right} ON ${expression(fields.quals, scope)})`;
  }
  return `(${left} CROSS JOIN ${right})`;
}
