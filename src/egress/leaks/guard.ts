import type { Watched } from '../../vault/fingerprint.ts';
import { PowerboxError } from '../../wire/errors.ts';
import type { Refusal } from '../refusal.ts';
import type { Found } from './print-index.ts';
import { type LeakStream, type LeakWatch, makeLeakWatch } from './watch.ts';

/** What a box's requests are searched with, and who is told when something is found. */
export interface LeakGuard {
  readonly watch: LeakWatch;
  /** Why a request is refused in which a value stands at `place`; tells the person, once for each. */
  refusal(found: Found, place: string): Refusal;
  /** The same for what was read whole; null where it holds no value. */
  refusalOf(bytes: Uint8Array, place: string): Refusal | null;
  /** The text, for the record; dots in its place where it holds a value. */
  recordable(text: string): string;
  /** Searches something that is said in pieces; throws the refusal. */
  stream(place: string): GuardedStream;
}

export interface GuardedStream {
  write(piece: Uint8Array): void;
  end(): void;
}

export function makeLeakGuard(watched: Watched, tell: (line: string) => void): LeakGuard {
  const watch = makeLeakWatch(watched);
  const told = new Set<string>();

  function refusal({ name, kind }: Found, place: string): Refusal {
    const key = `${kind} ${name}`;
    if (!told.has(key)) tell(`the program in the box ${KNOWN[kind](name)}`);
    told.add(key);
    const what = kind === 'former' ? 'a former value' : 'the value';
    const reason = `The request was refused: ${place} holds ${what} of ${name}, which no box may know.`;
    return { code: 'secret-leaked', reason };
  }

  function check(found: Found | null, place: string): void {
    if (found === null) return;
    const { code, reason } = refusal(found, place);
    throw new PowerboxError(code, reason);
  }

  return {
    watch,
    refusal,
    refusalOf(bytes, place) {
      try {
        const found = watch.bytes(bytes);
        return found === null ? null : refusal(found, place);
      } catch (error) {
        return asRefusal(error);
      }
    },
    recordable(text) {
      try {
        return watch.text(text) === null ? text : '…';
      } catch {
        return '…';
      }
    },
    stream(place) {
      const stream: LeakStream = watch.stream();
      return {
        write: (piece) => check(stream.write(piece), place),
        end: () => check(stream.end(), place),
      };
    },
  };
}

/** What the person reads, and does about it. */
const KNOWN: Readonly<Record<Found['kind'], (name: string) => string>> = {
  value: (name) =>
    `knows the value of the secret ${name}: make a new one where it was issued, then run: powerbox secret rotate ${name}`,
  former: (name) =>
    `knows a former value of the secret ${name}: see that it was ended where it was issued`,
  file: (name) =>
    `knows the value of ${name} in a masked file: make a new one where it was issued, and change the file`,
};

/** Of a text that is made to cost more than it should. */
export function asRefusal(error: unknown): Refusal {
  if (PowerboxError.is(error)) return { code: error.code, reason: error.message };
  throw error;
}
