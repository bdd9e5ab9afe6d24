/**
 * The whole interface of a kind of box. Whatever a box is made of, its starter sees this and
 * nothing else.
 */

export type Access = 'rw' | 'ro' | 'copy';

export interface Mount {
  /** Absolute path on the host; symlinks already resolved. */
  readonly source: string;
  /** Absolute path in the box. */
  readonly target: string;
  readonly access: Access;
  /** Where the box's changes are kept; only with access `copy`. */
  readonly copyDir?: string;
  /**
   * False lifts the guard of git's configuration, editor and shell start-up files and the policy,
   * which every other writable folder has; for folders that Powerbox itself made.
   */
  readonly guarded?: boolean;
}

/** A file that the box sees at `target` with other content than the host's. */
export interface FileOverride {
  readonly target: string;
  readonly content: string | Uint8Array;
  /** A program of the box. */
  readonly executable?: boolean;
}

export interface BoxLimits {
  readonly memoryBytes?: number;
  /** Share of the machine, in processors; 1.5 is one and a half. */
  readonly cpus?: number;
  readonly pids?: number;
  /** Size of /tmp and of the home folder, each. */
  readonly diskBytes?: number;
}

/** How each limit is kept; a person reads this in `powerbox inspect`. */
export interface LimitsInForce {
  readonly memory: string;
  readonly cpus: string;
  readonly pids: string;
  readonly disk: string;
}

export interface BoxSpec {
  readonly id: string;
  /** Private folder of this box below POWERBOX_HOME, already made, mode 0700. */
  readonly stateDir: string;
  readonly program: readonly string[];
  readonly cwd: string;
  /** The whole environment; nothing is added from the host's. */
  readonly env: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  /** Paths (in the box) that stay read-only although a mount above them is writable. */
  readonly readOnly: readonly string[];
  readonly files: readonly FileOverride[];
  readonly limits: BoxLimits;
  /** What the program's standard streams are: the caller's own, or numbers of open files. */
  readonly stdio: readonly [StdioTarget, StdioTarget, StdioTarget];
  /**
   * `system`, the default, is for any program: the host's programs, a network that the egress
   * serves. `bare` is for one program of ours that needs neither: an empty network, nothing but the
   * mounts, few system calls. It is started by its path, without a search.
   */
  readonly walls?: Walls;
}

export type Walls = 'system' | 'bare';

export type StdioTarget = 'inherit' | 'ignore' | 'pipe' | number;

export interface ExitStatus {
  /** 0 to 255; 128+n when a signal n ended the program. */
  readonly status: number;
}
