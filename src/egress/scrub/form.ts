/**
 * The forms of a value: each is a sequence of units, and a unit is what one character of a text
 * must mean. Text has a unit for each byte of the value, hex two, base64 one for each six bits.
 */
import { isIntroducer } from './escape.ts';
import { BASE64_KNOWN_CHARS_MIN } from './limits.ts';

/** `read` gives this for a character outside the alphabet; every mask keeps the bit. */
const FOREIGN = 0x100;

export interface Form {
  /** What each unit means: a byte, a nibble or six bits. */
  readonly symbols: Uint16Array;
  /** Which bits of a unit belong to the value: the last of base64 is shared with what follows. */
  readonly masks: Uint16Array;
  /** The same units of the placeholder. */
  readonly substitutes: Uint16Array;
  readonly alphabet: Alphabet;
  /** The value has characters that begin escapes, so that a reading can depend on what follows. */
  readonly lookahead: boolean;
  /** Filled at the first deep failure: the longest border of each prefix (Knuth, Morris, Pratt). */
  borders: Int32Array | undefined;
}

interface Alphabet {
  readonly name: 'text' | 'hex' | 'base64';
  /** Symbol of each byte, or FOREIGN. */
  readonly read: Uint16Array;
  /** The byte that stands for a symbol where `like` stood before. */
  readonly write: (symbol: number, like: number) => number;
  /** Whether a byte tells the style of the whole match (upper case hex, base64url). */
  readonly tells: (byte: number) => boolean;
  readonly escapes: boolean;
  readonly lineBreaks: boolean;
}

function table(symbolOf: (byte: number) => number): Uint16Array {
  return Uint16Array.from({ length: 256 }, (_, byte) => symbolOf(byte));
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const BASE64URL = `${BASE64.slice(0, 62)}-_`;

const TEXT: Alphabet = {
  name: 'text',
  read: table((byte) => byte),
  // A form-encoded space is a plus (URL Standard, application/x-www-form-urlencoded).
  write: (symbol, like) => (symbol === 0x20 && like === 0x2b ? like : symbol),
  tells: () => false,
  escapes: true,
  lineBreaks: false,
};

const HEX: Alphabet = {
  name: 'hex',
  read: table((byte) => {
    const index = '0123456789abcdef'.indexOf(String.fromCharCode(byte).toLowerCase());
    return index < 0 ? FOREIGN : index;
  }),
  write: (symbol, like) => {
    const digit = symbol.toString(16);
    return (like >= 0x41 && like <= 0x46 ? digit.toUpperCase() : digit).charCodeAt(0);
  },
  tells: (byte) => byte >= 0x41,
  escapes: false,
  lineBreaks: false,
};

/** RFC 4648 §4 and §5 in one, since a text may hold either. */
const BASE64_ALPHABET: Alphabet = {
  name: 'base64',
  read: table((byte) => {
    const char = String.fromCharCode(byte);
    const index = BASE64.includes(char) ? BASE64.indexOf(char) : BASE64URL.indexOf(char);
    return index < 0 ? FOREIGN : index;
  }),
  write: (symbol, like) => (like === 0x2d || like === 0x5f ? BASE64URL : BASE64).charCodeAt(symbol),
  tells: (byte) => byte === 0x2d || byte === 0x5f,
  escapes: true,
  lineBreaks: true,
};

/** Every form that is searched for, the value given as the bytes that go on the wire. */
export function formsOf(value: string, placeholder: string): Form[] {
  if (value === '') return [];
  const forms: Form[] = [];
  for (const bytes of byteForms(value)) {
    const substitute = adapted(Buffer.from(placeholder, bytes.charset), bytes.data);
    forms.push(...textForms(bytes.data, substitute));
    forms.push(whole(HEX, nibbles(bytes.data), nibbles(substitute)));
    for (let lead = 0; lead < 3; lead += 1) {
      const form = base64Form(bytes.data, substitute, lead);
      if (form !== undefined) forms.push(form);
    }
  }
  return forms;
}

/** A header carries Latin-1, a body UTF-8; they are one and the same for a value in ASCII. */
function byteForms(value: string): { data: Uint8Array; charset: 'latin1' | 'utf8' }[] {
  const utf8 = { data: Buffer.from(value, 'utf8'), charset: 'utf8' } as const;
  if (utf8.data.length === value.length) return [utf8];
  const latin1 = { data: Buffer.from(value, 'latin1'), charset: 'latin1' } as const;
  return latin1.data.toString('latin1') === value ? [latin1, utf8] : [utf8];
}

/** The placeholder cut or repeated to the value's length; stars when there is nothing to repeat. */
function adapted(placeholder: Uint8Array, value: Uint8Array): Uint8Array {
  const usable = placeholder.length > 0 && Buffer.compare(placeholder, value) !== 0;
  return Uint8Array.from(value, (_, index) =>
    usable ? (placeholder[index % placeholder.length] ?? 0x2a) : 0x2a,
  );
}

function textForms(value: Uint8Array, substitute: Uint8Array): Form[] {
  const forms = [whole(TEXT, value, substitute)];
  // UTF-16 of either byte order holds the value with a NUL between each two characters.
  if (value.length > 1) forms.push(whole(TEXT, withNuls(value), withNuls(substitute)));
  return forms;
}

function withNuls(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from({ length: bytes.length * 2 - 1 }, (_, index) =>
    index % 2 === 0 ? (bytes[index / 2] ?? 0) : 0,
  );
}

function nibbles(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from({ length: bytes.length * 2 }, (_, index) => {
    const byte = bytes[index >> 1] ?? 0;
    return index % 2 === 0 ? byte >> 4 : byte & 15;
  });
}

function whole(alphabet: Alphabet, value: Uint8Array, substitute: Uint8Array): Form {
  return {
    symbols: Uint16Array.from(value),
    masks: new Uint16Array(value.length).fill(FOREIGN | 0xff),
    substitutes: Uint16Array.from(substitute),
    alphabet,
    lookahead: alphabet.escapes && value.some(isIntroducer),
    borders: undefined,
  };
}

/**
 * Base64 of a text in which `lead` bytes (modulo three) come before the value. It starts at the
 * first character that holds nothing but the value: the one before it can have up to four bits of
 * the value's first byte, and waiting at every such character would delay a stream of text.
 */
function base64Form(value: Uint8Array, substitute: Uint8Array, lead: number): Form | undefined {
  const first = Math.ceil((lead * 8) / 6);
  const last = Math.ceil(((lead + value.length) * 8) / 6);
  const known = sextets(new Uint8Array(value.length).fill(0xff), lead).slice(first, last);
  if (known.filter((mask) => mask === 63).length < BASE64_KNOWN_CHARS_MIN) return undefined;
  return {
    symbols: sextets(value, lead).slice(first, last),
    masks: known.map((mask) => mask | FOREIGN),
    substitutes: sextets(substitute, lead).slice(first, last),
    alphabet: BASE64_ALPHABET,
    lookahead: false,
    borders: undefined,
  };
}

function sextets(bytes: Uint8Array, lead: number): Uint16Array {
  const padded = new Uint8Array(lead + bytes.length + 3);
  padded.set(bytes, lead);
  return Uint16Array.from({ length: Math.ceil(((lead + bytes.length) * 8) / 6) }, (_, index) => {
    const bit = index * 6;
    const pair = ((padded[bit >> 3] ?? 0) << 8) | (padded[(bit >> 3) + 1] ?? 0);
    return (pair >> (10 - (bit & 7))) & 63;
  });
}
