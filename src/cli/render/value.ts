import { inspect } from 'node:util';
import { PowerboxError } from '../../wire/errors.ts';
import { visible, visibleJson } from './text.ts';

/** Deeper and longer is what `--json` is for. */
const SHOWN = { depth: 6, maxArrayLength: 200, maxStringLength: 10_000, breakLength: 100 } as const;

/**
 * Data that code gave, for a person: a string as it is, all else as it would be written, and safe
 * for a terminal.
 */
export function valueText(value: unknown, colours: boolean): string {
  if (typeof value === 'string') return value;
  const text = inspect(withoutErrors(value), { ...SHOWN, colors: colours });
  return text
    .split(OUR_MARKS)
    .map((part) => (OUR_MARKS.test(part) ? part : visible(part)))
    .join('');
}

/** What `inspect` itself writes between the words: its colours, and ends of lines. */
const OUR_MARKS = /(\x1b\[\d{1,2}m|\n)/;

/** Data as one line of JSON, safe for a terminal: bytes as base64, large numbers as strings. */
export function valueJson(value: unknown): string {
  const text = JSON.stringify(value ?? null, (_, part: unknown) => {
    if (typeof part === 'bigint') return String(part);
    if (part instanceof Error) return errorParts(part);
    if (part instanceof Uint8Array) return Buffer.from(part).toString('base64');
    if (typeof part !== 'function' && !isFar(part)) return part;
    throw new PowerboxError('not-passable', 'Cannot print an object of the code as JSON.', {
      hint: 'Let the program end with plain data.',
    });
  });
  return visibleJson(text);
}

/** The words of an error; its stack would be of this program, and `inspect` writes it as it is. */
class ShownError {
  readonly #text: string;

  constructor({ name, message, code }: ErrorParts) {
    const mark = code === undefined ? '' : ` [${code}]`;
    this.#text = visible(`${name}${mark}${message === '' ? '' : `: ${message}`}`);
  }

  [inspect.custom](): string {
    return this.#text;
  }
}

interface ErrorParts {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
}

function errorParts({ name, message, code }: Error & { readonly code?: unknown }): ErrorParts {
  return { name, message, ...(typeof code === 'string' ? { code } : {}) };
}

/** A copy with every error as its words. What crossed is a tree of bounded depth. */
function withoutErrors(value: unknown): unknown {
  if (value instanceof Error) return new ShownError(errorParts(value));
  if (Array.isArray(value)) return value.map(withoutErrors);
  if (typeof value !== 'object' || value === null || isFar(value)) return value;
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, withoutErrors(part)]));
}

/** Far objects have no prototype. */
function isFar(part: unknown): boolean {
  return typeof part === 'object' && part !== null && Object.getPrototypeOf(part) === null;
}
