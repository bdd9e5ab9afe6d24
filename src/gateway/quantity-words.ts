import type { Budget, Rate } from '../ocap/budget.ts';
import { PowerboxError } from '../wire/errors.ts';

const BYTES: Readonly<Record<string, number>> = {
  '': 1,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
  t: 1024 ** 4,
};
const SPANS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const WINDOWS: readonly Rate['per'][] = ['second', 'minute', 'day'];

/** A time further away than this is a mistake: ten years. */
const SPAN_MS_MAX = 10 * 366 * 86_400_000;

/** `2h` from now, or an ISO time with its zone; milliseconds since the epoch. */
export function readTime(text: string, now: number): number {
  const span = /^(\d{1,9})(s|m|h|d|w)$/.exec(text);
  const time =
    span === null
      ? readIsoTime(text)
      : now + Number(span[1]) * (SPANS[span[2] ?? ''] ?? Number.NaN);
  if (!(time > now - SPAN_MS_MAX && time <= now + SPAN_MS_MAX)) {
    throw invalid(text, 'a time such as 90s, 15m, 2h, 7d or 2030-01-31T12:00:00Z');
  }
  return time;
}

/** A time without a zone means another moment on another machine. */
function readIsoTime(text: string): number {
  const isIso = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d))?$/;
  return isIso.test(text) ? Date.parse(text) : Number.NaN;
}

/** `uses=100`, `bytes=1M`, `tokens=1e6`, `usd=2.50`, `rate=10/minute`; null for none. */
export function readBudget(texts: readonly string[]): Budget | null {
  const budget: { -readonly [Key in keyof Budget]: Budget[Key] } = {};
  for (const text of texts.flatMap((one) => one.split(','))) {
    const [, name = '', amount = ''] = /^([a-z]+)=(.+)$/.exec(text) ?? [];
    const measure = MEASURES.get(name);
    if (measure === undefined) throw invalid(text, BUDGET_SHAPE);
    if (Object.hasOwn(budget, measure)) {
      throw new PowerboxError('grant-invalid', `Cannot use the budget: it has "${name}" twice.`);
    }
    if (measure === 'rate') budget.rate = readRate(amount, text);
    else budget[measure] = whole(READERS[measure](amount), text);
  }
  return Object.keys(budget).length === 0 ? null : budget;
}

const BUDGET_SHAPE = 'a budget such as uses=100, bytes=1M, tokens=1e6, usd=2.50 or rate=10/minute';

const MEASURES: ReadonlyMap<string, keyof Budget> = new Map([
  ['uses', 'uses'],
  ['bytes', 'bytes'],
  ['tokens', 'tokens'],
  ['usd', 'microdollars'],
  ['rate', 'rate'],
]);

const READERS = {
  uses: readCount,
  tokens: readCount,
  bytes: readBytes,
  microdollars: readDollars,
} as const;

function readCount(text: string): number {
  return /^\d{1,16}(?:e\d{1,2})?$/i.test(text) ? Number(text) : Number.NaN;
}

function readBytes(text: string): number {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)([kmgt]?)(?:i?b)?$/i.exec(text) ?? [];
  return Math.floor(Number(amount) * (BYTES[unit.toLowerCase()] ?? Number.NaN));
}

/** By its digits, as a sum of money must be exact. */
function readDollars(text: string): number {
  const [, whole, rest = ''] = /^(\d{1,9})(?:\.(\d{1,6}))?$/.exec(text) ?? [];
  return whole === undefined ? Number.NaN : Number(whole) * 1e6 + Number(rest.padEnd(6, '0'));
}

function readRate(text: string, shown: string): Rate {
  const [, uses = '', window] = /^(\d{1,9})\/([a-z]+)$/.exec(text) ?? [];
  const per = WINDOWS.find((one) => one === window);
  if (per === undefined)
    throw invalid(shown, 'a rate such as rate=10/minute, by second, minute or day');
  return { uses: whole(Number(uses), shown), per };
}

function whole(amount: number, text: string): number {
  if (Number.isSafeInteger(amount) && amount >= 1) return amount;
  throw invalid(text, BUDGET_SHAPE);
}

/** The words that `readBudget` reads back to the same budget. */
export function budgetWords(budget: Budget | null): readonly string[] {
  if (budget === null) return [];
  const { uses, bytes, tokens, microdollars, rate } = budget;
  return [
    ...(uses === undefined ? [] : [`uses=${uses}`]),
    ...(bytes === undefined ? [] : [`bytes=${bytes}`]),
    ...(tokens === undefined ? [] : [`tokens=${tokens}`]),
    ...(microdollars === undefined ? [] : [`usd=${dollars(microdollars)}`]),
    ...(rate === undefined ? [] : [`rate=${rate.uses}/${rate.per}`]),
  ];
}

function dollars(micro: number): string {
  const rest = String(micro % 1e6)
    .padStart(6, '0')
    .replace(/0+$/, '');
  return `${Math.floor(micro / 1e6)}${rest === '' ? '' : `.${rest.padEnd(2, '0')}`}`;
}

function invalid(text: string, wanted: string): PowerboxError {
  return new PowerboxError(
    'grant-invalid',
    `Cannot use ${JSON.stringify(text.slice(0, 40))}: it is not ${wanted}.`,
  );
}
