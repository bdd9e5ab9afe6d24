/** Nesting of data that crosses a wall; deeper data is an attack on whoever walks it. */
export const DATA_DEPTH_MAX = 64;

/** Objects and lists in one value that crosses; more is a stream's work. */
export const DATA_NODES_MAX = 100_000;

/** Properties of the objects and items of the lists of one value, all together. */
export const DATA_PROPERTIES_MAX = 1_000_000;

/** Characters of all texts and names in one value that crosses. */
export const DATA_CHARS_MAX = 32 * 1024 * 1024;

/** Bytes of all byte arrays in one value that crosses. */
export const DATA_BYTES_MAX = 32 * 1024 * 1024;

/** Digits of a whole number; reading one takes time that grows with their square. */
export const BIGINT_DIGITS_MAX = 4_096;

/** Of the message and the name of an error that crosses; more is data that hides in an error. */
export const ERROR_CHARS_MAX = 8_192;

/** Of a name that code chose, in a message about it. */
export const SHOWN_CHARS_MAX = 300;

/** Of what one call writes to the console. */
export const CONSOLE_CHARS_MAX = 8_192;

/** Nesting that the console shows. */
export const INSPECT_DEPTH_MAX = 4;

/** Objects, lists and properties that the console shows of one value. */
export const INSPECT_NODES_MAX = 500;

/** Prototypes that are walked to see what an object is; a proxy can claim any number. */
export const PROTOTYPES_MAX = 32;

/** Timers that wait in one compartment; each holds memory of its process. */
export const TIMERS_MAX = 1_000;

/** Longest wait of a timer, in ms: a day, which is less than where platforms overflow. */
export const TIMER_MS_MAX = 86_400_000;

/** Methods that a presence keeps; a program that asks for more makes them anew. */
export const PRESENCE_METHODS_MAX = 256;

/** Bytes that are asked for at once, as of the platform's own `crypto.getRandomValues`. */
export const RANDOM_BYTES_MAX = 65_536;

/** Characters of one module; the largest bundles that anyone should evaluate are smaller. */
export const SOURCE_CHARS_MAX = 2 * 1024 * 1024;

/** Characters of all modules of one program. */
export const PROGRAM_CHARS_MAX = 16 * 1024 * 1024;

/** Modules of one program. */
export const MODULES_MAX = 1_000;

/** Nesting of syntax: all who walk the tree must come back, on the smallest stack they run on. */
export const SOURCE_DEPTH_MAX = 1_000;

/** Of the name of a file in an error. */
export const FILE_CHARS_MAX = 200;

/** Of a specifier of a module, which errors repeat. */
export const SPECIFIER_CHARS_MAX = 500;

/** Prepared texts whose places are kept for stacks; beyond, the oldest are forgotten. */
export const PREPARED_KEPT_MAX = 512;

/**
 * Memory of the reader of TypeScript. It grows with each source that is nested too deeply, and is
 * never given back; one source of the greatest length takes a fraction of it.
 */
export const TYPESCRIPT_BYTES_MAX = 768 * 1024 * 1024;
