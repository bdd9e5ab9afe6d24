/** Bounds of what processes of one home say to each other. */

/** Longest message of a starter or an egress: the rules of a box, or a letter that it writes. */
export const LINK_MESSAGE_CHARS_MAX = 1_048_576;
/** Longest message to an egress; 10,000 grants with their rules take a third of it. */
export const LINK_REPLICA_CHARS_MAX = 33_554_432;
