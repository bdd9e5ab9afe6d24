import type { Effect, Invocation } from '../../ocap/power.ts';
import { quote, shorten } from '../../policy/quote.ts';
import { PowerboxError } from '../../wire/errors.ts';
import { READ_BYTES_MAX, WRITE_BYTES_MAX } from './limits.ts';
import { joinPaths, readPath } from './path.ts';

/**
 * What is done at a path: `list` shows that it is there, `enter` gives a reference to it, `take`
 * moves it elsewhere with its content.
 */
export type Access = 'read' | 'list' | 'enter' | 'write' | 'take';

export interface Target {
  readonly access: Access;
  /** Canonical, from the top of the power. */
  readonly path: string;
}

/** Where an object of this power is: all its paths are below, and it may be for reading only. */
export interface FilesPlace {
  readonly path: string;
  readonly readOnly: boolean;
}

export const TOP: FilesPlace = Object.freeze({ path: '/', readOnly: false });

/** One use in canonical form: everything that decides what will be done. */
export interface FilesCall {
  readonly method: string;
  readonly effect: Effect;
  readonly targets: readonly Target[];
  /** How many bytes will move; null when only the file can tell. */
  readonly bytes: number | null;
  readonly options: FilesOptions;
  /** What is written. */
  readonly content: Uint8Array | null;
}

/** Those of every method; what a method does not have is as here. */
export interface FilesOptions {
  readonly offset: number;
  /** Null reads to the end. */
  readonly length: number | null;
  readonly append: boolean;
  /** May a file be made that was not there? */
  readonly create: boolean;
  /** Must it not have been there? */
  readonly exclusive: boolean;
}

const DEFAULTS: FilesOptions = Object.freeze({
  offset: 0,
  length: null,
  append: false,
  create: true,
  exclusive: false,
});

/** A method's call from the place of its object; what is not given here is as in `DEFAULTS`. */
type Reading = (place: FilesPlace, args: readonly unknown[]) => Omit<FilesCall, 'method'>;

const simple = (effect: Effect, access: Access): Reading => {
  return (place, args) => plain(effect, [{ access, path: pathOf(place, args[0]) }]);
};

const READINGS: Readonly<Record<string, Reading>> = {
  read: (place, [path, options]) => {
    const read = { ...DEFAULTS, ...readOptions(options) };
    const call = plain('read', [{ access: 'read', path: pathOf(place, path) }]);
    return { ...call, bytes: read.length, options: read };
  },
  readText: simple('read', 'read'),
  list: simple('read', 'list'),
  stat: simple('read', 'list'),
  watch: simple('read', 'list'),
  subdirectory: simple('read', 'enter'),
  readOnly: (place) => plain('read', [{ access: 'enter', path: place.path }]),
  write: (place, [path, data, options]) => {
    const content = contentOf(data);
    const call = plain('write', [{ access: 'write', path: pathOf(place, path) }]);
    const written = { ...DEFAULTS, ...writeOptions(options) };
    return { ...call, bytes: content.length, options: written, content };
  },
  makeDirectory: simple('write', 'write'),
  remove: simple('irrevocable', 'write'),
  rename: (place, [from, to]) =>
    plain('write', [
      { access: 'take', path: pathOf(place, from) },
      { access: 'write', path: pathOf(place, to) },
    ]),
};

/**
 * Parses a use of an object at `place`, strictly; the object that does the work calls this as well
 * as the judge, so both go by the same. Throws `call-invalid`, `method-unknown`, and
 * `narrowing-refused` for a change through an object that is for reading only.
 */
export function filesCall(place: FilesPlace, method: string, args: readonly unknown[]): FilesCall {
  const reading = Object.hasOwn(READINGS, method) ? READINGS[method] : undefined;
  if (reading === undefined) {
    throw new PowerboxError('method-unknown', `A directory has no method ${quote(method)}.`);
  }
  const call: FilesCall = { method, ...reading(place, args) };
  if (place.readOnly && call.effect !== 'read') {
    const why = 'it is for reading only';
    throw new PowerboxError('narrowing-refused', `${describeCall(call)} is not allowed: ${why}.`);
  }
  return call;
}

