import { PowerboxError } from '../wire/errors.ts';
import { HELD_BYTES_MAX, HELD_CALLS_MAX } from './limits.ts';

/**
 * Looks at every message of a peer before the protocol does, and keeps count of what the peer
 * makes this side hold. The messages are those of capnweb; each `push` takes the next number of a
 * table on this side and stays there until the peer releases it.
 */
export interface Screen {
  /** The message as data. Throws `session-limit` or `call-invalid`, which ends the session. */
  admit(text: string): unknown;
}

/** Of the protocol's messages, those that a client of powers has use for; the rest are streams. */
const MESSAGES = new Set(['push', 'pull', 'resolve', 'reject', 'release', 'abort']);

/**
 * Forms of values that are left out. `remap` runs a program of the peer's over lists of the peer's
 * choice, in one turn of the loop. A pipe that nobody reads holds what is written to it without a
 * bound. The others are objects of classes, which no power takes.
 */
const REFUSED_FORMS = new Set([
  'remap',
  'readable',
  'writable',
  'blob',
  'request',
  'response',
  'headers',
  'url',
]);

export function makeScreen(): Screen {
  const held = new Map<number, number>();
  let nextCall = 1;
  let heldBytes = 0;

  function hold(bytes: number): void {
    held.set(nextCall, bytes);
    nextCall += 1;
    heldBytes += bytes;
    if (held.size > HELD_CALLS_MAX || heldBytes > HELD_BYTES_MAX) {
      throw new PowerboxError(
        'session-limit',
        `Cannot go on with the session: it holds ${held.size} calls of ${heldBytes} bytes that it did not let go of.`,
      );
    }
  }

  function release(id: unknown, count: unknown): void {
    // The protocol would add a negative count to what is held.
    if (!Number.isInteger(count) || (count as number) < 1) throw invalid('it releases nothing');
    const bytes = held.get(id as number);
    if (bytes === undefined) return;
    held.delete(id as number);
    heldBytes -= bytes;
  }

  return {
    admit(text) {
      const message = parse(text);
      const name: unknown = Array.isArray(message) ? message[0] : undefined;
      if (!Array.isArray(message) || typeof name !== 'string' || !MESSAGES.has(name)) {
        throw invalid('it is of a kind that the gateway does not take');
      }
      if (name === 'push') hold(text.length);
      if (name === 'release') release(message[1], message[2]);
      else checkForms(message.slice(1));
      return message;
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid('it is not JSON');
  }
}

/**
 * A list within a list is a list of values; any other list is a form, whose first item names it.
 * The values within a form stand in its objects and in its lists of arguments.
 */
function checkForms(values: unknown[]): void {
  const waiting = values;
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (typeof value !== 'object' || value === null) continue;
    if (!Array.isArray(value)) {
      pushAll(waiting, Object.values(value));
    } else if (value.length === 1 && Array.isArray(value[0])) {
      pushAll(waiting, value[0]);
    } else {
      if (REFUSED_FORMS.has(value[0])) {
        throw invalid(`it holds the form "${value[0]}", which the gateway does not take`);
      }
      // Of `pipeline` the arguments, of `error` its properties; paths hold no values.
      if (Array.isArray(value[3])) pushAll(waiting, value[3]);
      if (isObject(value[4])) waiting.push(value[4]);
    }
  }
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
