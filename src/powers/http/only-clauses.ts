import { quote } from '../../policy/quote.ts';
import type { BodyRules, FieldRule } from './body-rules.ts';
import type { GraphqlRules } from './graphql-rules.ts';
import type { HeaderRules } from './header-rules.ts';
import {
  type Item,
  onlyFault,
  sizeOf,
  splitItem,
  splitTexts,
  splitValues,
  type Word,
} from './only-words.ts';
import type { QueryRules } from './query-rules.ts';

/** The clauses of an `--only` text; the first word of each is its name. */
export const CLAUSES = { query, header, body, message: body, graphql } as const;

export type ClauseName = keyof typeof CLAUSES;

type Words = readonly Word[];

/** `request<=64K`: the part of the narrowing that it is, and its bytes. */
export function readSize(
  text: string,
  word: Word,
): readonly ['requestBytesMax' | 'responseBytesMax', number] {
  const [name, size = ''] = word.text.split('<=');
  const bytes = sizeOf(size);
  if (bytes === null) throw onlyFault(text, `${quote(size)} is no size, as 64K is`, word.column);
  return [name === 'request' ? 'requestBytesMax' : 'responseBytesMax', bytes];
}

function query(text: string, words: Words): QueryRules {
  const keys: Record<string, readonly string[] | null> = {};
  const required: string[] = [];
  const forbidden: string[] = [];
  let others = false;
  for (const word of itemsOf(text, words)) {
    if (word.text === '...') {
      others = true;
      continue;
    }
    const { mark, name, rest } = itemOf(text, word, '+-');
    if (Object.hasOwn(keys, name) || forbidden.includes(name)) throw twice(text, word);
    if (mark === '-') {
      if (rest !== '')
        throw onlyFault(text, 'a key that must not be there has no value', word.column);
      forbidden.push(name);
      continue;
    }
    keys[name] = textsOf(text, word, rest);
    if (mark === '+') required.push(name);
  }
  return {
    keys,
    ...(required.length === 0 ? {} : { required }),
    ...(forbidden.length === 0 ? {} : { forbidden }),
    ...(others ? { others } : {}),
  };
}

function header(text: string, words: Words): HeaderRules {
  const values: Record<string, readonly string[]> = {};
  const required: string[] = [];
  const forbidden: string[] = [];
  const allowed: string[] = [];
  let only = false;
  for (const word of itemsOf(text, words)) {
    if (word.text === 'only') {
      only = true;
      continue;
    }
    const { mark, name: written, rest } = itemOf(text, word, '+-');
    const name = written.toLowerCase();
    const lists = [required, forbidden, allowed, Object.keys(values)];
    if (lists.some((list) => list.includes(name))) throw twice(text, word);
    const list = textsOf(text, word, rest);
    if (mark === '-') {
      if (list !== null) throw onlyFault(text, 'a forbidden header has no value', word.column);
      forbidden.push(name);
      continue;
    }
    if (mark === '+') required.push(name);
    if (list !== null) values[name] = list;
    else if (mark === '') allowed.push(name);
  }
  if (!only && allowed.length > 0) {
    throw onlyFault(text, `the header ${quote(allowed[0] ?? '')} has no value, nor "only" with it`);
  }
  return {
    ...(Object.keys(values).length === 0 ? {} : { values }),
    ...(required.length === 0 ? {} : { required }),
    ...(forbidden.length === 0 ? {} : { forbidden }),
    ...(only ? { allowed } : {}),
  };
}

function body(text: string, words: Words): BodyRules {
  const fields: FieldRule[] = [];
  let only = false;
  for (const word of itemsOf(text, words)) {
    if (word.text === 'only') {
      only = true;
      continue;
    }
    const { mark, name, rest } = itemOf(text, word, '?-');
    if (mark === '-' && rest !== '') {
      throw onlyFault(text, 'a field that must not be there has no value', word.column);
    }
    fields.push({
      at: name,
      ...(mark === '?' ? { optional: true } : {}),
      ...(mark === '-' ? { absent: true } : {}),
      ...readTests(text, word, rest),
    });
  }
  return { fields, ...(only ? { only } : {}) };
}

