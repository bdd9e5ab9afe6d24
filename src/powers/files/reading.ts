import {
  closeSync,
  constants,
  type Dir,
  type Dirent,
  fstatSync,
  opendirSync,
  openSync,
  read,
  readSync,
  type Stats,
  unlinkSync,
} from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { UseContext } from '../../ocap/live.ts';
import { PowerboxError } from '../../wire/errors.ts';
import type { FilesCall } from './call.ts';
import { mustGoOn, refusedFile, sentence } from './fault.ts';
import { at, type Held, pathIn, release, statIn } from './held.ts';
import {
  AT_ONCE_BYTES_MAX,
  CHUNK_BYTES,
  LEFTOVER_MS_MIN,
  LIST_ENTRIES_MAX,
  LIST_NAMES_MAX,
  NAMES_AT_ONCE,
  READ_BYTES_MAX,
} from './limits.ts';
import type { Entry, EntryType, FileStat } from './methods.ts';
import { type FilesNarrowing, mayUse } from './narrowing.ts';
import { childPath, nameFault, splitPath, WRITING_PREFIX } from './path.ts';
import type { Tree } from './tree.ts';

const readAsync = promisify(read);

/** Never waits for the other end of a pipe, and never makes a terminal ours. */
export const CAUTIOUS = constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

/**
 * What all narrowings on the way let be done here. A directory on the way to what may be read can
 * be listed, a file with the same path cannot: it leads nowhere.
 */
export function maySee(
  narrowings: readonly FilesNarrowing[],
  path: string,
  isDirectory: boolean,
): boolean {
  return narrowings.every((each) => mayUse(each, isDirectory ? 'list' : 'read', path));
}

/** Bytes of a plain file: of all of it, or of the part that the call names. */
export async function readFile(
  tree: Tree,
  call: FilesCall,
  context: UseContext,
): Promise<Uint8Array> {
  const fd = openFile(tree, call, constants.O_RDONLY);
  try {
    const { offset, length } = call.options;
    const rest = Math.max(0, fstatSync(fd).size - offset);
    const bytes = Math.min(rest, length ?? rest);
    mustFit(bytes, call, context);
    return await readPart(fd, offset, bytes, context);
  } finally {
    closeSync(fd);
  }
}

export async function readText(tree: Tree, call: FilesCall, context: UseContext): Promise<string> {
  const bytes = await readFile(tree, call, context);
  try {
    // A mark of byte order is a part of the text.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw refusedFile(call, 'it is not UTF-8 text');
  }
}

function mustFit(bytes: number, call: FilesCall, { narrowings }: UseContext): void {
  const own = (narrowings as readonly FilesNarrowing[]).flatMap(({ maxBytes }) => maxBytes ?? []);
  const max = Math.min(READ_BYTES_MAX, ...own);
  if (bytes <= max) return;
  const why = `it has ${bytes} bytes, and one call reads ${max}; name a part with offset and length`;
  throw new PowerboxError('limit-exceeded', sentence(call, why));
}

async function readPart(
  fd: number,
  offset: number,
  length: number,
  context: UseContext,
): Promise<Uint8Array> {
  // Filled with zeros: what a file that shrinks leaves must not be memory of this process.
  const out = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const part = Math.min(CHUNK_BYTES, length - done);
    // Spent first: what has not been paid for is not even looked at.
    context.spend({ bytes: part });
    const count =
      length <= AT_ONCE_BYTES_MAX
        ? readSync(fd, out, done, part, offset + done)
        : (await readAsync(fd, out, done, part, offset + done)).bytesRead;
    if (length > AT_ONCE_BYTES_MAX) mustGoOn(context.signal);
    if (count === 0) break;
    done += count;
  }
  return done === length ? out : out.slice(0, done);
}

/**
 * A plain file of the tree, opened without following a link. What is no plain file is refused
 * before it is opened, as opening may by itself do something; and looked at again once it is open.
 */
export function openFile(tree: Tree, call: FilesCall, flags: number): number {
  const path = call.targets[0]?.path ?? '/';
  if (path === '/') throw refusedFile(call, 'it is a directory');
  const { directory, name } = splitPath(path);
  const held = tree.hold(directory);
  try {
    return openIn(held, name, call, flags);
  } finally {
    release(held);
  }
}

