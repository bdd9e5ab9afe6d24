/**
 * Compares one form with the bytes at one place. Every text costs time in proportion to its
 * length, even one made of beginnings of a value that repeats itself: a failure deep in a form
 * leaves behind where the next try has to go on, as in the algorithm of Knuth, Morris and Pratt.
 */
import { type EscapeRead, isIntroducer, NONE, PARTIAL, readEscape, writeLike } from './escape.ts';
import type { Form } from './form.ts';
import { DEEP_UNITS, LOOKAHEAD_UNITS_MAX } from './limits.ts';

/** What is known of one form in one stream; positions count from the stream's first byte. */
interface Progress {
  /** `units` units match from `start` up to `at`. */
  start: number;
  units: number;
  at: number;
  /** Places that were shown to begin no match. */
  readonly dead: Set<number>;
  deadUntil: number;
}

/** One for each form, made only when a form got deep. */
export type ProgressOf = Map<Form, Progress>;

const reading: EscapeRead = { symbol: 0, low: 0, high: 0 };

/** The bytes at hand. */
export interface Cursor {
  readonly data: Uint8Array;
  /** Position of the first of them in the stream. */
  readonly base: number;
  /** Nothing comes after them. */
  readonly final: boolean;
}

/** The end of the match of `form` at `data[index]`, or NONE, or PARTIAL when data ends in it. */
export function matchAt(form: Form, cursor: Cursor, index: number, progresses: ProgressOf): number {
  const { base } = cursor;
  const progress = progresses.size === 0 ? undefined : progresses.get(form);
  let unit = 0;
  let at = index;
  if (progress !== undefined) {
    if (progress.start === base + index) {
      unit = progress.units;
      at = progress.at - base;
    } else if (progress.dead.has(base + index)) {
      return NONE;
    }
  }
  const { length } = form.symbols;
  while (unit < length) {
    const end = stepUnit(form, cursor, at, unit);
    if (end === PARTIAL && !cursor.final) {
      if (unit > DEEP_UNITS) remember(form, progresses, base + index, unit, base + at);
      return PARTIAL;
    }
    if (end < 0) {
      if (unit > DEEP_UNITS) learn(form, cursor, { index, unit, at }, progresses);
      return NONE;
    }
    at = end;
    unit += 1;
  }
  return at;
}

function stepUnit(form: Form, cursor: Cursor, from: number, unit: number, depth = 0): number {
  const { data } = cursor;
  let at = from;
  if (form.alphabet.lineBreaks && unit > 0) {
    at = skipLineBreak(data, at);
    if (at === PARTIAL) return PARTIAL;
  }
  if (at >= data.length) return PARTIAL;
  const byte = data[at] as number;
  const symbol = form.symbols[unit] as number;
  const raw = ((form.alphabet.read[byte] as number) & (form.masks[unit] as number)) === symbol;
  if (form.alphabet.escapes && isIntroducer(byte)) {
    const end = readUnit(form, data, at, unit);
    if (end === NONE || !raw) return raw ? at + 1 : end;
    return resolve(form, cursor, { at, end }, unit, depth);
  }
  if (raw) return at + 1;
  return byte === 0x2b && symbol === 0x20 && form.alphabet.name === 'text' ? at + 1 : NONE;
}

function readUnit(form: Form, data: Uint8Array, at: number, unit: number): number {
  const symbol = form.symbols[unit] as number;
  const end = readEscape(data, at, reading);
  if (end === PARTIAL) {
    const possible =
      form.alphabet.name !== 'text' || (reading.low <= symbol && symbol <= reading.high);
    return possible ? PARTIAL : NONE;
  }
  if (end === NONE) return NONE;
  const read = form.alphabet.read[reading.symbol] as number;
  return (read & (form.masks[unit] as number)) === symbol ? end : NONE;
}

/**
 * A `%`, `\` or `&` of the value, where the text has an escape of that very character: `\\` is one
 * backslash or the first of two. What follows in the value decides.
 */
function resolve(
  form: Form,
  cursor: Cursor,
  escaped: { readonly at: number; readonly end: number },
  unit: number,
  depth: number,
): number {
  const raw = escaped.at + 1;
  if (escaped.end === PARTIAL) return cursor.final ? raw : PARTIAL;
  if (unit + 1 === form.symbols.length || depth === LOOKAHEAD_UNITS_MAX) return escaped.end;
  const next = stepUnit(form, cursor, escaped.end, unit + 1, depth + 1);
  if (next === PARTIAL) return cursor.final ? raw : PARTIAL;
  return next === NONE ? raw : escaped.end;
}

