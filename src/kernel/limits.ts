/** A call waits this long for the host's word; then it is refused, and may be asked again. */
export const APPROVAL_MS_MAX = 10 * 60_000;

/** Calls of one guest that wait for the host; more would bury those of others. */
export const APPROVALS_PENDING_MAX = 64;

/** Uses of one guest that are going on at once. */
export const USES_OPEN_MAX = 1_024;

/** Objects that one guest holds through calls: cursors, watchers, subdirectories. */
export const OBJECTS_HELD_MAX = 4_096;

/** Grants that one guest may give; what it makes fills the host's disk. */
export const GRANTS_GIVEN_MAX = 10_000;

/** Bytes of a narrowing as JSON; it is judged at every use. */
export const NARROWING_BYTES_MAX = 65_536;

/** Characters of a reason; it is shown in lists. */
export const REASON_CHARS_MAX = 500;

/** Characters of what a call is described as, in the journal and in questions. */
export const CALL_CHARS_MAX = 2_000;

/** How long a revocation waits for boxes to say that they have cut what was in flight. */
export const CUT_MS_MAX = 2_000;
