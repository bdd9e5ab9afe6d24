import type { Readable } from 'node:stream';
import { isatty } from 'node:tty';
import { type Home, openHome } from '../store/home.ts';
import type { HostDoor } from '../wire/doors.ts';

/** What a verb may touch. Verbs get it as an argument so that tests can hand them another one. */
export interface CliContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  /** True when standard output is a terminal and NO_COLOR is not set. */
  readonly colour: boolean;
  /** The state folder; made on first use. */
  home(): Home;
  /**
   * The host's door at the daemon, which is started when it does not run and `start` is not false.
   * The session ends with the verb.
   */
  daemon(options?: { readonly start: boolean }): Promise<HostDoor>;
  /** One line on standard output. */
  out(line: string): void;
  /** One line on standard error. */
  err(line: string): void;
  /** Exit status of the command line when the verb returns. */
  exit(status: number): void;
  /** Ends what the verb left open, and with it perhaps the process. */
  close(): void;
}

export function processContext(): CliContext {
  let home: Home | undefined;
  let sessions = 0;
  const context: CliContext = {
    env: process.env,
    cwd: process.cwd(),
    // Node opens a stream at its first mention; a run that only passes it on has no need of that.
    get stdin() {
      return process.stdin;
    },
    colour: isatty(1) && !process.env.NO_COLOR,
    home() {
      home ??= openHome(process.env);
      return home;
    },
    async daemon(options = { start: true }) {
      const { daemonDoor } = await import('../daemon/client.ts');
      const session = await daemonDoor(context.home(), options);
      sessions += 1;
      if (session.mismatch !== null) context.err(`powerbox: ${session.mismatch}`);
      return session.door;
    },
    out: (line) => void process.stdout.write(`${line}\n`),
    err: (line) => void process.stderr.write(`${line}\n`),
    exit(status) {
      process.exitCode = status;
    },
    close() {
      // A session that is taken apart in order makes Node load all of its fetch, which takes longer
      // than most verbs. The kernel closes the socket as well.
      if (sessions > 0) process.exit();
    },
  };
  return context;
}