/** The call of an invocation, of a directory or of a watcher. */
export function callOfInvocation({ facet, at, method, args }: Invocation): FilesCall {
  if (facet === 'root') return filesCall(TOP, method, args);
  if (facet === 'directory') return filesCall(readPlace(at), method, args);
  if (method !== 'close') {
    throw new PowerboxError('method-unknown', `A watcher has no method ${quote(method)}.`);
  }
  // Closing needs nothing of a narrowing: it only ends what the holder has.
  return { method: 'close', ...plain('read', []) };
}

/** `write /out/a.txt`; a path that would not fit on a line is shortened and escaped. */
export function describeCall({ method, targets }: FilesCall): string {
  const [first, second] = targets.map(({ path }) => showPath(path));
  if (first === undefined) return method;
  return second === undefined ? `${method} ${first}` : `${method} ${first} to ${second}`;
}

export function showPath(path: string): string {
  return /^[\x21-\x7e]+$/.test(path) ? shorten(path) : quote(path);
}

function plain(effect: Effect, targets: readonly Target[]): Omit<FilesCall, 'method'> {
  return { effect, targets, bytes: null, options: DEFAULTS, content: null };
}

function readPlace(at: unknown): FilesPlace {
  const { path, readOnly } = (at ?? {}) as Partial<FilesPlace>;
  const read = typeof path === 'string' ? readPath(path) : undefined;
  if (read?.ok !== true || read.path !== path || typeof readOnly !== 'boolean') {
    throw invalid('where the directory is cannot be read');
  }
  return { path, readOnly };
}

function pathOf(place: FilesPlace, text: unknown): string {
  if (typeof text !== 'string') throw invalid('the path is no text');
  const own = readPath(text);
  if (!own.ok) throw invalid(own.reason);
  const whole = readPath(joinPaths(place.path, own.path));
  if (!whole.ok) throw invalid(whole.reason);
  return whole.path;
}

function contentOf(data: unknown): Uint8Array {
  if (typeof data === 'string') {
    if (data.length > WRITE_BYTES_MAX) throw tooMuch();
    if (/\p{Surrogate}/u.test(data)) throw invalid('the text has half a surrogate pair');
  } else if (!(data instanceof Uint8Array)) {
    throw invalid('what is to be written is neither bytes nor text');
  }
  const bytes = typeof data === 'string' ? Buffer.from(data, 'utf8') : data;
  if (bytes.length > WRITE_BYTES_MAX) throw tooMuch();
  return bytes;
}

function readOptions(value: unknown): Partial<FilesOptions> {
  const options = fieldsOf(value, ['offset', 'length']);
  for (const [name, number] of Object.entries(options)) {
    if (!Number.isSafeInteger(number) || (number as number) < 0) {
      throw invalid(`${name} is no whole number of bytes`);
    }
  }
  const { length } = options as { length?: number };
  if (length !== undefined && length > READ_BYTES_MAX) {
    throw invalid(`length is more than ${READ_BYTES_MAX}, which is as much as one call reads`);
  }
  return options;
}

function writeOptions(value: unknown): Partial<FilesOptions> {
  const options = fieldsOf(value, ['append', 'create', 'exclusive']);
  for (const [name, flag] of Object.entries(options)) {
    if (typeof flag !== 'boolean') throw invalid(`${name} is neither true nor false`);
  }
  if (options.exclusive === true && options.create === false) {
    throw invalid('a file that must not be there cannot be written without making it');
  }
  return options;
}

/** The fields that were given; no others, and none that is undefined. */
function fieldsOf(value: unknown, names: readonly string[]): Partial<FilesOptions> {
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid('the options are no object');
  }
  const odd = Object.keys(value).find((name) => !names.includes(name));
  if (odd !== undefined) throw invalid(`there is no option ${quote(odd)}`);
  return Object.fromEntries(
    names.flatMap((name) => {
      const field = Object.hasOwn(value, name)
        ? (value as Record<string, unknown>)[name]
        : undefined;
      return field === undefined ? [] : [[name, field]];
    }),
  );
}

function tooMuch(): PowerboxError {
  return invalid(`it is more than ${WRITE_BYTES_MAX} bytes, which is as much as one call writes`);
}

function invalid(why: string): PowerboxError {
  return new PowerboxError('call-invalid', `Cannot use the directory so: ${why}.`);
}
