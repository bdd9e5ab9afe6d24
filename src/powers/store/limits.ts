/** Bounds of the kind `store`. */

/** Longest key in UTF-16 units: a path of some words, and short enough to list by the thousand. */
export const KEY_CHARS_MAX = 256;

/** Longest value as JSON in bytes of UTF-8: small state; what is larger belongs into a file. */
export const VALUE_BYTES_MAX = 256 * 1024;

/** Deepest nesting of a value. */
export const VALUE_DEPTH_MAX = 32;

/** Bytes of a store, keys and values together, when its power does not say how many. */
export const STORE_BYTES_DEFAULT = 1024 ** 2;

/** Most bytes that a power can give a store: all of them lie in one file of the home. */
export const STORE_BYTES_MAX = 64 * 1024 ** 2;

/** Items of a store when its power does not say how many. */
export const STORE_ITEMS_DEFAULT = 1000;

/** Most items of a store: those of some keys are counted one by one at each write. */
export const STORE_ITEMS_MAX = 10_000;

/** Keys that one listing gives when it is not told how many. */
export const LIST_KEYS_DEFAULT = 100;

/** Most keys that one listing gives; it says where to go on. */
export const LIST_KEYS_MAX = 1000;

/** Patterns of keys in one narrowing, all its rules together: each call is held against them. */
export const PATTERNS_MAX = 64;

/** Rules of one narrowing that count what some keys take, for the reason of STORE_ITEMS_MAX. */
export const COUNTING_RULES_MAX = 4;
