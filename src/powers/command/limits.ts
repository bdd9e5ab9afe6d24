/** Bounds of the kind `command`. */

/** Most arguments of one call. */
export const ARGUMENTS_MAX = 1024;

/** Bytes of all arguments together; Linux takes 128 KiB for one (MAX_ARG_STRLEN). */
export const ARGUMENTS_BYTES_MAX = 131_072;

/** Bytes that one call gives to a program. */
export const INPUT_BYTES_MAX = 4 * 1024 ** 2;

/** Bytes of both outputs of a run when the power does not say; beyond, the program is ended. */
export const OUTPUT_BYTES_DEFAULT = 1024 ** 2;

/** Most that a power can say. */
export const OUTPUT_BYTES_MAX = 64 * 1024 ** 2;

/** Bytes of each output of a process that wait to be read; then the program waits. */
export const UNREAD_BYTES_MAX = 262_144;

/** Time of a program when the power does not say. */
export const TIME_MS_DEFAULT = 10 * 60_000;

/** Most that a power can say: a day. */
export const TIME_MS_MAX = 24 * 3_600_000;

/** Programs of one power that run at once; each has a box of its own. */
export const RUNNING_MAX = 16;

/** Words of a pattern of arguments. */
export const PATTERN_WORDS_MAX = 64;

/** Characters of a call that are shown. */
export const SHOWN_CHARS_MAX = 400;
