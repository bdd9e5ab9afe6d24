/** Nesting of data that crosses a membrane; deeper data is an attack on whoever walks it. */
export const DATA_DEPTH_MAX = 64;

/** Objects and lists in one argument or answer; more is a stream's work. */
export const DATA_NODES_MAX = 100_000;

/** Grants from the root to the last holder; a longer chain has lost sight of its giver. */
export const DELEGATION_DEPTH_MAX = 64;
