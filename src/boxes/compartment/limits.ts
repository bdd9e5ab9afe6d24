/** Bounds of worker processes, as the host keeps them. */

/** Memory of a worker where its taker names none: its own 60 MB, and what a tool computes with. */
export const MEMORY_BYTES_DEFAULT: number = 256 * 1024 ** 2;
/** Least that a worker starts in. */
export const MEMORY_BYTES_MIN: number = 96 * 1024 ** 2;
/** What V8 and Node hold besides the heap of JavaScript; the heap is what remains of the limit. */
export const MEMORY_BYTES_BESIDES_HEAP: number = 64 * 1024 ** 2;
/** Files that node is linked with; there are seven on Debian. */
export const LIBRARIES_MAX = 64;
/** How long the loader may take to say which these are; it takes 5 ms. */
export const LIBRARIES_MS_MAX = 10_000;
/** Workers that are kept ready: a program and the tool that it makes. Each takes 20 MiB. */
export const WARM_DEFAULT = 2;
/** After so long without a taker those that are ready are ended. */
export const IDLE_MS = 300_000;
/** Time that a taker has the processor for its first evaluation before the next is started. */
export const REFILL_PAUSE_MS = 20;
/** What is kept of the words with which a runtime gives up. */
export const LAST_WORDS_CHARS_MAX = 4_096;
/** What a worker may say on its heartbeat beside its answers; the words of a runtime are far fewer. */
export const UNASKED_BYTES_MAX: number = 64 * 1024;
/** How often a worker that moves or computes is looked at, at least and at most. */
export const CHECK_MS_MAX = 100;
export const CHECK_MS_MIN = 10;
/** How often one is looked at that does neither. */
export const IDLE_CHECK_MS_MAX = 1_000;
