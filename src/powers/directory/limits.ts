/** Bounds of the kind `directory`. */

/** Longest path: as many names as nest, each of its longest. */
export const PATH_CHARS_MAX = 1024;
