/**
 * Replaces echoes of values by their placeholders in whatever comes back to a box. The output has
 * exactly the length of the input, so a Content-Length stays true, and bytes outside a match are
 * never changed. What is found: each form of `form.ts`. What cannot be: a transformation that is
 * not listed there (reversed, encrypted, compressed), which is why a value goes only into its slot.
 */
import { AMPERSAND, BACKSLASH, isPunctuation, NAMED, PARTIAL, PERCENT } from './escape.ts';
import { type Form, formsOf } from './form.ts';
import { type Cursor, matchAt, type ProgressOf, substituted } from './match.ts';

interface ScrubbedText {
  readonly text: string;
  /** How many echoes were replaced. */
  readonly count: number;
}

export interface ScrubStream {
  /** What may be passed on now. Only bytes that may be the beginning of a form are held back. */
  write(chunk: Buffer): Buffer;
  /** What was held back; the stream is over. */
  end(): Buffer;
  readonly count: number;
}

export interface Scrubber {
  /** For header values and status lines, as the Latin-1 strings that Node gives. */
  text(text: string): ScrubbedText;
  /** For a body; each stream has its own state. */
  stream(): ScrubStream;
}

/** Which forms can begin with a byte, and with a pair of bytes. */
interface Index {
  readonly empty: boolean;
  /** Bytes that the shortest form has at least; what is shorter holds none. */
  readonly shortest: number;
  readonly single: readonly (readonly Form[])[];
  /** For each pair (first byte high): NO_FORM, PLAIN or ANY. */
  readonly kinds: Uint8Array;
  /** For a PLAIN pair: 1 where the third byte can follow, found by `tripleOf`. */
  readonly triples: Uint8Array;
  readonly pairs: ReadonlyMap<number, readonly Form[]>;
}

const NO_FORM = 0;
/** Two characters as they are: the third byte is worth a look before any form is compared. */
const PLAIN = 1;
/** An escape begins here, and many bytes may follow. */
const ANY = 2;

const ALL_BYTES = Array.from({ length: 256 }, (_, byte) => byte);

/** `\t`, `\n` and `\r`. */
const LETTERS: Readonly<Record<number, number>> = { 9: 0x74, 10: 0x6e, 13: 0x72 };

const NOTHING = Buffer.alloc(0);

/** Built once for a box and an origin; every request there uses the same one. */
export function makeScrubber(
  secrets: readonly { readonly value: string; readonly placeholder: string }[],
): Scrubber {
  const index = indexOf(secrets.flatMap((secret) => formsOf(secret.value, secret.placeholder)));
  return {
    text: (text) => scrubText(index, text),
    stream: () => new Stream(index),
  };
}

function scrubText(index: Index, text: string): ScrubbedText {
  if (index.empty || text.length < index.shortest) return { text, count: 0 };
  const scan = scanAll(
    index,
    { data: Buffer.from(text, 'latin1'), base: 0, final: true },
    new Map(),
    NOTHING,
  );
  return scan.count === 0
    ? { text, count: 0 }
    : { text: scan.data.toString('latin1'), count: scan.count };
}

class Stream implements ScrubStream {
  count = 0;
  readonly #index: Index;
  readonly #progresses: ProgressOf = new Map();
  #held = NOTHING;
  #replaced = NOTHING;
  #base = 0;

  constructor(index: Index) {
    this.#index = index;
  }

