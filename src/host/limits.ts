/** Bounds of what the host does for one box. */

/** Folders that are searched for secret files before a box starts; about a second's work. */
export const MASK_FOLDERS_MAX = 100_000;
/** How deep that search goes. */
export const MASK_DEPTH_MAX = 64;
/** Secret files that one box can have masked; each is a mount of its own. */
export const MASK_FILES_MAX = 256;
/** Time that a program has to end by itself when its box is stopped. */
export const STOP_GRACE_MS = 2_000;
/** Processes that a box may have when nothing else is said: builds need hundreds, bombs more. */
export const PIDS_DEFAULT = 4096;
/** Size of /tmp and of the home folder, each, when nothing else is said. */
export const DISK_BYTES_DEFAULT = 2 * 1024 ** 3;
/** Bytes that are kept of a detached box's output. */
export const OUTPUT_BYTES_MAX = 64 * 1024 ** 2;
/** How soon an expired secret reaches running boxes; one that is rotated does at once. */
export const SECRET_REFRESH_MS = 2_000;
/** Repositories that a box made which are named at its end; more are counted. */
export const REPOSITORIES_TOLD_MAX = 5;
/** How long the daemon may take to make a guest and its grants; it takes milliseconds. */
export const LINK_ANSWER_MS_MAX = 20_000;
/** Third-party kinds of powers that config.json may name; each is loaded at every start of the daemon. */
export const KINDS_MAX = 64;
/** Characters of a command line that its guest's reason keeps. */
export const REASON_CHARS_MAX = 300;
/** So many values of one segment of a path make it a name that changes. */
export const LEARNED_SIBLINGS_MIN = 4;
/** Paths that are proposed for one host; more are joined by what they begin with. */
export const LEARNED_PATHS_MAX = 12;
/** Requests that are looked at; a program that needs more rules than these tell needs a person. */
export const LEARNED_REQUESTS_MAX = 100_000;
/** Time that the box of a command has to end when its program was killed. */
export const COMMAND_KILL_MS = 1_000;
/** Time in which a box that was told to go has its program; a signal waits so long for it. */
export const COMMAND_BEGIN_MS = 1_000;
/** How long an egress may take to cut a box and to write its rows; then it is killed. */
export const EGRESS_PUT_AWAY_MS = 5_000;
/** What an egress said before it ended is in the pipe by then. */
export const EGRESS_LAST_WORDS_MS = 500;
/** Ends of the egress within EGRESS_ENDS_MS after which the box is ended: something kills it. */
export const EGRESS_ENDS_MAX = 6;
export const EGRESS_ENDS_MS = 60_000;
/** Rotations of a box's secrets that a new egress is told one by one; older ones are summed up. */
export const VALUES_KEPT_MAX = 16;

/** Largest policy file that is read; one that is parsed has far fewer characters. */
export const POLICY_BYTES_MAX = 4 * 1024 ** 2;

/** Most files of a program that a policy is made from: a person reads what comes of them. */
export const CODE_FILES_MAX = 2_000;

/** Largest of them: what a compartment evaluates has two million characters at most. */
export const CODE_BYTES_MAX = 8 * 1024 ** 2;

/** Deepest folder that programs are looked for in. */
export const CODE_DEPTH_MAX = 32;

/** Most rows of the journal that a policy is made from, or tried with. */
export const POLICY_ROWS_MAX = 100_000;
