/** Bounds of the link between the daemon and the boxes. */

/**
 * How long a revocation waits for an egress to say that it has cut what was in flight; it takes
 * milliseconds. One that does not say so is ended, so that its box reaches nothing.
 */
export const CUT_MS_MAX = 2_000;
/** How long a connection may take to say who it is. */
export const FIRST_MESSAGE_MS_MAX = 10_000;
/** Connections at once; each box has two. */
export const LINKS_MAX = 1_024;
/** Characters that may wait for a peer that does not read; then it is cut, and asks anew. */
export const UNREAD_CHARS_MAX = 67_108_864;
/** Calls of one egress that are worked on at once; approvals may wait for minutes. */
export const CALLS_MAX = 2_048;
/**
 * How often secrets that grants use are looked at beside every change of the vault: a value of a
 * command expires without one.
 */
export const LINK_SECRETS_MS = 2_000;
/** How long an egress whose connection ended is watched: a process that is killed ends sooner. */
export const EGRESS_END_MS_MAX = 1_000;
export const EGRESS_END_POLL_MS = 20;