  write(chunk: Buffer): Buffer {
    if (this.#index.empty || chunk.length === 0) return chunk;
    return this.#feed(this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]), false);
  }

  end(): Buffer {
    return this.#held.length === 0 ? NOTHING : this.#feed(this.#held, true);
  }

  #feed(data: Buffer, final: boolean): Buffer {
    const cursor = { data, base: this.#base, final };
    const scan = scanAll(this.#index, cursor, this.#progresses, this.#replaced);
    this.#replaced = scan.replaced;
    this.count += scan.count;
    this.#base += scan.done;
    if (scan.done === data.length) {
      this.#held = NOTHING;
      return scan.data;
    }
    // A copy, so that a few held bytes do not keep a whole chunk alive.
    this.#held = Buffer.from(data.subarray(scan.done));
    return scan.data.subarray(0, scan.done);
  }
}

interface Scan {
  /** The input itself, or a copy of it when something was replaced. */
  readonly data: Buffer;
  /** How many bytes are decided. */
  readonly done: number;
  readonly count: number;
  /** What the first of the bytes that are not decided become when no form begins with them. */
  readonly replaced: Buffer<ArrayBuffer>;
}

interface Bytes extends Cursor {
  readonly data: Buffer;
}

function scanAll(index: Index, cursor: Bytes, progresses: ProgressOf, replaced: Buffer): Scan {
  const input = cursor.data;
  const last = input.length - 1;
  let data = input;
  let until = replaced.length;
  if (until > 0) {
    data = Buffer.from(input);
    data.set(replaced);
  }
  let count = 0;
  let at = 0;
  while (at <= last) {
    at = nextPair(index, input, at, last);
    const first = input[at] as number;
    const forms =
      at < last
        ? index.pairs.get((first << 8) | (input[at + 1] as number))
        : (index.single[first] as readonly Form[]);
    const found = forms === undefined ? undefined : longest(forms, cursor, at, progresses);
    if (found === PARTIAL) {
      return { data, done: at, count, replaced: Buffer.from(data.subarray(at, until)) };
    }
    if (found === undefined) {
      at += 1;
      continue;
    }
    if (data === input) data = Buffer.from(input);
    const { bytes, shared } = substituted(found.form, cursor, at, found.end);
    data.set(bytes, at);
    count += 1;
    until = found.end;
    at = until - shared;
  }
  return { data, done: input.length, count, replaced: NOTHING };
}

/** The next place where a form may begin; only text that is very like one gets through. */
function nextPair(index: Index, data: Uint8Array, from: number, last: number): number {
  const { kinds, triples } = index;
  if (from >= last) return last;
  let pair = data[from] as number;
  for (let at = from; at < last; at += 1) {
    pair = ((pair & 0xff) << 8) | (data[at + 1] as number);
    const kind = kinds[pair];
    if (kind === NO_FORM) continue;
    if (kind === ANY || at + 1 === last) return at;
    if (triples[tripleOf(pair, data[at + 2] as number)] !== 0) return at;
  }
  return last;
}

/** A slot of `triples`; two triples that share one cost a comparison more, and nothing else. */
function tripleOf(pair: number, third: number): number {
  return (pair ^ (third * 0x9e5)) & 0xffff;
}

/**
 * The longest match at one place. As long as any form may still match there nothing is decided, so
 * that a value which begins with another value is not cut, and the result does not depend on where
 * the chunks end.
 */
function longest(
  forms: readonly Form[],
  cursor: Cursor,
  at: number,
  progresses: ProgressOf,
): { readonly form: Form; readonly end: number } | typeof PARTIAL | undefined {
  let best: { form: Form; end: number } | undefined;
  for (const form of forms) {
    const end = matchAt(form, cursor, at, progresses);
    if (end === PARTIAL) return PARTIAL;
    if (end > (best?.end ?? at)) {
      best = { form, end };
    }
  }
  return best;
}

function indexOf(forms: readonly Form[]): Index {
  const single: Form[][] = Array.from({ length: 256 }, () => []);
  const kinds = new Uint8Array(65536);
  const triples = new Uint8Array(65536);
  const pairs = new Map<number, Form[]>();
  for (const form of forms) {
    const starts = beginnings(form);
    for (const first of new Set(starts.map(([pair]) => pair >> 8))) single[first]?.push(form);
    for (const [pair, thirds] of starts) {
      const list = pairs.get(pair);
      if (list === undefined) pairs.set(pair, [form]);
      else if (list.at(-1) !== form) list.push(form);
      kinds[pair] = Math.max(kinds[pair] as number, thirds === undefined ? ANY : PLAIN);
      for (const third of thirds ?? []) triples[tripleOf(pair, third)] = 1;
    }
  }
  // A unit is a byte at least, however it is written.
  const shortest = Math.min(...forms.map(({ symbols }) => symbols.length));
  return { empty: forms.length === 0, shortest, single, kinds, triples, pairs };
}

/** Every pair of bytes that begins a form, with the third bytes where few are possible. */
function beginnings(form: Form): [pair: number, thirds: readonly number[] | undefined][] {
  const { escapes, lineBreaks } = form.alphabet;
  const introducers = escapes ? [PERCENT, BACKSLASH, AMPERSAND] : [];
  const breaks = lineBreaks ? [0x0d, 0x0a] : [];
  const firsts = charactersOf(form, 0);
  const seconds = charactersOf(form, 1);
  const thirds = [...charactersOf(form, 2), ...introducers, ...breaks];
  const starts: [number, readonly number[] | undefined][] = [];
  for (const first of firsts) {
    for (const second of seconds) {
      const plain = form.symbols.length > 2 && !introducers.includes(second);
      starts.push([(first << 8) | second, plain ? thirds : undefined]);
    }
    for (const second of breaks) starts.push([(first << 8) | second, undefined]);
    for (const [lead, third] of escapes ? [...seconds, ...breaks].flatMap(escapeBeginnings) : []) {
      starts.push([(first << 8) | lead, [third]]);
    }
    if (!escapes) continue;
    for (const [lead, second] of escapeBeginnings(first))
      starts.push([(lead << 8) | second, undefined]);
  }
  return starts;
}

/** The bytes that mean a unit without an escape; any byte where the form has ended. */
function charactersOf(form: Form, unit: number): number[] {
  if (unit >= form.symbols.length) return ALL_BYTES;
  const symbol = form.symbols[unit] as number;
  const mask = form.masks[unit] as number;
  const bytes = ALL_BYTES.filter(
    (byte) => ((form.alphabet.read[byte] as number) & mask) === symbol,
  );
  if (form.alphabet.name === 'text' && symbol === 0x20) bytes.push(0x2b);
  return bytes;
}

/** The first two bytes of every way to escape one character. */
function escapeBeginnings(byte: number): [number, number][] {
  const high = (byte >> 4).toString(16);
  const pairs: [number, number][] = [
    [PERCENT, high.charCodeAt(0)],
    [PERCENT, high.toUpperCase().charCodeAt(0)],
    [BACKSLASH, 0x75],
    [BACKSLASH, 0x78],
    [AMPERSAND, 0x23],
  ];
  const letter = LETTERS[byte];
  if (letter !== undefined) pairs.push([BACKSLASH, letter]);
  if (isPunctuation(byte)) pairs.push([BACKSLASH, byte]);
  for (const [name, symbol] of NAMED) {
    if (symbol === byte) pairs.push([AMPERSAND, name.charCodeAt(1)]);
  }
  return pairs;
}
