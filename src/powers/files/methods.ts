import { z } from 'zod';
import type { MethodTable } from '../../ocap/power.ts';
import { LIST_ENTRIES_MAX, PATH_BYTES_MAX, READ_BYTES_MAX, WRITE_BYTES_MAX } from './limits.ts';

const bytes = z.instanceof(Uint8Array);
const path = { name: 'path', schema: z.string().max(PATH_BYTES_MAX) };
const nothing = z.undefined();

/** `unreadable` has a name that is no UTF-8, shown with marks in it; it cannot be used. */
const entryType = z.enum(['file', 'directory', 'link', 'other', 'unreadable']);

export type EntryType = z.infer<typeof entryType>;

const entry = z.strictObject({ name: z.string(), type: entryType });

export type Entry = z.infer<typeof entry>;

const stat = z.strictObject({
  type: z.enum(['file', 'directory']),
  /** In bytes; 0 for a directory. */
  size: z.number(),
  /** Milliseconds since the epoch. */
  modified: z.number(),
});

export type FileStat = z.infer<typeof stat>;

/**
 * What a watcher is told. `lost` says that more happened than could be told, `ended` that the
 * watched directory is no longer where it was, and that nothing more will come.
 */
export interface WatchEvent {
  readonly type: 'added' | 'changed' | 'removed' | 'lost' | 'ended';
  readonly path: string;
}

export type WatchCallback = (event: WatchEvent) => unknown;

const readOptions = z
  .strictObject({
    offset: z.int().nonnegative().optional(),
    length: z.int().nonnegative().max(READ_BYTES_MAX).optional(),
  })
  .optional();

const writeOptions = z
  .strictObject({
    append: z.boolean().optional(),
    create: z.boolean().optional(),
    exclusive: z.boolean().optional(),
  })
  .optional();

const content = z.union([
  z.string().max(WRITE_BYTES_MAX),
  bytes.refine((data) => data.length <= WRITE_BYTES_MAX, {
    error: `is more than ${WRITE_BYTES_MAX} bytes`,
  }),
]);

const callback = z.custom<WatchCallback>((value) => typeof value === 'function', {
  error: 'is no function',
});

/** Of the power itself and of every directory below it. */
export const directoryMethods = {
  read: {
    summary: 'Reads a file, or a part of it.',
    args: [path, { name: 'options', schema: readOptions }],
    returns: bytes,
  },
  readText: {
    summary: 'Reads a whole file of UTF-8 text.',
    args: [path],
    returns: z.string(),
  },
  list: {
    summary: 'Lists the entries of a directory that may be seen, by name.',
    args: [path],
    returns: z.array(entry).max(LIST_ENTRIES_MAX),
  },
  stat: {
    summary: 'Tells the type, size and time of change of a file or directory.',
    args: [path],
    returns: stat,
  },
  watch: {
    summary: 'Calls back with {type, path} at each change of a file, or of what a directory holds.',
    args: [path, { name: 'callback', schema: callback }],
    returns: { facet: 'watcher' },
  },
  subdirectory: {
    summary: 'Gives a directory below as an object with the same methods.',
    args: [path],
    returns: { facet: 'directory' },
  },
  readOnly: {
    summary: 'Gives the same directory as an object that can only be read.',
    args: [],
    returns: { facet: 'directory' },
  },
  write: {
    summary: 'Writes a whole file, at once or not at all, or appends to it.',
    args: [path, { name: 'content', schema: content }, { name: 'options', schema: writeOptions }],
    returns: nothing,
  },
  makeDirectory: {
    summary: 'Makes a directory in one that is there.',
    args: [path],
    returns: nothing,
  },
  rename: {
    summary: 'Moves a file or directory, over a file that is there.',
    args: [
      { ...path, name: 'from' },
      { ...path, name: 'to' },
    ],
    returns: nothing,
  },
  remove: {
    summary: 'Removes a file or an empty directory.',
    args: [path],
    returns: nothing,
  },
} as const satisfies MethodTable;

export const watcherMethods = {
  close: { summary: 'Ends the watch.', args: [], returns: nothing },
} as const satisfies MethodTable;
