/**
 * A second searcher for a value in an answer, made of regular expressions: slow, and simple enough
 * to be believed.
 */

export interface Echo {
  readonly form: string;
  readonly at: number;
  readonly end: number;
  /** It can be read in one way only, so it has to be found. */
  readonly certain: boolean;
}

interface Searcher {
  readonly form: string;
  readonly certain: boolean;
  readonly pattern: RegExp;
}

const NAMED: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** A line break of base64 that was folded: CR, LF or both, as they are or escaped. */
const FEED = `(?:\\r|${escapes('\r')})?(?:\\n|${escapes('\n')})?`;

const searchers = new Map<string, readonly Searcher[]>();

/** Every place where the value is, in the forms that `docs/security.md` promises; they may overlap. */
export function echoesIn(value: string, text: string): Echo[] {
  let all = searchers.get(value);
  if (all === undefined) {
    all = makeSearchers(value);
    searchers.set(value, all);
  }
  return all.flatMap(({ form, certain, pattern }) => {
    const found: Echo[] = [];
    pattern.lastIndex = 0;
    for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
      found.push({ form, certain, at: match.index, end: match.index + match[0].length });
      pattern.lastIndex = match.index + 1;
    }
    return found;
  });
}

function makeSearchers(value: string): Searcher[] {
  const characters = [...value].map((char) => oneOf([char]));
  const plain = [...value].map(literal);
  const pairs = [...Buffer.from(value).toString('hex')].map(
    (digit) => `[${digit}${digit.toUpperCase()}]`,
  );
  // Where a value holds what begins an escape, a text may be read in two ways.
  const certain = !/[%\\&]/.test(value);
  const made = [
    searcher('r', true, plain.join('')),
    searcher('c', certain, characters.join('')),
    searcher('u', true, plain.join('\\0')),
    searcher('v', certain, characters.join(oneOf(['\0']))),
    searcher('h', true, pairs.join('')),
  ];
  for (const lead of [0, 1, 2]) {
    const units = base64Units(value, lead);
    made.push(searcher('b', true, units.map((set) => `[${set.map(literal).join('')}]`).join('')));
    made.push(searcher('B', false, units.map(oneOf).join(FEED)));
  }
  return made;
}

function searcher(form: string, certain: boolean, source: string): Searcher {
  return { form, certain, pattern: new RegExp(source, 'g') };
}

/** The characters of base64 that hold bits of the value and nothing before it. */
function base64Units(value: string, lead: number): string[][] {
  const bits = [...Buffer.from(value)].flatMap((byte) =>
    Array.from({ length: 8 }, (_, at) => (byte >> (7 - at)) & 1),
  );
  const skipped = (6 - ((lead * 8) % 6)) % 6;
  const units: string[][] = [];
  for (let at = skipped; at < bits.length; at += 6) {
    const known = bits.slice(at, at + 6);
    const chars = [...ALPHABET].filter((_, index) =>
      known.every((bit, place) => ((index >> (5 - place)) & 1) === bit),
    );
    units.push(chars.flatMap((char) => ({ '+': ['+', '-'], '/': ['/', '_'] })[char] ?? [char]));
  }
  return units;
}

function oneOf(chars: readonly string[]): string {
  return `(?:${chars.map((char) => `${literal(char)}|${escapes(char)}`).join('|')})`;
}

/** The ways to write one character that are no more than ten bytes long. */
function escapes(char: string): string {
  const code = char.charCodeAt(0);
  const [high, low] = [...code.toString(16).padStart(2, '0')].map(
    (digit) => `[${digit}${digit.toUpperCase()}]`,
  ) as [string, string];
  const ways = [`%${high}${low}`, `\\\\u00${high}${low}`, `\\\\x${high}${low}`];
  const [decimal, hex] = [String(code), code.toString(16)];
  ways.push(`&#0{0,${7 - decimal.length}}${decimal};`);
  const digits = [...hex].map((digit) => `[${digit}${digit.toUpperCase()}]`).join('');
  ways.push(`&#[xX]0{0,${6 - hex.length}}${digits};`);
  const letter = { '\t': 't', '\n': 'n', '\r': 'r' }[char];
  if (letter !== undefined) ways.push(`\\\\${letter}`);
  if (/[!-/:-@[-`{-~]/.test(char)) ways.push(`\\\\${literal(char)}`);
  if (NAMED[char] !== undefined) ways.push(NAMED[char]);
  return ways.join('|');
}

function literal(char: string): string {
  return `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
}
