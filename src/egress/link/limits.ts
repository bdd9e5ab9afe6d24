/** Bounds of the egress's link to the daemon. */

/** Pause before the first attempt to connect again; each further one is twice as long. */
export const RECONNECT_MS_MIN = 20;
/** Longest pause: soon enough for a daemon that was started again to find its boxes. */
export const RECONNECT_MS_MAX = 1_000;
/** How long requests wait for the first grants of their box; then they are refused. */
export const FIRST_GRANTS_MS_MAX = 10_000;
/** Calls that wait for the daemon at once. */
export const CALLS_WAITING_MAX = 1_024;
/** Longest wait for an answer of the daemon; a host has that long for an approval. */
export const CALL_MS_MAX = 3_600_000;
/** Ended grants whose end a refusal can still tell; older ones are just not there. */
export const ENDED_KNOWN_MAX = 1_000;
/** Longest time that one timer can wait; a later end is looked at again. */
export const TIMER_MS_MAX = 2_147_483_647;
