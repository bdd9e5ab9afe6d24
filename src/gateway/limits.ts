/** Bounds of the gateway. Everything that a peer can make grow has one here. */

/** One message, as text. Larger bodies go in pieces; a message is held and parsed whole. */
export const MESSAGE_BYTES_MAX = 4 * 1024 ** 2;
/** Nesting of a message; the data of a call may be nested 64 deep, and each list counts twice. */
export const MESSAGE_DEPTH_MAX = 192;
/** Digits of a whole number of any length; parsing takes time that grows with their square. */
export const BIGINT_DIGITS_MAX = 1_024;
/** Calls that a peer made and has not let go of, and their answers. */
export const HELD_BYTES_MAX = 64 * 1024 ** 2;
/** The same of all sessions together, as one peer can have many. */
export const ALL_HELD_BYTES_MAX = 512 * 1024 ** 2;
/** Calls that a peer made and has not let go of; a client lets go when it has the answer. */
export const HELD_CALLS_MAX = 4_096;
/** Powers that one session was given and holds. */
export const REFERENCES_MAX = 1_024;
/** Entries of a session's tables, of both sides; counts what is none of the above. */
export const TABLE_ENTRIES_MAX = 16_384;
/** How many messages may come between two counts of the tables, as counting is slow. */
export const TABLE_CHECK_MESSAGES = 1_024;
/** Calls of one session that go on at once. A caller of more waits for answers it cannot use. */
export const CALLS_MAX = 256;
/** Calls of a guest's callbacks that go on at once in one session. */
export const CALLBACKS_MAX = 64;
/** Answers that wait for a peer that does not read: from here on nothing of it is read either. */
export const UNSENT_BYTES_PAUSE = 1024 ** 2;
/** Answers that wait for a peer that does not read: the session ends. */
export const UNSENT_BYTES_MAX = 16 * 1024 ** 2;
/** How long a peer may leave answers unread once its own messages are not read any more. */
export const STALLED_MS_MAX = 30_000;
/** Time for a peer to read the last words of a session. */
export const CLOSING_MS_MAX = 1_000;
/** Time for the first bytes of a connection, and for the head of a request for a WebSocket. */
export const GREETING_MS_MAX = 10_000;
/** Head of a request for a WebSocket; ours are a few hundred bytes. */
export const HEAD_BYTES_MAX = 8_192;
/** Connections to the socket, those before their first bytes included. */
export const SOCKET_SESSIONS_MAX = 256;
/** Connections to the port, those before their token was seen included. */
export const PORT_SESSIONS_MAX = 256;
/** Sessions of one guest, so that one cannot take the places of all. */
export const GUEST_SESSIONS_MAX = 32;
/** Logins that may fail in a row before the next must wait for its second. */
export const FAILED_LOGINS_MAX = 10;
/** After so long one more login may fail. */
export const FAILED_LOGIN_MS = 1_000;
/** Longest bearer token that is looked at. */
export const TOKEN_CHARS_MAX = 256;
/** Longest life of a bearer token that is asked for: ten years. */
export const TOKEN_MS_MAX = 10 * 366 * 86_400_000;
/** Words of a door's method: a petname's path, a rule, a reason. */
export const WORD_CHARS_MAX = 8_192;
/** Rules of one grant. */
export const RULES_MAX = 256;
/** Text of a letter, and of a request. */
export const LETTER_CHARS_MAX = 65_536;
/** Grants in a letter, and approvals that are decided at once. */
export const ITEMS_MAX = 256;
