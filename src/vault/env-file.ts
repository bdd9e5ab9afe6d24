import { PowerboxError } from '../wire/errors.ts';
import { MASK_BYTES_MAX } from './limits.ts';
import { maskWords } from './mask-words.ts';

export interface MaskedValue {
  /** Name of the variable; empty for a word of a file that has no names. */
  readonly name: string;
  /** What a program would read from the host's file. */
  readonly value: string;
  /** What it reads in the box; as many bytes of UTF-8 as `value`. */
  readonly placeholder: string;
}

/** A placeholder of the same length; `makePlaceholder` with its other arguments bound. */
export type PlaceholderMaker = (value: string) => string;

/** Names whose value is masked however plain it looks. */
const TELLING_NAME = /PASS|PIN|SECRET|TOKEN|KEY|CODE|AUTH|CRED/i;
const PLAIN_VALUE = /^(?:[+-]?\d{1,5}|\d{1,3}\.\d|true|false|yes|no|on|off|null|none)$/i;
const PLAIN_CHARS_MAX = 5;
const ASSIGNMENT = /^([ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)(?:[ \t]*=[ \t]*|:[ \t]+))/;
/** Strings of bytes are handled as ISO 8859-1 text, so that every character is one byte. */
type Bytes = string;

/**
 * A copy of `text` in which every value is a placeholder, and everything else, byte for byte and
 * so in length too, is as it was. See `maskFile`.
 */
export function maskEnvFile(
  text: string,
  make: PlaceholderMaker,
): { masked: string; values: readonly MaskedValue[] } {
  const { masked, values } = maskFile(Buffer.from(text, 'utf8'), make);
  return { masked: Buffer.from(masked).toString('utf8'), values };
}

/**
 * Masks a file of lines `NAME=VALUE`: `export`, comments, single, double and back quotes over
 * several lines are understood. What stays readable: names, comments, empty values, and values of
 * at most five characters that are a number or true, false, yes, no, on, off, null, none, unless
 * the name tells of a secret. A comment loses what it assigns and each long word with a digit.
 *
 * Of any other file every word is masked, see `maskWords`. Throws `mask-too-large`.
 */
export function maskFile(
  content: Uint8Array,
  make: PlaceholderMaker,
): { masked: Uint8Array; values: readonly MaskedValue[] } {
  if (content.length > MASK_BYTES_MAX) {
    throw new PowerboxError(
      'mask-too-large',
      `Cannot mask a file of ${content.length} bytes: the most is ${MASK_BYTES_MAX}.`,
      { hint: 'Move the file out of the workspace.' },
    );
  }
  const bytes = Buffer.from(content).toString('latin1');
  const pieces = parse(bytes);
  const { masked, values } = pieces === undefined ? maskWords(bytes, make) : mask(pieces, make);
  return { masked: Buffer.from(masked, 'latin1'), values };
}

/** A stretch of the file: kept, a comment, or the value of a name. */
type Piece =
  | { readonly type: 'kept'; readonly raw: Bytes }
  | { readonly type: 'comment'; readonly raw: Bytes }
  | { readonly type: 'value'; readonly name: string; readonly raw: Bytes; readonly quote: string };

/** The file in pieces, in order and without a gap; undefined when a line is no assignment. */
function parse(bytes: Bytes): readonly Piece[] | undefined {
  const pieces: Piece[] = [];
  let at = bytes.startsWith('\xef\xbb\xbf') ? 3 : 0;
  if (at > 0) pieces.push({ type: 'kept', raw: bytes.slice(0, at) });
  while (at < bytes.length) {
    const end = lineEnd(bytes, at);
    const line = bytes.slice(at, end);
    const blank = /^[ \t]*/.exec(line)?.[0] ?? '';
    const found = ASSIGNMENT.exec(line);
    if (found !== null) {
      const start = at + (found[1] ?? '').length;
      pieces.push({ type: 'kept', raw: bytes.slice(at, start) });
      at = value(bytes, start, found[2] ?? '', pieces);
    } else if (blank.length === line.length || line.charAt(blank.length) === '#') {
      pieces.push({ type: 'comment', raw: line });
      at = end;
    } else {
      return undefined;
    }
    const newline = /^\r?\n|^\r/.exec(bytes.slice(at, at + 2))?.[0] ?? '';
    pieces.push({ type: 'kept', raw: newline });
    at += newline.length;
  }
  return isEnvironment(pieces) ? pieces : undefined;
}

/**
 * A line of base64 with its `=` at the end looks like a name without a value; such a line is a
 * name only when it is spelt as nothing but a name is.
 */
function isEnvironment(pieces: readonly Piece[]): boolean {
  const values = pieces.filter((piece) => piece.type === 'value');
  return values.every(({ name, raw, quote }) => {
    if (quote !== '' || /[^=]/.test(raw)) return true;
    return (
      raw === '' && (name.length < ODD_NAME_CHARS_MIN || /^[A-Z0-9]+(_[A-Z0-9]+)+$/.test(name))
    );
  });
}

const ODD_NAME_CHARS_MIN = 12;

