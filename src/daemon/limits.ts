/** Bounds of the daemon itself. */

/** Bytes of daemon.log before it is moved aside, once: enough to see what went wrong, never a disk's worth. */
export const LOG_BYTES_MAX = 1024 ** 2;
/** Characters of one line of the log; a longer one was not meant for a person. */
export const LOG_LINE_CHARS_MAX = 2_000;
/** How often the daemon looks whether its home and its socket are still its own. */
export const WATCH_MS = 1_000;
/** How often it looks for boxes that died without a word; their guests end with them. */
export const REAP_MS = 3_000;
/** How long a box that was announced may take until it has a record; making its walls takes less than a second. */
export const BOX_MAKING_MS_MAX = 60_000;
/** How long a daemon that nobody needs stays, so that the next command finds it warm. */
export const IDLE_MS_DEFAULT = 15 * 60_000;
/** How long a command waits for a daemon that it started; a start takes a quarter of a second, a machine under load ten times that. */
export const START_MS_MAX = 20_000;
/** Pause between two looks at a socket that somebody else's daemon is about to open. */
export const START_POLL_MS = 15;
/** How long another daemon that holds the home may take to come up or go before a start is tried again. */
export const HELD_MS_MAX = 1_000;
/** How long `daemon stop` waits for the daemon to finish what it does; then it is killed, which loses nothing that was promised. */
export const STOP_MS_MAX = 6_000;
/** How long `daemon status` waits for an answer, which takes a millisecond. */
export const STATUS_MS_MAX = 3_000;
/** Bytes of the one line in which a starting daemon tells how its start went. */
export const READY_BYTES_MAX = 16 * 1024;
