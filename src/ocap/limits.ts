/** Nesting of data that crosses a membrane; deeper data is an attack on whoever walks it. */
export const DATA_DEPTH_MAX = 64;

/** Objects and lists in one argument or answer; more is a stream's work. */
export const DATA_NODES_MAX = 100_000;

/** Grants from the root to the last holder; a longer chain has lost sight of its giver. */
export const DELEGATION_DEPTH_MAX = 64;

/** Of the sentence about a refused argument; the rest is a list that nobody reads. */
export const ARGUMENT_FAULT_CHARS_MAX = 300;

/** Of a kind's declaration as text; a model pays for every word of it. */
export const DECLARATION_CHARS_MAX = 16_384;

/** Nesting of a type in a declaration; deeper, and where a type contains itself, it is `unknown`. */
export const DECLARATION_DEPTH_MAX = 8;
