import { resultName } from './call.ts';
import { foldName, refused } from './dialect.ts';
import { expression, expressions } from './expression.ts';
import { sourceSql } from './from.ts';
import { orderSql } from './order.ts';
import { deeper, inner, makeName, nameSql, type Scope } from './scope.ts';
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

const SELECT_FIELDS = [
  'distinctClause',
  'targetList',
  'fromClause',
  'whereClause',
  'groupClause',
  'havingClause',
  'valuesLists',
  'sortClause',
  'limitOffset',
  'limitCount',
  'limitOption',
  'withClause',
  'op',
  'all',
  'larg',
  'rarg',
];

/** Writes a SELECT anew, within whatever holds it. */
export function selectSql(fields: Fields, outer: Scope): string {
  onlyFields('a SELECT', fields, SELECT_FIELDS);
  const { clause, scope } = withSql(fields.withClause, inner(outer));
  const op = textOf(fields.op);
  if (op !== 'SETOP_NONE') return `${clause}${setSql(fields, op, scope)}${tailSql(fields, scope)}`;
  if (fields.valuesLists !== undefined) {
    const [values, tail] = [valuesSql(fields, scope), tailSql(fields, scope)];
    // SQLite has no order and no limit after VALUES.
    const isPlain = tail === '' || scope.writing.dialect === 'postgres';
    return `${clause}${isPlain ? values : `SELECT * FROM (${values})`}${tail}`;
  }
  const from = listOf(fields.fromClause).map((item) => sourceSql(item, scope));
  const targets = listOf(fields.targetList).map((item) => targetSql(item, scope));
  const named: Scope = { ...scope, results: resultsOf(fields, scope) };
  const where = optional(' WHERE ', fields.whereClause, scope);
  const group = listOf(fields.groupClause).length
    ? ` GROUP BY ${expressions(fields.groupClause, named)}`
    : '';
  const having = optional(' HAVING ', fields.havingClause, scope);
  return [
    `${clause}SELECT ${distinctSql(fields.distinctClause, named)}${targets.join(', ')}`,
    from.length > 0 ? ` FROM ${from.join(', ')}` : '',
    where,
    group,
    having,
    tailSql(fields, named),
  ].join('');
}

function optional(word: string, node: unknown, scope: Scope): string {
  return node === undefined ? '' : `${word}${expression(node, scope)}`;
}

function distinctSql(node: unknown, scope: Scope): string {
  if (node === undefined) return '';
  const items = listOf(node);
  // A plain DISTINCT is a list of one empty node.
  if (items.length === 1 && Object.keys(fieldsOf(items[0])).length === 0) return 'DISTINCT ';
  if (scope.writing.dialect === 'sqlite') throw refused('SQLite has no DISTINCT ON');
  return `DISTINCT ON (${expressions(node, scope)}) `;
}

function tailSql(fields: Fields, scope: Scope): string {
  const option = textOf(fields.limitOption);
  if (option !== 'LIMIT_OPTION_DEFAULT' && option !== 'LIMIT_OPTION_COUNT') {
    throw refused('it has a limit that this power does not allow');
  }
  const order =
    fields.sortClause === undefined ? '' : orderSql(fields.sortClause, scope, expression);
  const offset = optional(' OFFSET ', fields.limitOffset, scope);
  if (fields.limitCount !== undefined && !isNull(fields.limitCount)) {
    return `${order} LIMIT ${expression(fields.limitCount, scope)}${offset}`;
  }
  // SQLite has an OFFSET only after a LIMIT.
  return offset !== '' && scope.writing.dialect === 'sqlite'
    ? `${order} LIMIT -1${offset}`
    : `${order}${offset}`;
}

/** `LIMIT ALL`, as the parser writes it. */
function isNull(node: unknown): boolean {
  const { tag, fields } = tagged(node);
  return tag === 'A_Const' && isSet(fields.isnull);
}

const SET_WORDS: Readonly<Record<string, string>> = {
  SETOP_UNION: 'UNION',
  SETOP_INTERSECT: 'INTERSECT',
  SETOP_EXCEPT: 'EXCEPT',
};

function setSql(fields: Fields, op: string, scope: Scope): string {
  const word = Object.hasOwn(SET_WORDS, op) ? SET_WORDS[op] : undefined;
  if (word === undefined) throw refused('it joins queries in a way that this power does not allow');
  const all = isSet(fields.all) ? ' ALL' : '';
  if (all !== '' && scope.writing.dialect === 'sqlite' && word !== 'UNION') {
    throw refused(`SQLite has no ${word} ALL`);
  }
  const left = memberSql(fieldsOf(fields.larg), scope, true);
  const right = memberSql(fieldsOf(fields.rarg), scope, false);
  return `${left} ${word}${all} ${right}`;
}

