import { randomInt } from 'node:crypto';
import { PowerboxError } from '../wire/errors.ts';
import { PLACEHOLDER_BITS_MIN, PLACEHOLDER_SHARED_RUN_MAX } from './limits.ts';

/** A number from 0 up to but not including `below`, each equally likely. */
export type RandomInt = (below: number) => number;

const DIGITS = '0123456789';
const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const UPPER = LOWER.toUpperCase();
const ALNUM = DIGITS + LOWER + UPPER;
const HEX = `${DIGITS}abcdef`;
const UPPER_HEX = HEX.toUpperCase();
const KEPT = /[-_.=+/~:]/;
const SHAPED_ATTEMPTS_MAX = 64;
/** Enough to find the last free one of 62, for values of one character. */
const BARE_ATTEMPTS_MAX = 4_000;
const REDRAWS_MAX = 64;

/** A character that stays, or the alphabet to draw one from. */
interface Cell {
  readonly keep: string;
  readonly from: string;
}

interface Plan {
  /** How many of the first cells are no secret. */
  readonly prefix: number;
  readonly cells: readonly Cell[];
}

/**
 * The worthless string that a box sees instead of `value`: of the same length and shape, so that
 * clients which look at a key find what they expect.
 *
 * Guaranteed: never `value` nor one of `taken`; beyond the kept prefix no run of more than
 * PLACEHOLDER_SHARED_RUN_MAX characters stands anywhere in `value`; at least
 * PLACEHOLDER_BITS_MIN random bits wherever the length allows that. A known prefix and the
 * punctuation stay when that leaves enough to chance. Throws `secret-invalid` when every string
 * of so short a length is taken.
 */
export function makePlaceholder(
  value: string,
  knownPrefixes: readonly string[],
  random: RandomInt = randomInt,
  taken: ReadonlySet<string> = new Set(),
): string {
  const runs = runsOf(value);
  const plans = plansFor(value, knownPrefixes, random);
  for (const [index, plan] of plans.entries()) {
    const attempts = index === plans.length - 1 ? BARE_ATTEMPTS_MAX : SHAPED_ATTEMPTS_MAX;
    for (let attempt = 0; attempt < attempts; attempt++) {
      const drawn = draw(plan(), runs, random);
      if (drawn !== undefined && drawn !== value && !taken.has(drawn)) return drawn;
    }
  }
  throw new PowerboxError(
    'secret-invalid',
    'Cannot make a placeholder: the value is too short to be told from others.',
  );
}

/** From the most faithful shape to none; each but the last is worth PLACEHOLDER_BITS_MIN. */
function plansFor(
  value: string,
  knownPrefixes: readonly string[],
  random: RandomInt,
): readonly (() => Plan)[] {
  const prefix = knownPrefixes
    .filter((known) => value.startsWith(known))
    .reduce((longest, known) => (known.length > longest.length ? known : longest), '');
  const shaped = planOf(value, prefix.length, true);
  const widened = planOf(value, prefix.length, false);
  const bare: Plan = { prefix: 0, cells: Array.from({ length: value.length }, () => hole(ALNUM)) };
  const plans = [shaped, widened].filter((plan) => bitsOf(plan) >= PLACEHOLDER_BITS_MIN);
  const token = tokenPlan(value, random);
  return [...(token ? [token] : []), ...plans.map((plan) => () => plan), () => bare];
}

function planOf(value: string, prefixLength: number, byClass: boolean): Plan {
  const rest = [...value.slice(prefixLength)].filter((char) => !KEPT.test(char)).join('');
  const whole = byClass ? alphabetOf(rest) : ALNUM;
  const cells = Array.from({ length: value.length }, (_, at) => {
    const char = value.charAt(at);
    if (at < prefixLength || KEPT.test(char)) return kept(char);
    return hole(whole ?? classOf(char));
  });
  return { prefix: prefixLength, cells };
}

/** The alphabet of all of it together, when it has one of its own. */
function alphabetOf(text: string): string | undefined {
  if (/^[0-9]+$/.test(text)) return DIGITS;
  if (/^[0-9a-f]+$/.test(text)) return HEX;
  if (/^[0-9A-F]+$/.test(text)) return UPPER_HEX;
  return undefined;
}

function classOf(char: string): string {
  if (/[0-9]/.test(char)) return DIGITS;
  if (/[A-Z]/.test(char)) return UPPER;
  return /[a-z]/.test(char) ? LOWER : ALNUM;
}

function kept(char: string): Cell {
  return { keep: char, from: '' };
}

function hole(from: string): Cell {
  return { keep: '', from };
}

function bitsOf(plan: Plan): number {
  return plan.cells.reduce(
    (bits, { from }) => bits + (from === '' ? 0 : Math.log2(from.length)),
    0,
  );
}

/** Every run of the value that is one longer than may be shared. */
function runsOf(value: string): ReadonlySet<string> {
  const length = PLACEHOLDER_SHARED_RUN_MAX + 1;
  const runs = new Set<string>();
  for (let at = 0; at + length <= value.length; at++) runs.add(value.slice(at, at + length));
  return runs;
}

/**
 * Fills the holes from left to right, and draws again where that would complete a run of the
 * value: in a long value of few symbols some run recurs by chance in almost every string.
 */
function draw(plan: Plan, runs: ReadonlySet<string>, random: RandomInt): string | undefined {
  const text: string[] = [];
  // The last characters that a run could begin with; those of the prefix are not counted, since
  // the prefix is no secret.
  let tail = '';
  for (const [at, { keep, from }] of plan.cells.entries()) {
    let char = from === '' ? keep : pick(from, random);
    for (
      let redraws = 0;
      from !== '' && runs.has(tail + char) && redraws < REDRAWS_MAX;
      redraws++
    ) {
      char = pick(from, random);
    }
    if (runs.has(tail + char)) return undefined;
    text.push(char);
    if (at >= plan.prefix) tail = (tail + char).slice(-PLACEHOLDER_SHARED_RUN_MAX);
  }
  return text.join('');
}

function pick(alphabet: string, random: RandomInt): string {
  return alphabet.charAt(random(alphabet.length));
}

/**
 * The plan for a value in the shape of a JSON Web Token (RFC 7519 §3), which clients take apart.
 * Its first part says how it was signed, is the same for every token of an issuer, and stays;
 * the claims become an object with one random member, the signature random characters.
 */
function tokenPlan(value: string, random: RandomInt): (() => Plan) | undefined {
  const parts = /^([\w-]+)\.([\w-]+)\.([\w-]*)$/.exec(value);
  if (parts === null || !isObject(parts[1] ?? '')) return undefined;
  const [, header = '', claims = '', signature = ''] = parts;
  if (claims.length < 24 || claims.length % 4 === 1) return undefined;
  return () => ({
    prefix: header.length + 1,
    cells: [
      ...Array.from(`${header}.`, kept),
      // Drawn as a whole, since its bytes only make sense together; `draw` checks its runs.
      ...Array.from(randomClaims(claims.length, random), kept),
      kept('.'),
      ...Array.from(signature, () => hole(ALNUM)),
    ],
  });
}

function randomClaims(length: number, random: RandomInt): string {
  const bytes = Math.floor((length * 3) / 4);
  const filler = (chars: number): string =>
    Array.from({ length: chars }, () => pick(ALNUM, random)).join('');
  const name = filler(4);
  const frame = JSON.stringify({ [name]: '' }).length;
  return Buffer.from(JSON.stringify({ [name]: filler(bytes - frame) })).toString('base64url');
}

function isObject(part: string): boolean {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
  } catch {
    return false;
  }
}
