/** Bounds of the texts that a person narrows or names a power with. */

/** Longest text: some dozens of words, yet one line for a person. */
export const TEXT_CHARS_MAX = 2048;

/** Most texts that make one narrowing: each is looked at for each call. */
export const TEXTS_MAX = 64;

/** Most values of one word. */
export const VALUES_MAX = 64;

/** Longest pattern with `*`; keeps matching short, whoever wrote it. */
export const WILDCARD_CHARS_MAX = 512;
