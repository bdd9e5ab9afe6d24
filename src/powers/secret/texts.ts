import { PowerboxError } from '../../wire/errors.ts';
import {
  knownOf,
  numberOf,
  readRules,
  readWords,
  textOf,
  textsOf,
  writeOptional,
  writeRule,
} from '../words/words.ts';
import { ALGORITHMS, type Algorithm, SECRET_METHODS, type SecretNarrowing } from './rule.ts';

/** How the value is read as a key; services hand some of them out in base64 or hexadecimal. */
export const KEY_FORMS = ['text', 'base64', 'hex'] as const;

export interface SecretConfig {
  /** Name in the vault. */
  readonly name: string;
  /** The only algorithm that it signs with; null leaves the choice to the caller. */
  readonly algorithm: Algorithm | null;
  readonly key: (typeof KEY_FORMS)[number];
}

/** The shape of a secret's name in the vault. */
export const SECRET_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

export function readSecretNarrowing(texts: readonly string[]): SecretNarrowing {
  const forms = {
    sign: 'alone',
    verify: 'alone',
    derive: 'alone',
    algorithm: 'texts',
    bytes: 'bytes',
    prefix: 'text',
    purpose: 'texts',
  } as const;
  return readRules(texts, forms, (words, text) => {
    const methods = SECRET_METHODS.filter((name) => words.has(name));
    return {
      methods: methods.length === 0 ? null : methods,
      algorithms: knownOf(words, 'algorithm', ALGORITHMS, text, 'narrowing-invalid'),
      bytes: numberOf(words, 'bytes', 'bytes'),
      prefix: textOf(words, 'prefix'),
      purposes: textsOf(words, 'purpose'),
    };
  });
}

export function writeSecretNarrowing(narrowing: SecretNarrowing): readonly string[] {
  return narrowing.map((rule) =>
    writeRule([
      ...(rule.methods ?? []),
      ...writeOptional('algorithm', rule.algorithms),
      ...writeOptional('bytes', rule.bytes),
      ...writeOptional('prefix', rule.prefix),
      ...writeOptional('purpose', rule.purposes),
    ]),
  );
}

/** `NAME`, and after it words. Throws `power-invalid`. */
export function readSecretConfig(text: string): SecretConfig {
  const [name = '', ...rest] = text.trim().split(/\s+/);
  if (!SECRET_NAME.test(name)) {
    throw new PowerboxError('power-invalid', 'Cannot read the power: it names no secret.');
  }
  const more = rest.join(' ');
  const words = readWords(more, { algorithm: 'text', key: 'text' }, 'power-invalid');
  return {
    name,
    algorithm: knownOf(words, 'algorithm', ALGORITHMS, more, 'power-invalid')?.[0] ?? null,
    key: knownOf(words, 'key', KEY_FORMS, more, 'power-invalid')?.[0] ?? 'text',
  };
}

export function writeSecretConfig({ name, algorithm, key }: SecretConfig): string {
  const form = key === 'text' ? null : key;
  return [
    `secret:${name}`,
    ...writeOptional('algorithm', algorithm),
    ...writeOptional('key', form),
  ].join(' ');
}
