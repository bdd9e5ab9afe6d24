import { quote } from '../../policy/quote.ts';
import { callSql } from './call.ts';
import { foldName, quoteText, refused } from './dialect.ts';
import { caseSql, subqueryTest, typeName } from './expression-forms.ts';
import { deeper, nameSql, type Scope } from './scope.ts';
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
import { OPERATORS, PREFIXES } from './vocabulary.ts';

type Writer = (fields: Fields, scope: Scope) => string;

/**
 * Writes an expression anew, from the parts that are known here and no others. What comes out has
 * brackets around every part, so that it can be read in one way only.
 */
export function expression(node: unknown, outer: Scope): string {
  const { tag, fields } = tagged(node);
  const write = Object.hasOwn(WRITERS, tag) ? WRITERS[tag] : undefined;
  if (write === undefined)
    throw refused(`it has a part (${quote(tag)}) that this power does not allow`);
  return write(fields, deeper(outer));
}

export function expressions(nodes: unknown, scope: Scope): string {
  return listOf(nodes)
    .map((node) => expression(node, scope))
    .join(', ');
}

const WRITERS: Readonly<Record<string, Writer>> = {
  ColumnRef: columnSql,
  A_Const: constantSql,
  ParamRef: parameterSql,
  A_Expr: operatorSql,
  BoolExpr: booleanSql,
  NullTest: nullTestSql,
  BooleanTest: booleanTestSql,
  CaseExpr: (fields, scope) => caseSql(fields, scope, expression),
  CoalesceExpr: coalesceSql,
  MinMaxExpr: mostSql,
  SubLink: (fields, scope) => subqueryTest(fields, scope, expression),
  FuncCall: (fields, scope) => callSql(fields, scope, expression),
  TypeCast: castSql,
  A_ArrayExpr: arraySql,
  SQLValueFunction: clockSql,
};

function columnSql(fields: Fields, scope: Scope): string {
  onlyFields('a column', fields, ['fields']);
  const words = wordsOf(fields.fields).map((word) => foldName(scope.writing.dialect, word));
  const [first, second] = words;
  if (words.length === 1 && first !== undefined) {
    requireKnown(first, scope);
    return nameSql(scope, first);
  }
  if (words.length !== 2 || first === undefined || second === undefined) {
    throw refused(`it names the column ${quote(words.join('.'))}; write it as alias.column`);
  }
  requireKnownOf(first, second, scope);
  return `${nameSql(scope, first)}.${nameSql(scope, second)}`;
}

/** A column that no source in reach can have. Sources whose columns are not known may have it. */
function requireKnown(name: string, scope: Scope): void {
  if (scope.results.has(name)) return;
  const seen: string[] = [];
  for (let at: Scope | null = scope; at !== null; at = at.outer) {
    for (const [alias, columns] of at.sources) {
      if (columns === null || columns.has(name)) return;
      // The name of a whole row: of its visible columns, as it is that of a subquery.
      if (alias === name && scope.writing.dialect === 'postgres') return;
      seen.push(alias);
    }
  }
  if (seen.length > 0) throw refused(`the column ${quote(name)} was not given`);
}

function requireKnownOf(alias: string, name: string, scope: Scope): void {
  for (let at: Scope | null = scope; at !== null; at = at.outer) {
    const columns = at.sources.get(alias);
    if (columns === undefined) continue;
    if (columns === null || columns.has(name)) return;
    throw refused(`the column ${quote(`${alias}.${name}`)} was not given`);
  }
}

function constantSql(fields: Fields, scope: Scope): string {
  onlyFields('a constant', fields, ['ival', 'fval', 'sval', 'boolval', 'isnull']);
  if (isSet(fields.isnull)) return 'NULL';
  if (fields.sval !== undefined) {
    return quoteText(scope.writing.dialect, textOf(fieldsOf(fields.sval).sval ?? ''));
  }
  if (fields.boolval !== undefined) {
    return isSet(fieldsOf(fields.boolval).boolval) ? 'TRUE' : 'FALSE';
  }
  if (fields.fval !== undefined) return number(textOf(fieldsOf(fields.fval).fval));
  if (fields.ival !== undefined) return number(String(fieldsOf(fields.ival).ival ?? 0));
  throw refused('it has a constant of a form that this power does not allow');
}

