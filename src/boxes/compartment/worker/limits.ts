/** Bounds that a worker keeps by itself, so that its code gets an error where else its host would end it. */

/** One message, as the gateway takes it. */
export const MESSAGE_BYTES_MAX: number = 4 * 1024 ** 2;
/** What is around the values in a message: the names of its parts. */
export const MESSAGE_BYTES_BESIDES: number = 16 * 1024;
/** Nesting of a message, as the gateway takes it. */
export const MESSAGE_DEPTH_MAX = 192;
/** Calls of a whole worker that go on at once; the gateway takes 256. */
export const CALLS_OF_ALL_MAX = 240;
/** Calls of one compartment that go on at once, and of each when many share a worker. */
export const CALLS_MAX = 192;
export const CALLS_OF_EACH_MIN = 4;
/** Calls of one compartment that wait for their turn. */
export const CALLS_WAITING_MAX = 100_000;
/** Lines of a console that are on their way at once; the rest wait, and count as written. */
export const LINES_MAX = 32;
/** Compartments of one process; each takes some 100 KiB before its code has begun. */
export const COMPARTMENTS_MAX = 2_048;
/** Characters of a failure's message. */
export const FAILURE_CHARS_MAX = 8_192;
/** Functions of the maker that are held before the engine is told to collect; the gateway gives 128. */
export const FUNCTIONS_HELD_MIN = 48;
/** Objects of the host that are held before the engine is told to collect; the gateway gives 1,024. */
export const OBJECTS_HELD_MIN = 256;
/** Whoever started a worker for itself has spoken by then; else it is one that waits to be taken. */
export const SPARE_AFTER_MS = 5;
