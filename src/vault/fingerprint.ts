/**
 * Fingerprints of values: enough to recognise a value in a text, and too little to write it down.
 * There is one for each sequence of bytes that a value is written as, and none for its encodings:
 * whoever looks for it undoes those. So a fingerprint tells WINDOW_BITS bits of the value, its
 * length up to RECOGNISED_BYTES_MAX, and, to whoever guesses it, that the guess was right.
 */
import { createHmac, hkdfSync } from 'node:crypto';
import { RECOGNISED_BYTES_MAX, WINDOW_BYTES } from './limits.ts';

export interface Fingerprint {
  /** Keyed hash of the last WINDOW_BYTES bytes, WINDOW_BITS long. */
  readonly window: number;
  /** How many bytes at the end of the value `mac` is of. */
  readonly length: number;
  /** HMAC-SHA-256 of them (RFC 2104), its first 16 bytes in hex. */
  readonly mac: string;
  /** The last WINDOW_BYTES bytes are characters that tokens are made of, see `isTokenByte`. */
  readonly token: boolean;
  /** All of these bytes are ASCII. */
  readonly ascii: boolean;
  /** One of them begins escapes in the usual encodings: `%`, `&` or a backslash. */
  readonly escapes: boolean;
}

/** Values of one name that are recognised. */
export interface WatchedValues {
  /** Of the secret, or of the variable of a masked file. */
  readonly name: string;
  /** The value that the secret has, one that it had, or one of a masked file. */
  readonly kind: 'value' | 'former' | 'file';
  readonly prints: readonly Fingerprint[];
}

/** What an egress is told, so that it recognises values that it does not hold. */
export interface Watched {
  /** Hex; the key of all fingerprints of one home. */
  readonly key: string;
  readonly values: readonly WatchedValues[];
}

/** Bits of the hash of a window: few, since they are bits of the value; enough to be hit seldom. */
export const WINDOW_BITS = 24;

/**
 * The rolling hash of a window: each byte stands for a word drawn with the key; the words are
 * turned by their place and joined by exclusive or (Cohen, "Recursive hashing functions for
 * n-grams", 1997). Gives the word of each byte.
 */
export function windowWordsOf(key: Buffer): Int32Array {
  const known = WORDS.get(key);
  if (known !== undefined) return known;
  const drawn = Buffer.from(hkdfSync('sha256', key, '', 'powerbox/1/fingerprint/window', 1024));
  const words = Int32Array.from({ length: 256 }, (_, byte) => drawn.readInt32LE(byte * 4));
  WORDS.set(key, words);
  return words;
}

/** Drawing them takes longer than all fingerprints of a value. */
const WORDS = new WeakMap<Buffer, Int32Array>();

/** `word` turned to the left by so many bits, of which there are 1 to 31. */
export function turned(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

/** Letters, digits, and what base64, base64url and dotted tokens have besides. */
export function isTokenByte(byte: number): boolean {
  return /[A-Za-z0-9+/_.=~-]/.test(String.fromCharCode(byte));
}

/** The code of these bytes, as `Fingerprint.mac` has it. */
export function codeOf(key: Buffer, bytes: Uint8Array): string {
  return createHmac('sha256', key).update('value').update(bytes).digest('hex').slice(0, 32);
}

/** None for a value that is too short to be told from text by chance (`--short`). */
export function fingerprintsOf(key: Buffer, value: string): readonly Fingerprint[] {
  const words = windowWordsOf(key);
  return bytesOf(value)
    .filter((bytes) => bytes.length >= WINDOW_BYTES)
    .map((bytes) => {
      const end = bytes.subarray(-RECOGNISED_BYTES_MAX);
      let hash = 0;
      for (const byte of bytes.subarray(-WINDOW_BYTES)) {
        hash = turned(hash, 1) ^ (words[byte] as number);
      }
      return {
        window: hash >>> (32 - WINDOW_BITS),
        length: end.length,
        mac: codeOf(key, end),
        token: bytes.subarray(-WINDOW_BYTES).every(isTokenByte),
        ascii: end.every((byte) => byte < 0x80),
        escapes: end.some((byte) => byte === 0x25 || byte === 0x26 || byte === 0x5c),
      };
    });
}

/**
 * A header carries ISO 8859-1, a body UTF-8; a space is a plus in a form (URL Standard,
 * application/x-www-form-urlencoded).
 */
function bytesOf(value: string): readonly Buffer[] {
  const texts = value.includes(' ') ? [value, value.replaceAll(' ', '+')] : [value];
  return texts.flatMap((text) => {
    const utf8 = Buffer.from(text, 'utf8');
    if (utf8.length === text.length) return [utf8];
    const latin1 = Buffer.from(text, 'latin1');
    return latin1.toString('latin1') === text ? [utf8, latin1] : [utf8];
  });
}