function number(text: string): string {
  if (!/^-?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i.test(text)) {
    throw refused(`it has the number ${quote(text)}; write it in decimal`);
  }
  return text.startsWith('-') ? `(${text})` : text;
}

function parameterSql(fields: Fields, { writing }: Scope): string {
  onlyFields('a parameter', fields, ['number']);
  const at = Number(fields.number ?? 0) - 1;
  if (!Number.isInteger(at) || at < 0 || at >= writing.values.length) {
    throw refused(`it has the parameter $${at + 1}, and ${writing.values.length} were sent`);
  }
  let place = writing.used.indexOf(at);
  if (place < 0) place = writing.used.push(at) - 1;
  return writing.dialect === 'sqlite' ? `@p${place + 1}` : `$${place + 1}`;
}

function operatorSql(fields: Fields, scope: Scope): string {
  onlyFields('an operator', fields, ['kind', 'name', 'lexpr', 'rexpr']);
  const { dialect } = scope.writing;
  const words = wordsOf(fields.name);
  const sign = words[0] ?? '';
  if (words.length !== 1) throw refused('it names an operator with its schema');
  const right = (): string => expression(fields.rexpr, scope);
  const kind = textOf(fields.kind);
  if (fields.lexpr === undefined) {
    if (kind !== 'AEXPR_OP' || !PREFIXES.has(sign)) throw refused(operatorText(sign));
    return `(${sign} ${right()})`;
  }
  const left = expression(fields.lexpr, scope);
  const list = (): string[] => listItems(fields.rexpr).map((item) => expression(item, scope));
  const not = sign.startsWith('NOT ') || sign === '<>' || sign.startsWith('!') ? 'NOT ' : '';
  switch (kind) {
    case 'AEXPR_OP':
      if (!OPERATORS[dialect].has(sign)) throw refused(operatorText(sign));
      return `(${left} ${sign} ${right()})`;
    case 'AEXPR_IN':
      return `(${left} ${not}IN (${list().join(', ')}))`;
    case 'AEXPR_BETWEEN':
    case 'AEXPR_NOT_BETWEEN':
      return `(${left} ${not}BETWEEN ${list().join(' AND ')})`;
    case 'AEXPR_DISTINCT':
      return `(${left} IS DISTINCT FROM ${right()})`;
    case 'AEXPR_NOT_DISTINCT':
      return `(${left} IS NOT DISTINCT FROM ${right()})`;
    case 'AEXPR_NULLIF':
      return `NULLIF(${left}, ${right()})`;
    case 'AEXPR_LIKE':
      return `(${left} ${not}LIKE ${pattern(fields.rexpr, scope)})`;
    default:
      return postgresOperator(kind, sign, not, left, fields, scope);
  }
}

function postgresOperator(
  kind: string,
  sign: string,
  not: string,
  left: string,
  fields: Fields,
  scope: Scope,
): string {
  const { dialect } = scope.writing;
  if (dialect === 'postgres' && kind === 'AEXPR_ILIKE') {
    return `(${left} ${not}ILIKE ${pattern(fields.rexpr, scope)})`;
  }
  const quantor = { AEXPR_OP_ANY: 'ANY', AEXPR_OP_ALL: 'ALL' }[kind];
  if (dialect === 'postgres' && quantor !== undefined && OPERATORS.postgres.has(sign)) {
    return `(${left} ${sign} ${quantor} (${expression(fields.rexpr, scope)}))`;
  }
  throw refused(operatorText(kind.replace('AEXPR_', '')));
}

function operatorText(sign: string): string {
  return `it has the operator ${quote(sign)}, which this power does not allow`;
}

/** `like_escape` is how the parser writes `LIKE … ESCAPE …`. */
function pattern(node: unknown, scope: Scope): string {
  const { tag, fields } = tagged(node);
  if (tag === 'FuncCall' && wordsOf(fields.funcname).at(-1) === 'like_escape') {
    const [text, sign] = listOf(fields.args);
    return `${expression(text, scope)} ESCAPE ${expression(sign, scope)}`;
  }
  return expression(node, scope);
}

