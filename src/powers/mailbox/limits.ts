/** Bounds of the kind `mailbox`. */

/** Longest letter; mail itself allows as many bytes. */
export const LETTER_CHARS_MAX = 8192;

/** Longest id of a principal or of a mail. */
export const ID_CHARS_MAX = 64;