export function openIn(held: Held, name: string, call: FilesCall, flags: number): number {
  const found = statIn(held, name);
  if (found !== undefined) mustBeFile(found, call);
  const fd = openSync(at(held, name), flags | CAUTIOUS, 0o666);
  try {
    mustBeFile(fstatSync(fd), call);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

export function mustBeFile(stat: Stats, call: FilesCall): void {
  if (stat.isFile()) return;
  if (stat.isDirectory()) throw refusedFile(call, 'it is a directory');
  throw refusedFile(call, stat.isSymbolicLink() ? 'it is a link' : 'it is no plain file');
}

export function stat(tree: Tree, call: FilesCall, context: UseContext): FileStat {
  const path = call.targets[0]?.path ?? '/';
  const found = statOf(tree, path);
  if (found === undefined) throw new PowerboxError('file-unknown', sentence(call, 'there is none'));
  const isDirectory = found.isDirectory();
  if (!maySee(context.narrowings as readonly FilesNarrowing[], path, isDirectory)) {
    // Said of what is there and of what is not, so that it tells neither.
    throw new PowerboxError('file-unknown', sentence(call, 'there is none'));
  }
  if (!isDirectory) mustBeFile(found, call);
  const size = isDirectory ? 0 : found.size;
  return { type: isDirectory ? 'directory' : 'file', size, modified: Math.floor(found.mtimeMs) };
}

function statOf(tree: Tree, path: string): Stats | undefined {
  const isTop = path === '/';
  const { directory, name } = isTop ? { directory: '/', name: '' } : splitPath(path);
  const held = tree.hold(directory);
  try {
    return isTop ? fstatSync(held.fd) : statIn(held, name);
  } finally {
    release(held);
  }
}

/** What may be seen of a directory, by name in the order of code units. */
export async function list(tree: Tree, call: FilesCall, context: UseContext): Promise<Entry[]> {
  const path = call.targets[0]?.path ?? '/';
  const narrowings = context.narrowings as readonly FilesNarrowing[];
  const held = tree.hold(path);
  const entries: Entry[] = [];
  try {
    await eachName(tree, held, call, context, (raw, type) => {
      const entry = entryOf(raw, type);
      if (!maySee(narrowings, childPath(path, entry.name), entry.type === 'directory')) return;
      if (entries.length >= LIST_ENTRIES_MAX) {
        throw tooMany(call, LIST_ENTRIES_MAX);
      }
      entries.push(entry);
    });
  } finally {
    release(held);
  }
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function eachName(
  tree: Tree,
  held: Held,
  call: FilesCall,
  context: UseContext,
  see: (raw: Buffer, type: EntryType) => void,
): Promise<void> {
  const directory = openNames(held);
  try {
    let count = 0;
    for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) {
      count += 1;
      if (count > LIST_NAMES_MAX) throw tooMany(call, LIST_NAMES_MAX);
      if (count % NAMES_AT_ONCE === 0) {
        await nextTurn();
        mustGoOn(context.signal);
      }
      const raw = entry.name as unknown as Buffer;
      if (!isWriting(raw)) see(raw, typeOf(entry));
      else if (tree.writable) sweep(held, raw);
    }
  } finally {
    directory.closeSync();
  }
}

/** Names as bytes: those that are no UTF-8 would come out as others. */
function openNames(held: Held): Dir {
  return opendirSync(`/proc/self/fd/${held.fd}`, { encoding: 'buffer' as BufferEncoding });
}

function entryOf(raw: Buffer, type: EntryType): Entry {
  const name = raw.toString('utf8');
  const readable = Buffer.from(name, 'utf8').equals(raw) && nameFault(name) === null;
  return { name, type: readable ? type : 'unreadable' };
}

function typeOf(entry: Dirent): EntryType {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'directory';
  return entry.isSymbolicLink() ? 'link' : 'other';
}

const PREFIX_BYTES = Buffer.from(WRITING_PREFIX);

function isWriting(raw: Buffer): boolean {
  return raw.subarray(0, PREFIX_BYTES.length).equals(PREFIX_BYTES);
}

/** A process that died while it wrote left its half of a file; nobody can finish it. */
function sweep(held: Held, raw: Buffer): void {
  const name = raw.toString('latin1');
  if (!/^[\x21-\x7e]+$/.test(name) || name.includes('/')) return;
  try {
    const path = pathIn(held, name);
    const fd = openSync(path, constants.O_RDONLY | CAUTIOUS);
    const { mtimeMs } = fstatSync(fd);
    closeSync(fd);
    if (Date.now() - mtimeMs > LEFTOVER_MS_MIN) unlinkSync(path);
  } catch {
    // Gone, or not ours to remove; it stays hidden.
  }
}

function tooMany(call: FilesCall, max: number): PowerboxError {
  return new PowerboxError('limit-exceeded', sentence(call, `it has more than ${max} entries`));
}
