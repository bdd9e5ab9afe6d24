import { quote } from '../../policy/quote.ts';
import { PowerboxError } from '../../wire/errors.ts';
import { TEXT_CHARS_MAX, TEXTS_MAX, VALUES_MAX } from './limits.ts';

/**
 * The texts that narrow and name the smaller kinds of power: words with spaces between them, each
 * `name` or `name=value,value`. A value with a space, a comma or a quote stands in double quotes,
 * as in JSON. Everything else is refused, as is a word that is there twice.
 */

/** What a word may be: alone, or with values of this form. */
export type WordForm = 'alone' | 'texts' | 'text' | 'count' | 'bytes' | 'switch';

export type WordForms = Readonly<Record<string, WordForm>>;

/** The words of one text. A word alone has an empty list. */
export type Words = ReadonlyMap<string, readonly string[]>;

export type WordsCode = 'narrowing-invalid' | 'power-invalid';

/** Reads one text. Throws `code` with a sentence that says where the fault is. */
export function readWords(text: string, forms: WordForms, code: WordsCode): Words {
  if (text.length > TEXT_CHARS_MAX) {
    throw textFault(code, text, `it is longer than ${TEXT_CHARS_MAX} characters`);
  }
  const words = new Map<string, readonly string[]>();
  const pattern = /\s*([a-z][a-z-]*)(?:=((?:"(?:[^"\\]|\\.)*"|[^\s"])*))?(?=\s|$)/y;
  const end = text.trimEnd().length;
  while (pattern.lastIndex < end) {
    const at = pattern.lastIndex;
    const match = pattern.exec(text);
    if (match === null) {
      throw textFault(code, text, `the word at character ${at + 1} cannot be read`);
    }
    const [, name = '', written] = match;
    const form = Object.hasOwn(forms, name) ? forms[name] : undefined;
    if (form === undefined) {
      const known = Object.keys(forms).join(', ');
      throw textFault(code, text, `${quote(name)} is none of ${known}`);
    }
    if (words.has(name)) throw textFault(code, text, `${quote(name)} is there twice`);
    words.set(name, readValues(text, name, form, written, code));
  }
  return words;
}

function readValues(
  text: string,
  name: string,
  form: WordForm,
  written: string | undefined,
  code: WordsCode,
): readonly string[] {
  if (form === 'alone') {
    if (written !== undefined) throw textFault(code, text, `${quote(name)} takes no value`);
    return [];
  }
  const values = written === undefined ? null : splitValues(written);
  if (values === null) {
    throw textFault(code, text, `${quote(name)} needs a value, as in ${name}=${EXAMPLES[form]}`);
  }
  if (values.length > VALUES_MAX) {
    throw textFault(code, text, `${quote(name)} has more than ${VALUES_MAX} values`);
  }
  if (form !== 'texts' && values.length !== 1) {
    throw textFault(code, text, `${quote(name)} takes one value`);
  }
  if ((form === 'count' || form === 'bytes') && countOf(values[0] as string, form) === null) {
    throw textFault(code, text, `${quote(name)} is not a whole number, as in ${EXAMPLES[form]}`);
  }
  if (form === 'switch' && !['on', 'off'].includes(values[0] as string)) {
    throw textFault(code, text, `${quote(name)} is neither on nor off`);
  }
  return values;
}

const EXAMPLES: Readonly<Record<WordForm, string>> = {
  alone: '',
  texts: 'a,b',
  text: 'a',
  count: '1000',
  bytes: '64K',
  switch: 'off',
};

/** Null unless it is one or more values with single commas between them. */
function splitValues(written: string): readonly string[] | null {
  const values: string[] = [];
  const pattern = /(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))(,|$)/y;
  while (pattern.lastIndex < written.length) {
    const match = pattern.exec(written);
    if (match === null) return null;
    const value = match[1] === undefined ? match[2] : unquote(match[1]);
    if (value === null || value === undefined) return null;
    values.push(value);
    if (match[3] === '' && pattern.lastIndex !== written.length) return null;
    if (match[3] === ',' && pattern.lastIndex === written.length) return null;
  }
  return values.length === 0 ? null : values;
}

