import { quote } from '../../policy/quote.ts';
import { PowerboxError } from '../../wire/errors.ts';
import {
  numberOf,
  readRules,
  readWords,
  textFault,
  textsOf,
  writeOptional,
  writeRule,
} from '../words/words.ts';
import { isPattern } from './keys.ts';
import { STORE_BYTES_DEFAULT, STORE_ITEMS_DEFAULT } from './limits.ts';
import type { StoreNarrowing } from './rule.ts';

export interface StoreConfig {
  /** Powers of one name are of one store. */
  readonly name: string;
  /** Most bytes that the store may hold, keys and values together. */
  readonly bytes: number;
  /** Most keys. */
  readonly items: number;
}

export const STORE_NAME = /^[a-z][a-z0-9-]{0,63}$/;

/** `NAME`, and after it words. Throws `power-invalid`. */
export function readStoreConfig(text: string): StoreConfig {
  const [name = '', ...rest] = text.trim().split(/\s+/);
  if (!STORE_NAME.test(name)) {
    throw new PowerboxError(
      'power-invalid',
      `Cannot read the store ${quote(name)}: a name is lower-case letters, digits and "-".`,
    );
  }
  const words = readWords(rest.join(' '), { bytes: 'bytes', items: 'count' }, 'power-invalid');
  return {
    name,
    bytes: numberOf(words, 'bytes', 'bytes') ?? STORE_BYTES_DEFAULT,
    items: numberOf(words, 'items', 'count') ?? STORE_ITEMS_DEFAULT,
  };
}

/** What is as usual is not said. */
export function writeStoreConfig({ name, bytes, items }: StoreConfig): string {
  return [
    `store:${name}`,
    ...writeOptional('bytes', bytes === STORE_BYTES_DEFAULT ? null : bytes),
    ...writeOptional('items', items === STORE_ITEMS_DEFAULT ? null : items),
  ].join(' ');
}

export function readStoreNarrowing(texts: readonly string[]): StoreNarrowing {
  const forms = {
    ro: 'alone',
    keys: 'texts',
    value: 'bytes',
    bytes: 'bytes',
    items: 'count',
  } as const;
  return readRules(texts, forms, (words, text) => {
    const keys = textsOf(words, 'keys');
    const bad = keys?.find((pattern) => !isPattern(pattern));
    if (bad !== undefined) {
      const why = `${quote(bad)} is neither a key nor the beginning of keys with "*" behind it`;
      throw textFault('narrowing-invalid', text, why);
    }
    return {
      access: words.has('ro') ? 'ro' : null,
      keys,
      value: numberOf(words, 'value', 'bytes'),
      bytes: numberOf(words, 'bytes', 'bytes'),
      items: numberOf(words, 'items', 'count'),
    };
  });
}

export function writeStoreNarrowing(narrowing: StoreNarrowing): readonly string[] {
  return narrowing.map(({ access, keys, value, bytes, items }) =>
    writeRule([
      ...(access === null ? [] : [access]),
      ...writeOptional('keys', keys),
      ...writeOptional('value', value),
      ...writeOptional('bytes', bytes),
      ...writeOptional('items', items),
    ]),
  );
}
