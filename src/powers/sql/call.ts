import { quote } from '../../policy/quote.ts';
import { refused } from './dialect.ts';
import type { WriteExpression } from './expression-forms.ts';
import { orderSql } from './order.ts';
import type { Scope } from './scope.ts';
import { type Fields, fieldsOf, isSet, listOf, onlyFields, textOf, wordsOf } from './syntax.ts';
import { FUNCTIONS, SQLITE_NAMES, TABLE_FUNCTIONS } from './vocabulary.ts';

const CALL_FIELDS = [
  'funcname',
  'args',
  'agg_order',
  'agg_filter',
  'agg_within_group',
  'agg_star',
  'agg_distinct',
  'over',
  'funcformat',
];

/** A call of a function of the list; in PostgreSQL by its full name, so that no other can pass. */
export function callSql(fields: Fields, scope: Scope, write: WriteExpression): string {
  onlyFields('a call', fields, CALL_FIELDS);
  const name = functionName(fields, scope);
  requireListed(FUNCTIONS[scope.writing.dialect].has(name), name, scope);
  const distinct = isSet(fields.agg_distinct) ? 'DISTINCT ' : '';
  const within = isSet(fields.agg_within_group);
  const order = fields.agg_order === undefined ? '' : orderSql(fields.agg_order, scope, write);
  if (within && scope.writing.dialect === 'sqlite') throw refused('it has a WITHIN GROUP');
  const args = isSet(fields.agg_star)
    ? '*'
    : `${distinct}${listOf(fields.args)
        .map((arg) => write(arg, scope))
        .join(', ')}`;
  const filter =
    fields.agg_filter === undefined ? '' : ` FILTER (WHERE ${write(fields.agg_filter, scope)})`;
  const over = fields.over === undefined ? '' : ` OVER (${windowSql(fields.over, scope, write)})`;
  return within
    ? `${sqlName(name, scope)}(${args}) WITHIN GROUP (${order.trimStart()})${filter}${over}`
    : `${sqlName(name, scope)}(${args}${order})${filter}${over}`;
}

/** A call in FROM. */
export function tableCallSql(fields: Fields, scope: Scope, write: WriteExpression): string {
  onlyFields('a call in FROM', fields, ['funcname', 'args', 'funcformat']);
  const name = functionName(fields, scope);
  requireListed(TABLE_FUNCTIONS[scope.writing.dialect].has(name), name, scope);
  scope.writing.tableFunctions.add(name);
  const args = listOf(fields.args).map((arg) => write(arg, scope));
  return `${sqlName(name, scope)}(${args.join(', ')})`;
}

export function functionName(fields: Fields, scope: Scope): string {
  const words = wordsOf(fields.funcname);
  const name = words.length === 2 && words[0] === 'pg_catalog' ? words[1] : words[0];
  const isPlain = words.length === 1 || (words.length === 2 && words[0] === 'pg_catalog');
  if (!isPlain || name === undefined) {
    throw refused(
      `it calls the function ${quote(words.join('.'))}, which this power does not allow`,
    );
  }
  return scope.writing.dialect === 'sqlite' ? name.toLowerCase() : name;
}

function requireListed(listed: boolean, name: string, scope: Scope): void {
  if (!listed) {
    throw refused(`it calls the function ${quote(name)}, which this power does not allow`);
  }
  if (!scope.writing.access.mayCall(name)) {
    throw refused(`the function ${quote(name)} was not given`);
  }
}

/** `name` is a word of the lists, so it needs no quotes. */
function sqlName(name: string, scope: Scope): string {
  return scope.writing.dialect === 'sqlite'
    ? (SQLITE_NAMES.get(name) ?? name)
    : `pg_catalog."${name}"`;
}

function windowSql(node: unknown, scope: Scope, write: WriteExpression): string {
  const fields = fieldsOf(node);
  onlyFields('a window', fields, [
    'partitionClause',
    'orderClause',
    'frameOptions',
    'startOffset',
    'endOffset',
  ]);
  const parts = listOf(fields.partitionClause).map((part) => write(part, scope));
  const partition = parts.length > 0 ? `PARTITION BY ${parts.join(', ')}` : '';
  const order = fields.orderClause === undefined ? '' : orderSql(fields.orderClause, scope, write);
  return `${partition}${order}${frameSql(fields, scope, write)}`;
}

/** Bits of the parser's frameOptions. */
const FRAME = { nonDefault: 1, range: 2, rows: 4, groups: 8, between: 16 } as const;

const FRAME_STARTS: ReadonlyMap<number, string> = new Map([
  [0x20, 'UNBOUNDED PRECEDING'],
  [0x200, 'CURRENT ROW'],
  [0x800, 'PRECEDING'],
  [0x2000, 'FOLLOWING'],
]);

const FRAME_ENDS: ReadonlyMap<number, string> = new Map([
  [0x100, 'UNBOUNDED FOLLOWING'],
  [0x400, 'CURRENT ROW'],
  [0x1000, 'PRECEDING'],
  [0x4000, 'FOLLOWING'],
]);

function frameSql(fields: Fields, scope: Scope, write: WriteExpression): string {
  const options = Number(fields.frameOptions ?? 0);
  if ((options & FRAME.nonDefault) === 0) return '';
  const unit =
    options & FRAME.rows
      ? 'ROWS'
      : options & FRAME.groups
        ? 'GROUPS'
        : options & FRAME.range
          ? 'RANGE'
          : null;
  const start = bound(FRAME_STARTS, options, fields.startOffset, scope, write);
  const end = bound(FRAME_ENDS, options, fields.endOffset, scope, write);
  const known = [...FRAME_STARTS.keys(), ...FRAME_ENDS.keys()].reduce(
    (sum, bit) => sum | bit,
    0x1f,
  );
  if (unit === null || (options & ~known) !== 0) {
    throw refused('it has a window frame that this power does not allow');
  }
  return options & FRAME.between ? ` ${unit} BETWEEN ${start} AND ${end}` : ` ${unit} ${start}`;
}

function bound(
  bounds: ReadonlyMap<number, string>,
  options: number,
  offset: unknown,
  scope: Scope,
  write: WriteExpression,
): string {
  const found = [...bounds].filter(([bit]) => (options & bit) !== 0);
  const text = found[0]?.[1];
  if (found.length !== 1 || text === undefined)
    throw refused('it has a window frame of no known form');
  return text === 'PRECEDING' || text === 'FOLLOWING' ? `${write(offset, scope)} ${text}` : text;
}

/** The name that a result has when the caller gave it none, as PostgreSQL chooses it. */
export function resultName(node: unknown): string | null {
  const body = node as Readonly<Record<string, Fields | undefined>>;
  if (body.ColumnRef) return wordsOf(body.ColumnRef.fields).at(-1) ?? null;
  if (body.FuncCall) return wordsOf(body.FuncCall.funcname).at(-1) ?? null;
  if (body.TypeCast) return resultName(body.TypeCast.arg);
  if (body.CaseExpr) return 'case';
  if (body.CoalesceExpr) return 'coalesce';
  if (body.SubLink) return textOf(body.SubLink.subLinkType) === 'EXISTS_SUBLINK' ? 'exists' : null;
  return null;
}
