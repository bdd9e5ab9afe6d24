import { inspect } from 'node:util';
import { PowerboxError } from '../../wire/errors.ts';

/** Deeper and longer is what `--json` is for. */
const SHOWN = { depth: 6, maxArrayLength: 200, maxStringLength: 10_000, breakLength: 100 } as const;

/** Data that code gave, for a person: a string as it is, all else as it would be written. */
export function valueText(value: unknown, colours: boolean): string {
  return typeof value === 'string' ? value : inspect(value, { ...SHOWN, colors: colours });
}

/** Data as one line of JSON: bytes as base64, large numbers as strings. */
export function valueJson(value: unknown): string {
  return JSON.stringify(value ?? null, (_, part: unknown) => {
    if (typeof part === 'bigint') return String(part);
    if (part instanceof Uint8Array) return Buffer.from(part).toString('base64');
    if (typeof part !== 'function' && !isFar(part)) return part;
    throw new PowerboxError('not-passable', 'Cannot print an object of the code as JSON.', {
      hint: 'Let the program end with plain data.',
    });
  });
}

/** Far objects have no prototype. */
function isFar(part: unknown): boolean {
  return typeof part === 'object' && part !== null && Object.getPrototypeOf(part) === null;
}
