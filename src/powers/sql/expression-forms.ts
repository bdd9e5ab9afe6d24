import { quote } from '../../policy/quote.ts';
import { refused } from './dialect.ts';
import type { Scope } from './scope.ts';
import { type Fields, fieldsOf, listOf, onlyFields, tagged, textOf, wordsOf } from './syntax.ts';
import { OPERATORS, SIZED_TYPES, TYPES } from './vocabulary.ts';

/** Writes an expression anew; handed in, as the forms here stand within expressions. */
export type WriteExpression = (node: unknown, scope: Scope) => string;

export function caseSql(fields: Fields, scope: Scope, write: WriteExpression): string {
  onlyFields('CASE', fields, ['arg', 'args', 'defresult']);
  const whens = listOf(fields.args).map((item) => {
    const when = tagged(item);
    if (when.tag !== 'CaseWhen') throw refused('it has a CASE of no known form');
    onlyFields('WHEN', when.fields, ['expr', 'result']);
    return `WHEN ${write(when.fields.expr, scope)} THEN ${write(when.fields.result, scope)}`;
  });
  const subject = fields.arg === undefined ? '' : `${write(fields.arg, scope)} `;
  const otherwise = fields.defresult === undefined ? '' : ` ELSE ${write(fields.defresult, scope)}`;
  return `(CASE ${subject}${whens.join(' ')}${otherwise} END)`;
}

/** A subquery in an expression. */
export function subqueryTest(fields: Fields, scope: Scope, write: WriteExpression): string {
  onlyFields('a subquery', fields, ['subLinkType', 'testexpr', 'operName', 'subselect']);
  const { query, dialect } = scope.writing;
  const select = tagged(fields.subselect);
  if (select.tag !== 'SelectStmt') throw refused('it has a subquery that is no SELECT');
  const inside = `(${query(select.fields, scope)})`;
  const kind = textOf(fields.subLinkType);
  if (kind === 'EXISTS_SUBLINK') return `EXISTS ${inside}`;
  if (kind === 'EXPR_SUBLINK') return inside;
  const signs = wordsOf(fields.operName);
  if (kind === 'ANY_SUBLINK' && signs.length === 0) {
    return `(${write(fields.testexpr, scope)} IN ${inside})`;
  }
  if (dialect === 'postgres' && kind === 'ARRAY_SUBLINK') return `ARRAY${inside}`;
  const quantor = { ANY_SUBLINK: 'ANY', ALL_SUBLINK: 'ALL' }[kind];
  const [sign] = signs;
  if (
    dialect === 'postgres' &&
    quantor !== undefined &&
    signs.length === 1 &&
    sign !== undefined &&
    OPERATORS.postgres.has(sign)
  ) {
    return `(${write(fields.testexpr, scope)} ${sign} ${quantor} ${inside})`;
  }
  throw refused('it uses a subquery in a way that this power does not allow');
}

/** A type that a value may be cast to: of the database's own, and one that only holds data. */
export function typeName(fields: Fields, scope: Scope): string {
  onlyFields('a type', fields, ['names', 'typemod', 'typmods', 'arrayBounds']);
  const words = wordsOf(fields.names);
  const name = (words.length === 2 && words[0] === 'pg_catalog' ? words[1] : words[0]) ?? '';
  const { dialect } = scope.writing;
  const type = TYPES[dialect].get(dialect === 'sqlite' ? name.toLowerCase() : name);
  if (type === undefined || words.length > 2 || (words.length === 2 && words[0] !== 'pg_catalog')) {
    throw refused(
      `it casts to the type ${quote(words.join('.'))}, which this power does not allow`,
    );
  }
  const size = listOf(fields.typmods).map((item) => sizeOf(item));
  const bounds = listOf(fields.arrayBounds).length;
  if (dialect === 'sqlite') {
    if (bounds > 0) throw refused('SQLite has no arrays');
    return type;
  }
  if (size.length > 0 && !SIZED_TYPES.has(name))
    throw refused(`the type ${quote(name)} has a size`);
  return `${type}${size.length > 0 ? `(${size.join(', ')})` : ''}${'[]'.repeat(Math.min(bounds, 6))}`;
}

function sizeOf(node: unknown): number {
  const { tag, fields } = tagged(node);
  const size = tag === 'A_Const' && fields.ival !== undefined ? fieldsOf(fields.ival).ival : null;
  if (typeof size !== 'number' || !Number.isInteger(size) || size < 0) {
    throw refused('it has a type with a size that is no number');
  }
  return size;
}
