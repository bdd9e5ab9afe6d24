/** Bounds of the process box. */

/** The first host uid of boxes that root starts: above what systemd and containers hand out. */
export const HOST_UID_FIRST = 0x7000_0000;
/** How many host uids there are to choose from; a uid is random, so that boxes rarely meet. */
export const HOST_UID_COUNT = 0x0400_0000;
/** How long the start may take until the program runs; a start takes 20 ms. */
export const START_MS_MAX = 20_000;
/** What an ended box is given to end before it is killed, where the caller names no time. */
export const STOP_GRACE_MS = 2_000;
/** Size of each tmpfs where the caller names none; a box without a limit could fill the memory. */
export const DISK_BYTES_DEFAULT: number = 2 * 1024 ** 3;
/** Folders looked at for git repositories at the start; a larger tree is refused. */
export const PROTECT_FOLDERS_MAX = 100_000;
/** Depth of that search below the workspace. */
export const PROTECT_DEPTH_MAX = 64;
/** Size of a repository's list of ignored names; a larger one is shown as it is. */
export const EXCLUDE_BYTES_MAX: number = 1024 * 1024;
/** Size of a file that a difference is printed for; a larger one is named only. */
export const DIFF_BYTES_MAX: number = 4 * 1024 * 1024;
/** How long a kernel may take to let go of a control group after its last process. */
export const CGROUP_REMOVE_MS_MAX = 2_000;
/** How long the kernel may take to end a box's processes once they are killed. */
export const END_MS_MAX = 5_000;
