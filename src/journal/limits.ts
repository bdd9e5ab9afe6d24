/** Bytes of one row's entry: enough for the longest URL that the egress takes, small enough that a hostile box cannot fill a disk quickly. */
export const ROW_BYTES_MAX = 16 * 1024;

/** UTF-16 units of one text in an entry before it is cut; half of a row, so that no single text crowds out the others. */
export const FIELD_CHARS_MAX = 8 * 1024;

/** Items of one list in an entry; a policy of more rules than this is still recorded, by its first ones and a count. */
export const LIST_ITEMS_MAX = 128;

/** How often a follower looks for new rows; with the time to read them it stays below 200 ms. */
export const FOLLOW_POLL_MS = 100;

/** Rows that a follower takes in one step, so that it never holds the whole journal in memory. */
export const FOLLOW_ROWS_MAX = 1_000;

/** Requests without an answer that a follower remembers; the oldest is shown without one beyond this. */
export const FOLLOW_OPEN_MAX = 10_000;

/** Shapes of entries whose order of names is remembered; the program writes a few dozen. */
export const SHAPES_MAX = 256;
