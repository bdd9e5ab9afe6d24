import { ERRORS, type ErrorCode, PowerboxError } from '../wire/errors.ts';

/** What the library says of a peer's own fault, and what it means here. */
const FAULTS: readonly (readonly [RegExp, ErrorCode])[] = [
  [/after it (?:was|has been) disposed/, 'reference-closed'],
  [/^no such (?:entry on exports table|export ID)/, 'reference-closed'],
  [
    /^(?:unknown special value|bad RPC message|Unknown bytes type|Invalid byte length)/,
    'call-invalid',
  ],
  [/^refcount would go negative/, 'call-invalid'],
  [/^Deserializ(?:ation|ed)/, 'session-limit'],
  [/^(?:Tried to resolve|Can't dup|RPC stub points|Attempted to access)/, 'call-invalid'],
];

const FAULT_CHARS_MAX = 200;

/** Errors that are data of somebody's, and cross as such. */
const DATA = new WeakSet<Error>();

/** A copy of an error that is a value, not a failure: its words and its code, and nothing else. */
export function dataError({ name, message, code }: Error & { readonly code?: unknown }): Error {
  const made = Object.assign(new Error(String(message)), { name: String(name) });
  made.stack = '';
  if (typeof code === 'string') Object.assign(made, { code });
  DATA.add(made);
  return made;
}

/**
 * An error as it crosses to a peer: its message is `[code] sentence`, and `code` and `hint` come
 * beside it. No stack and no cause. Of an error that nobody meant to be read, only that there was
 * one; `log` gets the rest.
 */
export function sentError(error: unknown, log: (error: unknown) => void): Error {
  if (error instanceof Error && DATA.has(error)) return error;
  const known = PowerboxError.is(error) ? error : translate(error, log);
  const sent = new Error(`[${known.code}] ${known.message}`);
  sent.stack = '';
  return Object.assign(sent, { code: known.code, hint: known.hint });
}

function translate(error: unknown, log: (error: unknown) => void): PowerboxError {
  const message = error instanceof Error ? error.message : '';
  if (isOfPath(error)) {
    return new PowerboxError('method-unknown', 'Cannot do this: nothing is at this path.');
  }
  const method = /^'([^']*)' is not a function\.$/.exec(message)?.[1];
  if (method !== undefined) {
    const name = method === '' ? 'this' : method.slice(0, FAULT_CHARS_MAX);
    return new PowerboxError(
      'method-unknown',
      `Cannot call ${name}: the object has no such method.`,
    );
  }
  const code = FAULTS.find(([pattern]) => pattern.test(message))?.[1];
  if (code !== undefined) {
    const text = message.slice(0, FAULT_CHARS_MAX).replace(/\.$/, '');
    return new PowerboxError(code, `Cannot do this: ${text}.`);
  }
  log(error);
  return new PowerboxError('internal', 'Something failed in the daemon; its log says what.');
}

/** The library walks a peer's path over what is not there, and falls. */
function isOfPath(error: unknown): boolean {
  const place = error instanceof TypeError ? error.stack?.split('\n')[1] : undefined;
  return place?.includes('followPath') === true;
}

/** The error that `sentError` made, on the side of a client. */
export function receivedError(error: unknown): PowerboxError | undefined {
  const message = error instanceof Error ? error.message : '';
  const [, code, sentence] = /^\[([a-z-]+)\] (.*)$/s.exec(message) ?? [];
  if (code === undefined || sentence === undefined || !Object.hasOwn(ERRORS, code)) {
    return undefined;
  }
  const { hint } = error as { readonly hint?: unknown };
  const options = typeof hint === 'string' ? { hint } : {};
  return new PowerboxError(code as ErrorCode, sentence, options);
}