function unquote(text: string): string | null {
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    return null;
  }
}

/** A word with its values, so that `readWords` reads the same again. */
export function writeWord(name: string, values: readonly (string | number)[]): string {
  if (values.length === 0) return name;
  const written = values.map((value) => {
    const text = String(value);
    return /^[^\s",\\\p{C}]+$/u.test(text) ? text : JSON.stringify(text);
  });
  return `${name}=${written.join(',')}`;
}

/** The number of a word, or null when the word is not there. */
export function numberOf(words: Words, name: string, form: 'count' | 'bytes'): number | null {
  const text = words.get(name)?.[0];
  return text === undefined ? null : countOf(text, form);
}

/** True for `on`, false for `off`, null when the word is not there. */
export function switchOf(words: Words, name: string): boolean | null {
  const text = words.get(name)?.[0];
  return text === undefined ? null : text === 'on';
}

export function textOf(words: Words, name: string): string | null {
  return words.get(name)?.[0] ?? null;
}

export function textsOf(words: Words, name: string): readonly string[] | null {
  return words.get(name) ?? null;
}

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 };

function countOf(text: string, form: 'count' | 'bytes'): number | null {
  const match =
    form === 'bytes' ? /^([0-9]{1,12})([KMG]?)$/.exec(text) : /^([0-9]{1,15})$/.exec(text);
  if (match === null) return null;
  const count = Number(match[1]) * (UNITS[match[2] ?? ''] ?? 1);
  return Number.isSafeInteger(count) ? count : null;
}

/**
 * The rules that texts mean, one each, all of them words of `forms`. `any` stands alone, for the
 * rule that narrows nothing; a text without words is refused.
 */
export function readRules<Rule>(
  texts: readonly string[],
  forms: WordForms,
  ruleOf: (words: Words, text: string) => Rule,
): readonly Rule[] {
  checkTexts(texts);
  return texts.map((text) => {
    const words = readWords(text, { ...forms, any: 'alone' }, 'narrowing-invalid');
    if (words.size === 0) throw textFault('narrowing-invalid', text, 'it is empty');
    if (words.has('any') && words.size > 1) {
      throw textFault('narrowing-invalid', text, '"any" stands alone');
    }
    return ruleOf(words, text);
  });
}

/** The text of a rule, from the words that say something. */
export function writeRule(words: readonly string[]): string {
  return words.length === 0 ? 'any' : words.join(' ');
}

/** A word for values that may be left out. */
export function writeOptional(
  name: string,
  values: readonly (string | number)[] | string | number | boolean | null,
): readonly string[] {
  if (values === null) return [];
  if (typeof values === 'boolean') return [writeWord(name, [values ? 'on' : 'off'])];
  return [writeWord(name, typeof values === 'object' ? values : [values])];
}

/** Checks that every value of a word is one of a list. */
export function knownOf<Known extends string>(
  words: Words,
  name: string,
  known: readonly Known[],
  text: string,
  code: WordsCode,
): readonly Known[] | null {
  const values = words.get(name) ?? null;
  for (const value of values ?? []) {
    if (!known.some((one) => one === value)) {
      throw textFault(code, text, `${quote(value)} is none of ${known.join(', ')}`);
    }
  }
  return values as readonly Known[] | null;
}

/** Refuses a narrowing of no text, or of too many. */
export function checkTexts(texts: readonly string[]): void {
  if (texts.length === 0) {
    throw new PowerboxError('narrowing-invalid', 'Cannot read the narrowing: it has no text.');
  }
  if (texts.length > TEXTS_MAX) {
    const reason = `it has more than ${TEXTS_MAX} texts`;
    throw new PowerboxError('narrowing-invalid', `Cannot read the narrowing: ${reason}.`);
  }
}

export function textFault(code: WordsCode, text: string, reason: string): PowerboxError {
  const what = code === 'power-invalid' ? 'power' : 'narrowing';
  return new PowerboxError(code, `Cannot read the ${what} ${quote(text)}: ${reason}.`);
}
