/** Leaves kept for one box; beyond it the least recently used is minted again (0.5 ms). */
export const LEAVES_MAX = 1024;

/** Clocks of a machine and its boxes are one, but certificates are compared with second grain. */
export const BACKDATE_MS = 60 * 60 * 1000;

/** A box lives shorter than this; its authority dies with it in any case. */
export const AUTHORITY_LIFETIME_MS = 30 * 24 * 60 * 60 * 1000;

/** Short, so that every client's maximum is far away. */
export const LEAF_LIFETIME_MS = 24 * 60 * 60 * 1000;

/** RFC 5280 appendix A.1, ub-common-name. */
export const COMMON_NAME_CHARS_MAX = 64;