/**
 * Where the character after one line break (CR, LF or both, plain or escaped) begins. A blank line
 * ends base64, and it ends a server-sent event too, which therefore is never kept waiting for more.
 */
function skipLineBreak(data: Uint8Array, from: number): number {
  const feed = skipCharacter(data, from, 0x0d);
  return feed === PARTIAL ? PARTIAL : skipCharacter(data, feed, 0x0a);
}

function skipCharacter(data: Uint8Array, at: number, wanted: number): number {
  if (at >= data.length) return at;
  const byte = data[at] as number;
  if (byte === wanted) return at + 1;
  if (!isIntroducer(byte)) return at;
  const end = readEscape(data, at, reading);
  if (end === PARTIAL) return reading.low <= wanted && wanted <= reading.high ? PARTIAL : at;
  return end !== NONE && reading.symbol === wanted ? end : at;
}

function remember(
  form: Form,
  progresses: ProgressOf,
  start: number,
  units: number,
  at: number,
): Progress {
  let progress = progresses.get(form);
  if (progress === undefined) {
    progress = { start, units, at, dead: new Set(), deadUntil: -1 };
    progresses.set(form, progress);
  }
  progress.start = start;
  progress.units = units;
  progress.at = at;
  return progress;
}

interface Failure {
  readonly index: number;
  readonly unit: number;
  readonly at: number;
}

/** From a failure at `unit`: which later places cannot match, and how far the first other one has. */
function learn(form: Form, cursor: Cursor, failure: Failure, progresses: ProgressOf): void {
  // A reading that depended on the next unit may be another one when the form begins elsewhere.
  if (form.lookahead) return;
  const { index, unit, at } = failure;
  const { data, base } = cursor;
  form.borders ??= bordersOf(form);
  let border = form.borders[unit] as number;
  while (border > 0 && stepUnit(form, cursor, at, border) === NONE) {
    border = form.borders[border] as number;
  }
  const progress = remember(form, progresses, -1, border, base + at);
  if (progress.deadUntil < base + index) progress.dead.clear();
  let place = index;
  for (let passed = 0; passed < unit - border; passed += 1) {
    progress.dead.add(base + place);
    place = stepUnit(form, cursor, place, passed);
    if (form.alphabet.lineBreaks && place < at) place = Math.max(place, skipLineBreak(data, place));
  }
  progress.deadUntil = Math.max(progress.deadUntil, base + place);
  if (border > 0) progress.start = base + place;
}

/** `borders[k]`: the longest j < k so that the first j units match where units k-j..k matched. */
function bordersOf(form: Form): Int32Array {
  const { symbols, masks } = form;
  const borders = new Int32Array(symbols.length + 1);
  const agrees = (unit: number, text: number): boolean =>
    ((symbols[text] as number) & (masks[unit] as number)) === symbols[unit];
  let border = 0;
  for (let unit = 1; unit < symbols.length; unit += 1) {
    while (border > 0 && !agrees(border, unit)) border = borders[border] as number;
    if (agrees(border, unit)) border += 1;
    borders[unit + 1] = border;
  }
  return borders;
}

export interface Substituted {
  readonly bytes: Uint8Array;
  /**
   * How many bytes of its end hold bits of what follows too (the last character of base64), so that
   * another form may begin with them.
   */
  readonly shared: number;
}

/**
 * A copy of the match at `index` up to `end`, with the placeholder in its place: unit by unit, in
 * the style found.
 */
export function substituted(form: Form, cursor: Cursor, index: number, end: number): Substituted {
  const target = Uint8Array.from(cursor.data.subarray(index, end));
  const telling = target.find(form.alphabet.tells);
  let at = index;
  let shared = 0;
  for (let unit = 0; unit < form.symbols.length; unit += 1) {
    if (form.alphabet.lineBreaks && unit > 0) at = skipLineBreak(cursor.data, at);
    const next = stepUnit(form, cursor, at, unit);
    let was = cursor.data[at] as number;
    if (next - at > 1) {
      readEscape(cursor.data, at, reading);
      was = reading.symbol;
    }
    const mask = (form.masks[unit] as number) & 0xff;
    const kept = (form.alphabet.read[was] as number) & ~mask & 0xff;
    const symbol = kept | ((form.substitutes[unit] as number) & mask);
    writeLike(target, at - index, next - index, was, form.alphabet.write(symbol, telling ?? was));
    shared = form.alphabet.name === 'base64' && mask !== 63 ? next - at : 0;
    at = next;
  }
  return { bytes: target, shared };
}