/** Adds the value that begins at `start` and what follows it on its line; returns where it ends. */
function value(bytes: Bytes, start: number, name: string, pieces: Piece[]): number {
  const quote = bytes.charAt(start);
  const close = /["'`]/.test(quote) ? closingQuote(bytes, start) : -1;
  const after = close < 0 ? '' : bytes.slice(close + 1, lineEnd(bytes, close + 1));
  // Something else glued to the closing quote: no two parsers agree, so all of it is the value.
  if (close >= 0 && /^[ \t]*(?:#|$)/.test(after)) {
    pieces.push({ type: 'kept', raw: quote });
    pieces.push({ type: 'value', name, raw: bytes.slice(start + 1, close), quote });
    pieces.push({ type: 'kept', raw: quote }, { type: 'comment', raw: after });
    return close + 1 + after.length;
  }
  const end = lineEnd(bytes, start);
  const line = bytes.slice(start, end);
  // Some parsers end a value at any `#`; masking up to the later end is right for them too.
  const bare = line.slice(0, line.search(/(?:^|[ \t])#|$/)).replace(/[ \t]+$/, '');
  pieces.push({ type: 'value', name, raw: bare, quote: '' });
  pieces.push({ type: 'comment', raw: line.slice(bare.length) });
  return end;
}

function lineEnd(bytes: Bytes, from: number): number {
  const at = bytes.slice(from).search(/[\r\n]/);
  return at < 0 ? bytes.length : from + at;
}

/** Where the quote that opens at `start` closes, or -1. A backslash hides only a double quote. */
function closingQuote(bytes: Bytes, start: number): number {
  const quote = bytes.charAt(start);
  for (let at = start + 1; at < bytes.length; at++) {
    const char = bytes.charAt(at);
    if (char === '\\' && quote === '"') at++;
    else if (char === quote) return at;
  }
  return -1;
}

function mask(
  pieces: readonly Piece[],
  make: PlaceholderMaker,
): { masked: Bytes; values: readonly MaskedValue[] } {
  const values: MaskedValue[] = [];
  const masked = pieces.map((piece) => {
    if (piece.type === 'kept') return piece.raw;
    if (piece.type === 'comment') return maskComment(piece.raw, make);
    if (piece.raw === '' || isPlain(piece.name, piece.raw)) return piece.raw;
    const units = unitsOf(piece.raw, piece.quote);
    const fill = placeholderFor(units, make);
    const read = units.map(({ means }) => means).join('');
    values.push({ name: piece.name, value: utf8(read), placeholder: fill.read });
    return fill.raw;
  });
  return { masked: masked.join(''), values };
}

function isPlain(name: string, raw: Bytes): boolean {
  return raw.length <= PLAIN_CHARS_MAX && PLAIN_VALUE.test(raw) && !TELLING_NAME.test(name);
}

/** One character as it is written, and what it means. */
interface Unit {
  readonly raw: Bytes;
  readonly means: Bytes;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\\n': '\n',
  '\\r': '\r',
  '\\t': '\t',
  '\\"': '"',
  '\\$': '$',
  '\\\\': '\\',
};

function unitsOf(raw: Bytes, quote: string): readonly Unit[] {
  const parts = quote === '"' ? raw.match(/\\[nrt"$\\]|[\s\S]/g) : raw.split('');
  return (parts ?? []).map((part) => ({ raw: part, means: ESCAPES[part] ?? part }));
}

/**
 * A placeholder in the writing of its value: escapes and line breaks stay where they are, so that
 * it is as long as the value both in the file and when read from it.
 */
function placeholderFor(
  units: readonly Unit[],
  make: PlaceholderMaker,
): { raw: Bytes; read: string } {
  const stays = ({ raw, means }: Unit): boolean => raw.length > 1 || /[\r\n]/.test(means);
  const free = units.filter((unit) => !stays(unit)).map(({ means }) => means);
  const filler = free.length === 0 ? '' : make(free.join(''));
  if (!/^[\x20-\x7e]*$/.test(filler) || filler.length !== free.length) {
    throw new PowerboxError('internal', 'Cannot mask a value: its placeholder has another length.');
  }
  let next = 0;
  const raw: string[] = [];
  const read: string[] = [];
  for (const unit of units) {
    const drawn = stays(unit) ? undefined : filler.charAt(next++);
    raw.push(drawn ?? unit.raw);
    read.push(drawn ?? unit.means);
  }
  return { raw: raw.join(''), read: read.join('') };
}

function utf8(bytes: Bytes): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** Old keys are left behind in comments, as `# NAME=VALUE` or in a sentence. */
function maskComment(raw: Bytes, make: PlaceholderMaker): Bytes {
  return raw
    .replace(/([A-Za-z_][A-Za-z0-9_]*[ \t]*=[ \t]*["'`]?)([^ \t"'`]+)/g, (_, head, old) =>
      PLAIN_VALUE.test(old) ? `${head}${old}` : `${head}${make(old)}`,
    )
    .replace(/([^ \t"'`()<>,;=]{12,})(=(?=[^= \t]))?/g, (all, word, assigns = '') => {
      const isName = assigns !== '' && /^[A-Z_][A-Z0-9_]*$/.test(word);
      const telling = /[0-9]/.test(word) && /[A-Za-z]/.test(word);
      return telling && !isName ? `${make(word)}${assigns}` : all;
    });
}