function listItems(node: unknown): readonly unknown[] {
  const { tag, fields } = tagged(node);
  if (tag !== 'List') throw refused('it has a list of no known form');
  onlyFields('a list', fields, ['items']);
  const items = listOf(fields.items);
  if (items.length === 0) throw refused('it has an empty list');
  return items;
}

function booleanSql(fields: Fields, scope: Scope): string {
  onlyFields('a condition', fields, ['boolop', 'args']);
  const args = listOf(fields.args).map((arg) => expression(arg, scope));
  if (fields.boolop === 'NOT_EXPR' && args.length === 1) return `(NOT ${args[0]})`;
  const word = { AND_EXPR: 'AND', OR_EXPR: 'OR' }[textOf(fields.boolop)];
  if (word === undefined || args.length === 0) throw refused('it has a condition of no known form');
  return `(${args.join(` ${word} `)})`;
}

function nullTestSql(fields: Fields, scope: Scope): string {
  onlyFields('a test for null', fields, ['arg', 'nulltesttype', 'argisrow']);
  const not = fields.nulltesttype === 'IS_NOT_NULL' ? 'NOT ' : '';
  if (not === '' && fields.nulltesttype !== 'IS_NULL')
    throw refused('it has a test of no known form');
  return `(${expression(fields.arg, scope)} IS ${not}NULL)`;
}

function booleanTestSql(fields: Fields, scope: Scope): string {
  onlyFields('a test for truth', fields, ['arg', 'booltesttype']);
  const test = {
    IS_TRUE: 'IS TRUE',
    IS_NOT_TRUE: 'IS NOT TRUE',
    IS_FALSE: 'IS FALSE',
    IS_NOT_FALSE: 'IS NOT FALSE',
    IS_UNKNOWN: 'IS NULL',
    IS_NOT_UNKNOWN: 'IS NOT NULL',
  }[textOf(fields.booltesttype)];
  if (test === undefined) throw refused('it has a test of no known form');
  return `(${expression(fields.arg, scope)} ${test})`;
}

function coalesceSql(fields: Fields, scope: Scope): string {
  onlyFields('COALESCE', fields, ['args']);
  return `COALESCE(${expressions(fields.args, scope)})`;
}

function mostSql(fields: Fields, scope: Scope): string {
  onlyFields('GREATEST or LEAST', fields, ['op', 'args']);
  const greatest = fields.op === 'IS_GREATEST';
  if (!greatest && fields.op !== 'IS_LEAST') throw refused('it has a part of no known form');
  if (scope.writing.dialect === 'sqlite') throw refused('SQLite has max and min in place of these');
  return `${greatest ? 'GREATEST' : 'LEAST'}(${expressions(fields.args, scope)})`;
}

function castSql(fields: Fields, scope: Scope): string {
  onlyFields('a cast', fields, ['arg', 'typeName']);
  return `CAST(${expression(fields.arg, scope)} AS ${typeName(fieldsOf(fields.typeName), scope)})`;
}

function arraySql(fields: Fields, scope: Scope): string {
  onlyFields('an array', fields, ['elements']);
  if (scope.writing.dialect === 'sqlite') throw refused('SQLite has no arrays');
  return `ARRAY[${expressions(fields.elements, scope)}]`;
}

const CLOCKS: Readonly<Record<string, string>> = {
  SVFOP_CURRENT_DATE: 'CURRENT_DATE',
  SVFOP_CURRENT_TIME: 'CURRENT_TIME',
  SVFOP_CURRENT_TIMESTAMP: 'CURRENT_TIMESTAMP',
  SVFOP_LOCALTIME: 'LOCALTIME',
  SVFOP_LOCALTIMESTAMP: 'LOCALTIMESTAMP',
};

/** The clock; what the same node says of users, roles and catalogues is not allowed. */
function clockSql(fields: Fields): string {
  onlyFields('a value of the session', fields, ['op', 'typmod']);
  const op = textOf(fields.op);
  const clock = Object.hasOwn(CLOCKS, op) ? CLOCKS[op] : undefined;
  if (clock === undefined) {
    throw refused(
      `it asks for ${quote(op.replace('SVFOP_', ''))}, which this power does not allow`,
    );
  }
  return clock;
}
