import { quote } from '../../policy/quote.ts';
import { refused } from './dialect.ts';

/** The fields of one node of the parser's tree. */
export type Fields = Readonly<Record<string, unknown>>;

/** A node with its type, as the parser wraps it. */
export interface Tagged {
  readonly tag: string;
  readonly fields: Fields;
}

/** A node as the parser wraps it: an object whose one key is its type. */
export function tagged(value: unknown): Tagged {
  const keys = isFields(value) ? Object.keys(value) : [];
  const tag = keys[0];
  if (keys.length !== 1 || tag === undefined) throw refused('it has a part of no known form');
  return { tag, fields: fieldsOf((value as Fields)[tag]) };
}

export function fieldsOf(value: unknown): Fields {
  if (!isFields(value)) throw refused('it has a part of no known form');
  return value;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Every field that a node has must be one that its reader knows: what a later version of the
 * parser adds is refused, and never left out of what is sent.
 */
export function onlyFields(what: string, fields: Fields, known: readonly string[]): void {
  for (const key of Object.keys(fields)) {
    if (key === 'location' || key === 'list_start' || key === 'list_end') continue;
    if (!known.includes(key)) {
      throw refused(`${what} has a part (${quote(key)}) that this power does not allow`);
    }
  }
}

/** The items of a list field; none when it is left out. */
export function listOf(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw refused('it has a part of no known form');
  return value;
}

export function textOf(value: unknown): string {
  if (typeof value !== 'string') throw refused('it has a part of no known form');
  return value;
}

export function isSet(value: unknown): boolean {
  if (value === undefined || value === false) return false;
  if (value === true) return true;
  throw refused('it has a part of no known form');
}

/** The words of a list of String nodes, as names are made of. */
export function wordsOf(value: unknown): readonly string[] {
  return listOf(value).map((item) => {
    const { tag, fields } = tagged(item);
    if (tag !== 'String') throw refused('it has a name with a part that is no word');
    onlyFields('a word', fields, ['sval']);
    return textOf(fields.sval ?? '');
  });
}
