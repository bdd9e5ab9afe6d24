/** Bounds of the files power. Everything that a holder can make grow has one here. */

/** Longest path in bytes of UTF-8; Linux takes no longer one (PATH_MAX). */
export const PATH_BYTES_MAX = 4096;
/** Longest name in bytes; file systems take no longer one (NAME_MAX). */
export const NAME_BYTES_MAX = 255;
/** Deepest path; each level is a descriptor opened and closed again. */
export const PATH_DEPTH_MAX = 64;
/** Longest pattern of a narrowing; keeps matching linear in the path, whoever wrote it. */
export const GLOB_CHARS_MAX = 1024;
/** Patterns of one narrowing for reading, and for writing; each is tried for each call. */
export const GLOBS_MAX = 64;
/** Bytes that one call reads; larger files are read in parts, so none fills the memory. */
export const READ_BYTES_MAX = 16 * 1024 ** 2;
/** Bytes that one call writes, for the same reason. */
export const WRITE_BYTES_MAX = 16 * 1024 ** 2;
/** Bytes between two looks at whether the grant still holds. */
export const CHUNK_BYTES = 1024 ** 2;
/** Content up to this is moved at once: faster than a thread, and too little to be felt. */
export const AT_ONCE_BYTES_MAX = 64 * 1024;
/** Entries that one listing gives. */
export const LIST_ENTRIES_MAX = 10_000;
/** Names that one listing looks at, to find those that the holder may see. */
export const LIST_NAMES_MAX = 100_000;
/** Names between two looks at whether the grant still holds; others get their turn then. */
export const NAMES_AT_ONCE = 2048;
/** Calls of one power that may be under way at once; each holds up to three descriptors. */
export const CALLS_AT_ONCE_MAX = 64;
/** Watches of one power; the system gives each user some thousands in all. */
export const WATCHES_MAX = 128;
/** Changes that wait for a slow watcher; beyond, one event says that some were lost. */
export const EVENTS_WAITING_MAX = 256;
/** Entries of a tree with a quota; a larger one cannot be measured in reasonable time. */
export const QUOTA_ENTRIES_MAX = 100_000;
/** How long a measured usage is relied on, as others may write in the same folder. */
export const QUOTA_KNOWN_MS_MAX = 30_000;
/** Age at which a half-written file is taken to be left by a process that died. */
export const LEFTOVER_MS_MIN = 3_600_000;
/** Deepest tree that is measured: one path may be moved to the end of another. */
export const QUOTA_DEPTH_MAX = 2 * PATH_DEPTH_MAX;
/** Soonest that a tree is measured again because something would not fit. */
export const QUOTA_AGAIN_MS_MIN = 1000;
/** Part of the time that measuring may take, so that refused writes cannot keep the disk busy. */
export const QUOTA_MEASURING_SHARE_MAX = 0.1;
