import { PowerboxError } from '../../wire/errors.ts';
import type { BodyRules, FieldRule } from './body-rules.ts';
import type { HttpConfig } from './config.ts';
import type { GraphqlRules } from './graphql-rules.ts';
import type { HeaderRules } from './header-rules.ts';
import type { HttpNarrowing } from './narrowing.ts';
import { writeScalar, writeText } from './only-words.ts';
import type { QueryRules } from './query-rules.ts';
import { readOnly } from './read-only.ts';

/**
 * The texts that `readOnly` reads back to the same narrowing. Where the words of the grammar
 * cannot say it, the text is JSON.
 */
export function writeOnly(narrowing: HttpNarrowing): readonly string[] {
  const { methods, path, any = [], ...rest } = narrowing;
  const bare = methods === null && path === null && Object.keys(rest).length === 0;
  return bare && any.length > 1 ? any.map(writeOne) : [writeOne(narrowing)];
}

/** No path of these texts names an origin, so they mean the same whatever the power is for. */
const SOME_ORIGIN: HttpConfig = { scheme: 'https', host: { type: 'any' }, port: 443 };

/** Words are used only if they read back to what they were made of. */
function writeOne(narrowing: HttpNarrowing): string {
  const words = writeWords(narrowing);
  try {
    if (sorted(readOnly([words], SOME_ORIGIN)) === sorted(narrowing)) return words;
  } catch (error) {
    if (!PowerboxError.is(error)) throw error;
  }
  return JSON.stringify(narrowing);
}

function writeWords(narrowing: HttpNarrowing): string {
  const { methods, path, variables, query, headers, body, message, graphql } = narrowing;
  const { requestBytesMax, responseBytesMax } = narrowing;
  return [
    ...(methods === null ? [] : [[...methods].sort().join(',')]),
    ...(path === null ? [] : [path]),
    ...Object.entries(variables ?? {}).map(([name, values]) => `${name}=${list(values)}`),
    ...(query === undefined ? [] : ['query', ...queryWords(query)]),
    ...(headers === undefined ? [] : ['header', ...headerWords(headers)]),
    ...(body === undefined ? [] : ['body', ...bodyWords(body)]),
    ...(message === undefined ? [] : ['message', ...bodyWords(message)]),
    ...(graphql === undefined ? [] : ['graphql', ...graphqlWords(graphql)]),
    ...(requestBytesMax === undefined ? [] : [`request<=${requestBytesMax}`]),
    ...(responseBytesMax === undefined ? [] : [`response<=${responseBytesMax}`]),
  ].join(' ');
}

function queryWords({ keys, required = [], forbidden = [], others }: QueryRules): string[] {
  return [
    ...Object.entries(keys).map(([key, values]) => {
      const mark = required.includes(key) ? '+' : '';
      return `${mark}${writeName(key)}=${values === null ? '*' : list(values)}`;
    }),
    ...forbidden.map((key) => `-${writeName(key)}`),
    ...(others === true ? ['...'] : []),
  ];
}

function headerWords({
  values = {},
  required = [],
  forbidden = [],
  allowed,
}: HeaderRules): string[] {
  const marked = (name: string): string =>
    `${required.includes(name) ? '+' : ''}${writeName(name)}`;
  const any = required.filter((name) => !Object.hasOwn(values, name));
  return [
    ...Object.entries(values).map(([name, some]) => `${marked(name)}=${list(some)}`),
    ...any.map(marked),
    ...forbidden.map((name) => `-${writeName(name)}`),
    ...(allowed === undefined ? [] : [...allowed.map(writeName), 'only']),
  ];
}

function bodyWords({ fields, only }: BodyRules): string[] {
  return [...fields.map(fieldWord), ...(only === true ? ['only'] : [])];
}

function fieldWord(rule: FieldRule): string {
  const { at, optional, absent, type, enum: values, min, max, lengthMin, lengthMax } = rule;
  return [
    optional === true ? '?' : '',
    absent === true ? '-' : '',
    writeName(at),
    type === undefined ? '' : `:${type}`,
    values === undefined ? '' : `=${values.map(writeScalar).join('|')}`,
    min === undefined ? '' : `>=${min}`,
    max === undefined ? '' : `<=${max}`,
    lengthMin === undefined ? '' : `#>=${lengthMin}`,
    lengthMax === undefined ? '' : `#<=${lengthMax}`,
  ].join('');
}

function graphqlWords({ depthMax, aliasesMax, ...types }: GraphqlRules): string[] {
  return [
    ...Object.entries(types).map(([type, names]) => `${type}=${names?.join('|') ?? '*'}`),
    ...(depthMax === undefined ? [] : [`depth<=${depthMax}`]),
    ...(aliasesMax === undefined ? [] : [`aliases<=${aliasesMax}`]),
  ];
}

function list(values: readonly string[]): string {
  return values.map((value) => (value === '*' ? '"*"' : writeText(value))).join('|');
}

/** Bare when no mark or operator is in it. */
function writeName(name: string): string {
  return /^[A-Za-z0-9_./~@%*][A-Za-z0-9_./~@%*+-]*$/.test(name) ? name : JSON.stringify(name);
}

/** One text for equal data: the order of keys, and of methods, means nothing. */
function sorted(narrowing: HttpNarrowing): string {
  const methods = narrowing.methods === null ? null : [...narrowing.methods].sort();
  return JSON.stringify({ ...narrowing, methods }, (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}