/** SQLite has no brackets around the parts of a UNION, and reads them from the left. */
function memberSql(fields: Fields, scope: Scope, isLeft: boolean): string {
  const text = selectSql(fields, scope);
  if (scope.writing.dialect === 'postgres') return `(${text})`;
  const isChain = fields.op !== 'SETOP_NONE';
  const hasTail = ['sortClause', 'limitCount', 'limitOffset', 'withClause'].some(
    (key) => fields[key] !== undefined,
  );
  return hasTail || (isChain && !isLeft) ? `SELECT * FROM (${text})` : text;
}

function valuesSql(fields: Fields, scope: Scope): string {
  const rows = listOf(fields.valuesLists).map((row) => `(${expressions(rowItems(row), scope)})`);
  return `VALUES ${rows.join(', ')}`;
}

export function rowItems(node: unknown): readonly unknown[] {
  const { tag, fields } = tagged(node);
  if (tag !== 'List') throw refused('it has a row of no known form');
  onlyFields('a row', fields, ['items']);
  return listOf(fields.items);
}

/** One result: an expression, its name, or all columns of something in FROM. */
function targetSql(node: unknown, scope: Scope): string {
  const { tag, fields } = tagged(node);
  if (tag !== 'ResTarget') throw refused('it has a result of no known form');
  onlyFields('a result', fields, ['name', 'val']);
  const star = starSql(fields.val, scope);
  if (star !== null) {
    if (fields.name !== undefined) throw refused('it gives a name to all columns at once');
    return star;
  }
  const text = expression(fields.val, scope);
  if (fields.name !== undefined) return `${text} AS ${nameSql(scope, resultOf(fields, scope))}`;
  // SQLite would call a result by the text of its expression, which is not the caller's.
  return scope.writing.dialect === 'sqlite'
    ? `${text} AS ${nameSql(scope, resultOf(fields, scope))}`
    : text;
}

function resultOf(target: Fields, scope: Scope): string {
  const name = target.name === undefined ? resultName(target.val) : textOf(target.name);
  return foldName(scope.writing.dialect, name ?? '?column?');
}

function resultsOf(fields: Fields, scope: Scope): ReadonlySet<string> {
  return new Set(
    listOf(fields.targetList).map((item) => {
      const target = tagged(item).fields;
      return starSql(target.val, scope) === null ? resultOf(target, scope) : '*';
    }),
  );
}

/** `*` or `alias.*`; null for anything else. */
function starSql(node: unknown, scope: Scope): string | null {
  const { tag, fields } = tagged(node);
  if (tag !== 'ColumnRef') return null;
  const parts = listOf(fields.fields);
  const last = parts.at(-1);
  if (last === undefined || tagged(last).tag !== 'A_Star') return null;
  const before = wordsOf(parts.slice(0, -1));
  if (before.length > 1) throw refused('it names a table with its schema before ".*"');
  const [alias] = before;
  return alias === undefined ? '*' : `${nameSql(scope, foldName(scope.writing.dialect, alias))}.*`;
}

/** The WITH before a query, and the scope that its names are in. */
export function withSql(node: unknown, scope: Scope): { clause: string; scope: Scope } {
  if (node === undefined) return { clause: '', scope };
  const fields = fieldsOf(node);
  onlyFields('WITH', fields, ['ctes', 'recursive']);
  const recursive = isSet(fields.recursive);
  const items = listOf(fields.ctes).map((item) => {
    const cte = tagged(item);
    if (cte.tag !== 'CommonTableExpr') throw refused('it has a WITH of no known form');
    onlyFields('WITH', cte.fields, ['ctename', 'aliascolnames', 'ctematerialized', 'ctequery']);
    const name = foldName(scope.writing.dialect, textOf(cte.fields.ctename));
    return { fields: cte.fields, name, made: makeName(scope.writing) };
  });
  const names = new Map(scope.ctes);
  if (recursive) for (const { name, made } of items) names.set(name, made);
  const texts = items.map(({ fields: cte, name, made }) => {
    const text = cteSql(cte, made, { ...scope, ctes: new Map(names) });
    names.set(name, made);
    return text;
  });
  return {
    clause: `WITH ${recursive ? 'RECURSIVE ' : ''}${texts.join(', ')} `,
    scope: { ...scope, ctes: names },
  };
}

const MATERIALIZED: Readonly<Record<string, string>> = {
  CTEMaterializeDefault: '',
  CTEMaterializeAlways: 'MATERIALIZED ',
  CTEMaterializeNever: 'NOT MATERIALIZED ',
};

function cteSql(fields: Fields, made: string, scope: Scope): string {
  const query = tagged(fields.ctequery);
  if (query.tag !== 'SelectStmt') throw refused('it has a WITH that is no SELECT');
  const materialized = MATERIALIZED[textOf(fields.ctematerialized)];
  if (materialized === undefined) throw refused('it has a WITH of no known form');
  const columns = wordsOf(fields.aliascolnames).map((column) =>
    nameSql(scope, foldName(scope.writing.dialect, column)),
  );
  const list = columns.length > 0 ? `(${columns.join(', ')})` : '';
  const body = selectSql(query.fields, deeper({ ...scope, sources: new Map() }));
  return `${nameSql(scope, made)}${list} AS ${materialized}(${body})`;
}
