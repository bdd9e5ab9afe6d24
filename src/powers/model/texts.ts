import { quote } from '../../policy/quote.ts';
import { PowerboxError } from '../../wire/errors.ts';
import { SECRET_NAME } from '../secret/texts.ts';
import {
  numberOf,
  readRules,
  readWords,
  switchOf,
  textOf,
  textsOf,
  writeOptional,
  writeRule,
} from '../words/words.ts';
import { type ModelConfig, PROVIDERS, type Price, type Provider, USUAL_URLS } from './config.ts';
import type { ModelNarrowing } from './kind.ts';
import { PRICE_MAX } from './limits.ts';

export function readModelNarrowing(texts: readonly string[]): ModelNarrowing {
  const forms = {
    model: 'texts',
    tokens: 'count',
    tools: 'switch',
    stream: 'switch',
    messages: 'count',
    bytes: 'bytes',
    extras: 'texts',
  } as const;
  return readRules(texts, forms, (words) => {
    const extras = textsOf(words, 'extras');
    return {
      models: textsOf(words, 'model'),
      tokens: numberOf(words, 'tokens', 'count'),
      tools: switchOf(words, 'tools'),
      stream: switchOf(words, 'stream'),
      messages: numberOf(words, 'messages', 'count'),
      bytes: numberOf(words, 'bytes', 'bytes'),
      // The word for none is no pattern that an extra could match.
      extras: extras?.length === 1 && extras[0] === NONE ? [] : extras,
    };
  });
}

const NONE = 'none';

export function writeModelNarrowing(narrowing: ModelNarrowing): readonly string[] {
  return narrowing.map((rule) =>
    writeRule([
      ...writeOptional('model', rule.models),
      ...writeOptional('tokens', rule.tokens),
      ...writeOptional('tools', rule.tools),
      ...writeOptional('stream', rule.stream),
      ...writeOptional('messages', rule.messages),
      ...writeOptional('bytes', rule.bytes),
      ...writeOptional('extras', rule.extras?.length === 0 ? [NONE] : rule.extras),
    ]),
  );
}

/** `PROVIDER [URL]`, and after it words. Throws `power-invalid`. */
export function readModelConfig(text: string): ModelConfig {
  const [provider = '', second = '', ...rest] = text.trim().split(/\s+/);
  if (!isProvider(provider)) {
    throw fault(`${quote(provider)} is none of ${PROVIDERS.join(', ')}`);
  }
  const hasUrl = /^https?:\/\//i.test(second);
  const forms = { credential: 'text', price: 'texts', extras: 'texts' } as const;
  const more = (hasUrl ? rest : [second, ...rest]).join(' ').trim();
  const words = readWords(more, forms, 'power-invalid');
  const credential = textOf(words, 'credential');
  if (credential !== null && !SECRET_NAME.test(credential)) throw fault('it names no secret');
  const place = readUrl(hasUrl ? second : USUAL_URLS[provider]);
  checkPlace(place.origin, credential);
  const prices = (textsOf(words, 'price') ?? []).map(readPrice);
  return { provider, ...place, credential, prices, extras: textsOf(words, 'extras') ?? [] };
}

export function writeModelConfig(config: ModelConfig): string {
  const { provider, origin, base, credential, prices, extras } = config;
  return [
    `model:${provider}`,
    `${origin}${base}`,
    ...writeOptional('credential', credential),
    ...writeOptional('price', prices.length === 0 ? null : prices.map(writePrice)),
    ...writeOptional('extras', extras.length === 0 ? null : extras),
  ].join(' ');
}

function readUrl(text: string): { origin: string; base: string } {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || url.username !== '' || url.password !== '' || /[?#]/.test(text)) {
    throw fault('its address is not a plain URL');
  }
  const base = url.pathname.replace(/\/+$/, '');
  if (!BASE.test(base)) throw fault('the path of its address cannot be used');
  return { origin: url.origin, base };
}

/** Plain segments: nothing that one server reads otherwise than another. */
export const BASE: RegExp = /^(?:\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/;

/** A key goes over TLS, or does not leave this machine. Throws `power-invalid`. */
export function checkPlace(origin: string, credential: string | null): void {
  const url = URL.canParse(origin) ? new URL(origin) : null;
  if (url === null || url.origin !== origin || !/^https?:$/.test(url.protocol)) {
    throw fault('its origin is not one of http or https');
  }
  const local = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
  if (credential !== null && url.protocol === 'http:' && !local) {
    throw fault('its key would leave this machine in the clear');
  }
}

/** `MODEL:INPUT:OUTPUT`, in dollars for a million tokens. Names of models have colons, too. */
function readPrice(text: string): Price {
  const match = /^([\x21-\x7e]{1,256}):([0-9.]{1,12}):([0-9.]{1,12})$/.exec(text);
  const input = microdollars(match?.[2]);
  const output = microdollars(match?.[3]);
  if (match === null || input === null || output === null) {
    throw fault(
      `the price ${quote(text)} is not MODEL:INPUT:OUTPUT in dollars for a million tokens`,
    );
  }
  return { model: match[1] as string, input, output };
}

function microdollars(text: string | undefined): number | null {
  const match = /^([0-9]{1,4})(?:\.([0-9]{1,6}))?$/.exec(text ?? '');
  if (match === null) return null;
  const amount = Number(match[1]) * 1_000_000 + Number((match[2] ?? '').padEnd(6, '0'));
  return amount <= PRICE_MAX ? amount : null;
}

function writePrice({ model, input, output }: Price): string {
  const dollars = (amount: number) =>
    `${Math.floor(amount / 1_000_000)}.${String(amount % 1_000_000).padStart(6, '0')}`.replace(
      /\.?0+$/,
      '',
    );
  return `${model}:${dollars(input)}:${dollars(output)}`;
}

function isProvider(text: string): text is Provider {
  return PROVIDERS.some((provider) => provider === text);
}

function fault(reason: string): PowerboxError {
  return new PowerboxError('power-invalid', `Cannot read the power: ${reason}.`);
}
