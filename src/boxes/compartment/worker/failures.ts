import { type ErrorParts, errorParts, inspect } from '../../../confine/inspect.ts';
import { plainError } from '../../../confine/pass.ts';
import { framesOf } from '../../../confine/source/positions.ts';
import { ERRORS, type ErrorCode, PowerboxError } from '../../../wire/errors.ts';
import { FAILURE_CHARS_MAX } from './limits.ts';

/** What a program's reader says of it, and what a compartment's limits say; all else is the code's. */
const OF_THE_ROOM: ReadonlySet<string> = new Set<ErrorCode>([
  'source-invalid',
  'module-missing',
  'endowment-missing',
  'not-passable',
  'compartment-limit',
  'compartment-ended',
  'method-unknown',
]);

/** What the maker of a compartment is told of a failure of its code. */
export function failure(error: unknown): PowerboxError {
  if (error instanceof PowerboxError && OF_THE_ROOM.has(error.code)) {
    return new PowerboxError(error.code, clip(error.message), { hint: error.hint });
  }
  // The code's own words may be no sentence; what is shown is one.
  const text = clip(textOf(error)).replace(/\.$/, '');
  return new PowerboxError('evaluation-failed', `${text}${placeOf(error)}.`);
}

/** Where in the program it was thrown: ` (task.ts:3:5)`. Of the host's own files nothing is told. */
function placeOf(error: unknown): string {
  const { getStackString } = globalThis as { getStackString?: (error: unknown) => string };
  if (typeof error !== 'object' || error === null || getStackString === undefined) return '';
  try {
    const [frame] = framesOf(getStackString(error));
    return frame === undefined ? '' : ` (${frame.file}:${frame.line}:${frame.column})`;
  } catch {
    // An object that only pretends to be an error, and throws when it is looked at.
    return '';
  }
}

function textOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return `The code threw ${inspect(error)}.`;
  const { name, message } = errorParts(error);
  return message === '' ? name : name === 'Error' ? message : `${name}: ${message}`;
}

function clip(text: string): string {
  return text.length <= FAILURE_CHARS_MAX ? text : `${text.slice(0, FAILURE_CHARS_MAX - 1)}…`;
}

/** Errors that are data of the code's, and cross as such. */
const DATA = new WeakSet<Error>();

export function dataError(parts: ErrorParts): Error {
  const made = plainError(parts);
  DATA.add(made);
  return made;
}

/** An error as it crosses: its message is `[code] sentence`, and code and hint come beside it. */
export function sentError(error: Error): Error | undefined {
  if (DATA.has(error)) return undefined;
  const { code, message, hint } =
    error instanceof PowerboxError
      ? error
      : new PowerboxError('internal', 'Something failed in the worker.');
  const sent = new Error(`[${code}] ${message}`);
  sent.stack = '';
  return Object.assign(sent, { code, hint });
}

/** What a power or a function of the maker said, as its user's error: no stack, no class. */
export function receivedFailure(error: unknown): Error {
  const { message, hint } = (error ?? {}) as {
    readonly message?: unknown;
    readonly hint?: unknown;
  };
  const text = typeof message === 'string' ? message : '';
  const [, code, sentence] = /^\[([a-z-]+)\] (.*)$/s.exec(text) ?? [];
  if (code === undefined || sentence === undefined || !Object.hasOwn(ERRORS, code)) {
    return plainError({ name: 'Error', message: 'The call failed.', code: undefined });
  }
  const received = plainError({ name: 'Error', message: sentence, code });
  return typeof hint === 'string' ? Object.assign(received, { hint }) : received;
}
