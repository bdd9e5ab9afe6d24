import { MEMORY_BYTES_DEFAULT } from '../boxes/compartment/limits.ts';

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
/** A message that is looked at for what all hold; of smaller ones a session cannot hold as much. */
export const LARGE_MESSAGE_BYTES: number = 4 * 1024;
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

/** Compartments that one guest, or the host, has at once. */
export const COMPARTMENTS_OF_MAKER_MAX = 64;
/** Compartments of all; each shared one costs a few kilobytes here. The host can make its own beside. */
export const COMPARTMENTS_MAX = 1_024;
/** Processes of compartments; each takes some 60 MiB. The host can make its own beside. */
export const WORKERS_MAX = 128;
/** Programs that a process which waits evaluates before it is taken; more change little. */
export const REHEARSALS = 60;
/** Longest that these may take together, on a machine that is busy. */
export const REHEARSAL_MS_MAX = 10_000;
/** Names that one compartment is given powers by. */
export const GIVES_MAX = 64;
/** Sources of one evaluation, with its modules and data; all of it is one message. */
export const PROGRAM_BYTES_MAX = 2 * 1024 ** 2;
/** Modules of one evaluation. */
export const MODULES_MAX = 1_024;
/** Evaluations of one compartment that go on at once. */
export const EVALUATIONS_MAX = 16;
/**
 * Objects of one compartment's code that its maker holds, and functions of the maker that the code
 * does. Of all compartments of a maker they are fewer than the entries of a session's tables.
 */
export const FAR_OBJECTS_MAX = 128;
/** What a far object says of its methods. */
export const FAR_METHODS_MAX = 256;
/** Characters of a method's name. */
export const METHOD_CHARS_MAX = 128;
/** Memory of a compartment's process; of the usual kind are those that are kept ready. */
export const COMPARTMENT_MEMORY_BYTES = {
  usual: MEMORY_BYTES_DEFAULT,
  most: 4 * 1024 ** 3,
} as const;
/** What the processes of one guest may take together: as many of the usual kind as it can have. */
export const GUEST_MEMORY_BYTES_MAX: number =
  COMPARTMENTS_OF_MAKER_MAX * COMPARTMENT_MEMORY_BYTES.usual;
/** Longest turn: code that computes for longer should wait now and then. */
export const COMPARTMENT_TURN_MS = { usual: 5_000, most: 300_000 } as const;
/** Processor time of a compartment. */
export const COMPARTMENT_CPU_MS = { usual: 60_000, most: 86_400_000 } as const;
/** Life of a compartment: a day, as its maker is a session. */
export const COMPARTMENT_LIFE_MS = { usual: 3_600_000, most: 86_400_000 } as const;
/** Characters of a compartment's console. */
export const COMPARTMENT_OUTPUT_CHARS = { usual: 1024 ** 2, most: 16 * 1024 ** 2 } as const;
/** Characters of one line of a console that are kept. */
export const CONSOLE_LINE_CHARS_MAX = 4_000;
/** Lines of a console in any second; each is a row of the journal. */
export const CONSOLE_LINES_PER_SECOND_MAX = 100;
/** Lines of a console that wait for whoever reads them. */
export const CONSOLE_KEPT_LINES_MAX = 1_000;
/** Characters of what the code threw. */
export const THROWN_CHARS_MAX = 8_192;
/** Bytes that a worker may send in one turn of the loop, before others have theirs. */
export const WORKER_BYTES_PER_TURN_MAX = 64 * 1024;
/** What can be asked for of an agent: answers, tokens, millionths of a dollar, and a day. */
export const AGENT_LIMITS = {
  steps: 1_000,
  tokens: 1e12,
  microdollars: 1e12,
  timeMs: 24 * 3_600_000,
} as const;
/** Powers that an agent is given at once. */
export const AGENT_GIVES_MAX = 64;
/** Longest that a process takes to make a compartment; on a machine that is busy one starts in two seconds. */
export const COMPARTMENT_OPEN_MS_MAX = 20_000;
/** Of a file's name in the record. */
export const FILE_CHARS_MAX = 200;
/** Of a reason in the record; what a compartment holds is one. */
export const REASON_CHARS_MAX = 2_000;
