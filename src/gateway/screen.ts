import { PowerboxError } from '../wire/errors.ts';
import { HELD_BYTES_MAX, HELD_CALLS_MAX } from './limits.ts';

/**
 * Looks at every message of a peer before the protocol does, and keeps count of what the peer
 * makes this side hold. The messages are those of capnweb; each `push` is a call, takes the next
 * number of a table on this side, and is kept there with its answer until the peer releases it.
 */
export interface Screen {
  /**
   * The message as data, with the number of its call as the call's last argument (see `readCall`).
   * Throws `session-limit` or `call-invalid`, which ends the session.
   */
  admit(text: string): unknown;
  /** Counts the bytes of an answer to a call. False when the peer holds too much already. */
  charge(call: number, bytes: number): boolean;
  /** Bytes of all calls that are held, and of their answers. */
  held(): number;
}

/** Of the protocol's messages, those that a client of powers has use for; the rest are streams. */
const MESSAGES = new Set(['push', 'pull', 'resolve', 'reject', 'release', 'abort']);

/**
 * Forms of values that are taken. Left out are `remap`, which runs a program of the peer's over
 * lists of the peer's choice in one turn of the loop; pipes, which hold without a bound what is
 * written to them and not read; and objects of classes, which no power takes.
 */
const FORMS = new Set([
  'import',
  'pipeline',
  'export',
  'promise',
  'error',
  'bytes',
  'date',
  'bigint',
  'undefined',
  'inf',
  '-inf',
  'nan',
]);

/** The form of an object that has not come to be. */
const NOT_YET = 'promise';

export function makeScreen(): Screen {
  const calls = new Map<number, number>();
  let nextCall = 1;
  let heldBytes = 0;

  function hold(bytes: number): number {
    const call = nextCall;
    nextCall += 1;
    calls.set(call, bytes);
    heldBytes += bytes;
    if (calls.size > HELD_CALLS_MAX || heldBytes > HELD_BYTES_MAX) {
      throw new PowerboxError(
        'session-limit',
        `Cannot go on with the session: it holds ${calls.size} calls of ${heldBytes} bytes that it did not let go of.`,
      );
    }
    return call;
  }

  function release(id: unknown, count: unknown): void {
    // The protocol would add a negative count to what is held.
    if (!Number.isInteger(count) || (count as number) < 1) throw invalid('it releases nothing');
    const bytes = calls.get(id as number);
    if (bytes === undefined) return;
    calls.delete(id as number);
    heldBytes -= bytes;
  }

  return {
    admit(text) {
      const message = parse(text);
      const name: unknown = Array.isArray(message) ? message[0] : undefined;
      if (!Array.isArray(message) || typeof name !== 'string' || !MESSAGES.has(name)) {
        throw invalid('it is of a kind that the gateway does not take');
      }
      if (name === 'push') markCall(message[1], hold(text.length));
      else if (name === 'release') release(message[1], message[2]);
      else checkAnswer(message.slice(1));
      return message;
    },
    charge(call, bytes) {
      const charged = calls.get(call);
      // What the peer has let go of already is dropped as soon as it is there.
      if (charged === undefined) return true;
      if (heldBytes + bytes > HELD_BYTES_MAX) return false;
      calls.set(call, charged + bytes);
      heldBytes += bytes;
      return true;
    },
    held: () => heldBytes,
  };
}

/** The arguments that a method was called with, and the number that the screen gave the call. */
export function readCall(args: readonly unknown[]): {
  readonly call: number;
  readonly args: readonly unknown[];
} {
  return { call: Number(args.at(-1)), args: args.slice(0, -1) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid('it is not JSON');
  }
}

/** A call of a method, `["pipeline", object, path, arguments]`, or a look at what is there. */
function markCall(value: unknown, call: number): void {
  if (!Array.isArray(value) || value[0] !== 'pipeline' || value.length < 3 || value.length > 4) {
    throw invalid('it is no call');
  }
  const args: unknown = value[3];
  if (value.length === 3) return;
  if (!Array.isArray(args)) throw invalid('it has no list of arguments');
  checkForms([...args]);
  args.push(call);
}

/** What is not there yet can be asked for; as an answer it would be waited for, perhaps for good. */
function checkAnswer(parts: readonly unknown[]): void {
  checkForms([...parts], NOT_YET);
}

/**
 * A list within a list is a list of values; any other list is a form, whose first item names it.
 * A form that calls within another's arguments is left out, so that a message is one call.
 */
function checkForms(waiting: unknown[], refused?: string): void {
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (!isObject(value)) continue;
    if (!Array.isArray(value)) {
      pushAll(waiting, Object.values(value));
    } else if (value.length === 1 && Array.isArray(value[0])) {
      pushAll(waiting, value[0]);
    } else {
      checkForm(value, refused);
      if (value[0] === 'error' && isObject(value[4])) waiting.push(value[4]);
    }
  }
}

function checkForm(form: readonly unknown[], refused: string | undefined): void {
  const name = typeof form[0] === 'string' ? form[0] : '';
  const isCall = (name === 'pipeline' || name === 'import') && form.length > 3;
  if (FORMS.has(name) && name !== refused && !isCall) return;
  const what = name === '' ? 'a list that is neither data nor a form' : `the form ${shown(name)}`;
  throw invalid(`it holds ${what}, which the gateway does not take`);
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 20)).replace(/[^\x20-\x7e]/g, '?');
}

/** A loop, because a list can be longer than a call can have arguments. */
function pushAll(waiting: unknown[], values: readonly unknown[]): void {
  for (const value of values) if (isObject(value)) waiting.push(value);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function invalid(why: string): PowerboxError {
  return new PowerboxError('call-invalid', `Cannot read a message: ${why}.`);
}
