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

/**
 * Characters of the narrowings of all grants that one guest gave, those that they hang on counted
 * with each: the daemon holds them for good, and an egress is told them in one message.
 */
export const GIVEN_CHARS_MAX = 4 * 1024 ** 2;

/** Bytes of a narrowing as JSON; it is judged at every use. */
export const NARROWING_BYTES_MAX = 65_536;

/** Characters of a reason; it is shown in lists. */
export const REASON_CHARS_MAX = 500;

/** Characters of what a call is described as, in the journal and in questions. */
export const CALL_CHARS_MAX = 2_000;

/** Characters of one name; as many as a guest's own name has. */
export const NAME_CHARS_MAX = 64;

/** Names on the way to one entry; deeper directories help nobody and cost a look-up each. */
export const NAME_DEPTH_MAX = 16;

/** Names of one holder in all its directories; what it writes fills the host's disk. */
export const NAMES_HELD_MAX = 10_000;

/** Names of a holder beyond which other guests may give it none; the rest is its own and the host's. */
export const NAMES_FROM_GUESTS_MAX = 5_000;

/** UTF-8 bytes of the words of one mail: a page, which a person may still want to read. */
export const MAIL_TEXT_BYTES_MAX = 8_192;

/** UTF-8 bytes of each other text of a request; a rule of any kind is shorter. */
export const MAIL_WORD_BYTES_MAX = 2_048;

/** Rules that one request asks for. */
export const MAIL_RULES_MAX = 32;

/** Grants that come with one mail. */
export const MAIL_ENCLOSED_MAX = 16;

/** Mail that one sender may have unanswered at one receiver; beyond this it waits. */
export const MAIL_OPEN_OF_SENDER_MAX = 100;

/** Unanswered mail of one receiver, of all senders; beyond this only those who sent little may. */
export const MAIL_OPEN_OF_RECEIVER_MAX = 1_000;

/** Unanswered mail that any sender may have at a receiver who has more than enough of it. */
export const MAIL_OPEN_ALWAYS_MAX = 3;

/** Mail that one sender may send in any 60 seconds: more than a person can answer. */
export const MAIL_PER_MINUTE_MAX = 30;

/** Mail that a list shows; all that is open fits until thousands of guests have sent their fill. */
export const MAIL_LISTED_MAX = 5_000;

/** Calls that wait for the answer to one request. */
export const MAIL_WAITERS_MAX = 64;

/** Uses that share a row of the journal; a list of more would be cut there. */
export const ROW_CALLS_MAX = 64;

/** Characters of their descriptions; more would not go into a row whole. */
export const ROW_CALLS_CHARS_MAX = 4_000;

/** Mail of one sender that is kept once it is answered or dismissed; the journal has all of it. */
export const MAIL_KEPT_MAX = 1_000;

/** Characters of a method's name that a row of what could not be judged keeps. */
export const METHOD_CHARS_MAX = 64;