/** Tests behind a pointer, in the order that `write-only.ts` writes them in. */
const TESTS =
  /^(?::([a-z]+))?(?:=((?:"(?:[^"\\]|\\.)*"|[^"<>#])+))?(?:>=([^<>#=]+))?(?:<=([^<>#=]+))?(?:#>=([0-9]{1,15}))?(?:#<=([0-9]{1,15}))?$/s;

function readTests(text: string, word: Word, rest: string): Partial<FieldRule> {
  const found = TESTS.exec(rest);
  if (found === null) throw onlyFault(text, `${quote(rest)} is no test of a value`, word.column);
  const [, type, list, min, max, lengthMin, lengthMax] = found;
  const values = list === undefined ? undefined : splitValues(list);
  const bounds = [min, max].filter((bound) => bound !== undefined);
  if (
    values === null ||
    bounds.some((bound) => !/^-?[0-9][0-9.]*(?:[eE][+-]?[0-9]+)?$/.test(bound))
  ) {
    throw onlyFault(text, `${quote(rest)} is no test of a value`, word.column);
  }
  return {
    ...(type === undefined ? {} : { type: type as NonNullable<FieldRule['type']> }),
    ...(values === undefined ? {} : { enum: values }),
    ...(min === undefined ? {} : { min: Number(min) }),
    ...(max === undefined ? {} : { max: Number(max) }),
    ...(lengthMin === undefined ? {} : { lengthMin: Number(lengthMin) }),
    ...(lengthMax === undefined ? {} : { lengthMax: Number(lengthMax) }),
  };
}

function graphql(text: string, words: Words): GraphqlRules {
  const rules: Record<string, unknown> = {};
  for (const word of itemsOf(text, words)) {
    const [, name = '', operator = '', value = ''] =
      /^(query|mutation|subscription|depth|aliases)(=|<=)(.+)$/s.exec(word.text) ?? [];
    const counts = name === 'depth' || name === 'aliases';
    const key = counts ? `${name}Max` : name;
    if (name === '' || counts !== (operator === '<=')) {
      throw onlyFault(text, `${quote(word.text)} is not expected`, word.column);
    }
    if (Object.hasOwn(rules, key)) throw twice(text, word);
    rules[key] = counts ? countOf(text, word, value) : fieldsOf(text, word, value);
  }
  return rules as GraphqlRules;
}

function fieldsOf(text: string, word: Word, value: string): readonly string[] | null {
  return value === '*' ? null : textsOf(text, word, `=${value.replaceAll(',', '|')}`);
}

function countOf(text: string, word: Word, value: string): number {
  if (/^[0-9]{1,9}$/.test(value)) return Number(value);
  throw onlyFault(text, `${quote(value)} is no number`, word.column);
}

function itemsOf(text: string, [name, ...items]: Words): Words {
  if (items.length === 0) throw onlyFault(text, `nothing follows ${name?.text}`, name?.column);
  return items;
}

function itemOf(text: string, word: Word, marks: string): Item {
  const item = splitItem(word.text);
  if (item === null || !`${marks}`.includes(item.mark)) {
    throw onlyFault(text, `${quote(word.text)} is not expected`, word.column);
  }
  return item;
}

/** `=A|B`; null for any value, as for `=*` and for nothing. */
function textsOf(text: string, word: Word, rest: string): readonly string[] | null {
  if (rest === '' || rest === '=*') return null;
  const values = rest.startsWith('=') ? splitTexts(rest.slice(1)) : null;
  if (values !== null) return values;
  throw onlyFault(text, `${quote(word.text)} has no list of values, as KEY=A|B`, word.column);
}

function twice(text: string, word: Word): Error {
  return onlyFault(text, `${quote(word.text)} is there twice`, word.column);
}
