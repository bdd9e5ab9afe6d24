import { typedArrayTag } from './bytes.ts';
import { RANDOM_BYTES_MAX } from './limits.ts';
import { ofHost } from './timing.ts';

/** `Math` and `crypto` for a compartment that was given chance. */
export function makeChance(random: () => number, math: object): { Math: object; crypto: object } {
  const next = (): number => Number(ofHost(random));
  const byte = (): number => Math.floor(next() * 256) & 0xff;
  const ownMath = Object.create(math, { random: { value: next } }) as object;
  const crypto = {
    getRandomValues(into: unknown): unknown {
      if (typeof into !== 'object' || into === null || !isIntegers(typedArrayTag(into))) {
        throw new TypeError('Cannot fill: the argument is no typed array of whole numbers.');
      }
      const { buffer, byteOffset, byteLength } = into as Uint8Array;
      if (byteLength > RANDOM_BYTES_MAX) {
        throw new RangeError(`Cannot fill more than ${RANDOM_BYTES_MAX} bytes at once.`);
      }
      const bytes = new Uint8Array(buffer, byteOffset, byteLength);
      for (let index = 0; index < bytes.length; index += 1) bytes[index] = byte();
      return into;
    },
    /** RFC 9562, version 4. */
    randomUUID(): string {
      const bytes = Array.from({ length: 16 }, byte);
      bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
      bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
      const text = bytes.map((one) => one.toString(16).padStart(2, '0')).join('');
      return [
        text.slice(0, 8),
        text.slice(8, 12),
        text.slice(12, 16),
        text.slice(16, 20),
        text.slice(20),
      ].join('-');
    },
  };
  return { Math: ownMath, crypto };
}

function isIntegers(tag: string | undefined): boolean {
  return tag !== undefined && !tag.startsWith('Float');
}
