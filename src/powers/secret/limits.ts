/** Bounds of the kind `secret`. */

/** Most bytes that one call signs: any webhook fits, and signing them takes a few milliseconds. */
export const DATA_BYTES_MAX = 1024 ** 2;

/** Longest purpose of a derived key, one line for a person. */
export const PURPOSE_CHARS_MAX = 256;

/** Shortest derived key: fewer bytes are no key. */
export const DERIVED_BYTES_MIN = 16;

/** Longest derived key; HKDF-SHA-256 itself ends at 255 blocks of 32 bytes (RFC 5869 §2.3). */
export const DERIVED_BYTES_MAX = 1024;

/**
 * Shortest value that signs: whoever has a signature can try values by himself, and a value of
 * fewer bytes would be found (RFC 2104 §3 wants at least as many as the digest has).
 */
export const KEY_BYTES_MIN = 16;

/** Longest written signature that is verified: SHA-512 in hexadecimal has 128 characters. */
export const MAC_CHARS_MAX = 128;
