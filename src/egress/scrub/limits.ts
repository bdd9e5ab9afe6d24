/** Longest escape of one character that is read: `&#0000065;` and shorter. */
export const ESCAPE_BYTES_MAX = 10;

/**
 * Base64 is searched only when at least this many of its characters are wholly known. Fewer would
 * be found by chance in ordinary text, and only a value stored with `--short` has so few.
 */
export const BASE64_KNOWN_CHARS_MIN = 6;

/**
 * A candidate that failed after this many units is remembered, so that no byte of a text that
 * repeats a value's beginning is compared again and again.
 */
export const DEEP_UNITS = 32;

/** How many `%`, `\` or `&` in a row are looked at to tell a raw one from an escaped one. */
export const LOOKAHEAD_UNITS_MAX = 8;
