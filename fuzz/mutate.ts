import type { Random } from './random.ts';

/** Longest input that is made: bounds are tried by the unit tests, this looks for odd shapes. */
const INPUT_BYTES_MAX = 4096;

/** Bytes at the edges of classes that parsers tell apart. */
const ODD_BYTES = [
  ...[0x00, 0x09, 0x0a, 0x0d, 0x20, 0x22, 0x25, 0x27, 0x2d, 0x2e, 0x2f, 0x30, 0x3b, 0x5c, 0x7f],
  ...[0x80, 0xbf, 0xc0, 0xc3, 0xe0, 0xed, 0xef, 0xf0, 0xff],
];

type Change = (input: Uint8Array, random: Random, words: readonly Uint8Array[]) => Uint8Array;

const CHANGES: readonly Change[] = [
  // A bit turned, a byte made odd, a byte of a neighbouring value.
  (input, random) => replaceAt(input, random, (byte) => byte ^ (1 << random.below(8))),
  (input, random) => replaceAt(input, random, () => random.pick(ODD_BYTES)),
  (input, random) =>
    replaceAt(input, random, (byte) => (byte + (random.below(2) === 0 ? 1 : 255)) & 255),
  // A word put in, or put over something.
  (input, random, words) => splice(input, random.below(input.length + 1), 0, random.pick(words)),
  (input, random, words) => {
    const [at, length] = stretch(input, random);
    return splice(input, at, length, random.pick(words));
  },
  // A stretch taken out, doubled, moved, or repeated.
  (input, random) => splice(input, ...stretch(input, random), new Uint8Array()),
  (input, random) => {
    const [at, length] = stretch(input, random);
    return splice(input, random.below(input.length + 1), 0, input.slice(at, at + length));
  },
  (input, random) => {
    const [at, length] = stretch(input, random);
    const piece = input.slice(at, at + length);
    return splice(input, at, 0, repeated(piece, 1 + random.below(40)));
  },
  // The end cut off.
  (input, random) => input.slice(0, random.below(input.length + 1)),
];

/** An input a few changes away from one that is known, or from two of them joined. */
export function mutate(
  inputs: readonly Uint8Array[],
  words: readonly Uint8Array[],
  random: Random,
): Uint8Array {
  let made = random.pick(inputs);
  if (random.below(8) === 0) {
    const other = random.pick(inputs);
    const tail = other.slice(random.below(other.length + 1));
    made = splice(made, random.below(made.length + 1), made.length, tail);
  }
  const changes = 1 + random.below(4);
  for (let i = 0; i < changes; i++) made = random.pick(CHANGES)(made, random, words);
  return made.slice(0, INPUT_BYTES_MAX);
}

function replaceAt(
  input: Uint8Array,
  random: Random,
  change: (byte: number) => number,
): Uint8Array {
  if (input.length === 0) return input;
  const made = input.slice();
  const at = random.below(made.length);
  made[at] = change(made[at] as number);
  return made;
}

/** Short stretches more often than long ones. */
function stretch(input: Uint8Array, random: Random): readonly [at: number, length: number] {
  const at = random.below(input.length + 1);
  const longest = Math.min(input.length - at, 1 << random.below(8));
  return [at, random.below(longest + 1)];
}

export function splice(
  input: Uint8Array,
  at: number,
  length: number,
  piece: Uint8Array,
): Uint8Array {
  const rest = input.subarray(Math.min(input.length, at + length));
  const made = new Uint8Array(at + piece.length + rest.length);
  made.set(input.subarray(0, at));
  made.set(piece, at);
  made.set(rest, at + piece.length);
  return made;
}

function repeated(piece: Uint8Array, times: number): Uint8Array {
  const made = new Uint8Array(Math.min(piece.length * times, INPUT_BYTES_MAX));
  for (let at = 0; at < made.length; at += Math.max(1, piece.length)) {
    made.set(piece.subarray(0, made.length - at), at);
  }
  return made;
}
