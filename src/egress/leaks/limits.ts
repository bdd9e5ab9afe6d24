/** Bounds of the search for values in what a box sends. */

/** Bytes of what went before that are looked at again with the next: the longest value in hex. */
export const CARRIED_BYTES: number = 2 * 256 + 16;
/** Shortest run of base64 in which the shortest value can stand. */
export const BASE64_RUN_MIN = 16;
/** Shortest run of hex digits in which the shortest value can stand. */
export const HEX_RUN_MIN = 24;
/** Groups of base64 in a row that must be ASCII before they are decoded. */
export const ASCII_GROUPS_MIN = 3;
/**
 * Windows of one text that are compared in full, and how many bytes more earn another. A window is
 * hit by chance once in 100 KiB or less; a flood of hits is made by somebody who knows the end of a
 * value.
 */
export const COMPARISONS_MAX = 4096;
export const BYTES_PER_COMPARISON = 4096;
/**
 * Bodies up to this declared length are searched whole before anything is sent; all connections of
 * a box together stay below BUFFERED_BYTES_MAX with them. Longer ones are searched on their way.
 */
export const SMALL_BODY_BYTES_MAX = 32_768;
/** What a coded body may unfold to, to be searched: 128 times what a small one has. */
export const UNFOLDED_BYTES_MAX = 4_194_304;
/** Codings that are undone one after the other; nobody needs more than one. */
export const CODINGS_MAX = 3;
