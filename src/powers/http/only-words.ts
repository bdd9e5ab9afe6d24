import { quote } from '../../policy/quote.ts';
import { PowerboxError } from '../../wire/errors.ts';
import type { JsonScalar } from './value-rule.ts';

/** A word of an `--only` text, and its column, counted from 1. */
export interface Word {
  readonly text: string;
  readonly column: number;
}

/** Words have spaces between them; a JSON string in a word may have spaces in it. */
export function splitWords(text: string): readonly Word[] {
  const words: Word[] = [];
  const pattern = / *((?:"(?:[^"\\]|\\.)*"|[^\s"])+)(?= |$)/y;
  const end = text.replace(/ +$/, '').length;
  while (pattern.lastIndex < end) {
    const at = pattern.lastIndex;
    const found = pattern.exec(text);
    if (found === null) {
      const spaces = text.slice(at).search(/[^ ]/);
      throw onlyFault(text, 'a word cannot be read', at + spaces + 1);
    }
    const [whole, word = ''] = found;
    words.push({ text: word, column: at + whole.length - word.length + 1 });
  }
  return words;
}

export function onlyFault(text: string, reason: string, column?: number): PowerboxError {
  const where = column === undefined ? '' : ` (column ${column})`;
  return new PowerboxError(
    'narrowing-invalid',
    `Cannot read the http rule ${quote(text)}: ${reason}${where}.`,
    {
      hint: 'Write it like GET /repos/{owner=acme}/** query page=*, or as JSON.',
    },
  );
}

/** A word cut into its mark, its name and what stands behind the name. */
export interface Item {
  /** `+` must be there, `-` must not, `?` may be missing. */
  readonly mark: '+' | '-' | '?' | '';
  readonly name: string;
  /** Begins with an operator, or is empty. */
  readonly rest: string;
}

/** Null when the word is no item. The name ends at an operator, or is a JSON string. */
export function splitItem(word: string): Item | null {
  const found = /^([+?-]?)("(?:[^"\\]|\\.)*"|[^"|=<>:#]+)(.*)$/s.exec(word);
  if (found === null) return null;
  const [, mark = '', written = '', rest = ''] = found;
  if (rest !== '' && !/^[=<>:#]/.test(rest)) return null;
  const name = written.startsWith('"') ? jsonString(written) : written;
  // As a key of plain data this name is none, and what it says would be lost.
  return name === null || name === '__proto__' ? null : { mark: mark as Item['mark'], name, rest };
}

/** The values of `A|B|"c d"`: each bare one is a JSON scalar; null when one cannot be read. */
export function splitValues(text: string): readonly JsonScalar[] | null {
  return split(text, scalarOf);
}

/** The same, where each value is text: a number stays as it is written. */
export function splitTexts(text: string): readonly string[] | null {
  return split(text, (word) => word);
}

function split<Value>(text: string, read: (word: string) => Value): (Value | string)[] | null {
  const values: (Value | string)[] = [];
  const pattern = /("(?:[^"\\]|\\.)*"|[^"|]+)(\||$)/y;
  for (;;) {
    const found = pattern.exec(text);
    if (found === null) return null;
    const [, written = '', bar] = found;
    const value = written.startsWith('"') ? jsonString(written) : read(written);
    if (value === null && written.startsWith('"')) return null;
    values.push(value as Value | string);
    if (bar === '') return values;
  }
}

const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;

/** A bare word is the JSON scalar that it looks like, else a string. */
export function scalarOf(word: string): JsonScalar {
  if (word === 'true' || word === 'false') return word === 'true';
  if (word === 'null') return null;
  return NUMBER.test(word) ? Number(word) : word;
}

/** Text as a value of a word. Bare when it reads back as the same text. */
export function writeText(text: string): string {
  return /^[A-Za-z0-9_.~/@%+-]+$/.test(text) ? text : JSON.stringify(text);
}

export function writeScalar(value: JsonScalar): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  return typeof scalarOf(value) === 'string' ? writeText(value) : JSON.stringify(value);
}

function jsonString(written: string): string | null {
  try {
    const value: unknown = JSON.parse(written);
    return typeof value === 'string' ? value : null;
  } catch {
    return null;
  }
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  K: 1024,
  M: 1024 ** 2,
  G: 1024 ** 3,
};

/** `64K` is 65,536; null when it is no size. */
export function sizeOf(text: string): number | null {
  const found = /^([0-9]{1,12})([KMG]?)$/.exec(text);
  return found === null ? null : Number(found[1]) * (UNITS[found[2] ?? ''] ?? 1);
}
