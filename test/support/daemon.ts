import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makePlace, type Outcome, type Place, type ProgramOptions } from './powerbox.ts';

/** A person whose daemon is ended with the test. */
export interface DaemonPlace extends Place {
  /** The lines of a verb that lists, or does one thing, with `--json`. Throws when it fails. */
  json<T = Record<string, unknown>>(...args: string[]): Promise<readonly T[]>;
  /** The process of the daemon that started last; undefined when there was none. */
  daemonPid(): number | undefined;
  close(): void;
}

export function makeDaemonPlace(env: Readonly<Record<string, string>> = {}): DaemonPlace {
  const place = makePlace();
  const powerbox = (args: readonly string[], options: ProgramOptions = {}): Promise<Outcome> =>
    place.powerbox(args, { ...options, env: { ...env, ...options.env } });
  const daemonPid = (): number | undefined => recordOf(place.home)?.process.pid;
  return {
    ...place,
    powerbox,
    daemonPid,
    async json<T>(...args: string[]): Promise<readonly T[]> {
      const { status, stdout, stderr } = await powerbox(withJson(args));
      if (status !== 0) throw new Error(`powerbox ${args.join(' ')}: ${stderr}`);
      return jsonLines<T>(stdout);
    },
    close() {
      const pid = daemonPid();
      if (pid !== undefined && isDaemon(pid)) process.kill(pid, 'SIGKILL');
      place.close();
    },
  };
}

/** What stands behind `--` is not ours. */
function withJson(args: readonly string[]): readonly string[] {
  const dashes = args.indexOf('--');
  return dashes === -1
    ? [...args, '--json']
    : [...args.slice(0, dashes), '--json', ...args.slice(dashes)];
}

export function jsonLines<T>(text: string): readonly T[] {
  const lines = text.trimEnd().split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as T);
}

interface DaemonRecord {
  readonly process: { readonly pid: number };
}

/** The process of the daemon of a home; undefined when none runs. */
export function daemonPidOf(home: string): number | undefined {
  const pid = recordOf(home)?.process.pid;
  return pid !== undefined && isDaemon(pid) ? pid : undefined;
}

function recordOf(home: string): DaemonRecord | undefined {
  try {
    return JSON.parse(readFileSync(join(home, 'daemon.json'), 'utf8')) as DaemonRecord;
  } catch {
    return undefined;
  }
}

/** True while the process is a daemon of Powerbox, and no other that has its number. */
export function isDaemon(pid: number): boolean {
  try {
    const state = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.[0];
    return (
      state !== 'Z' && readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('daemon/main.js')
    );
  } catch {
    return false;
  }
}

/** True once `test` is; false when it is not after a while. */
export async function within(ms: number, test: () => boolean): Promise<boolean> {
  const until = Date.now() + ms;
  while (!test()) {
    if (Date.now() > until) return false;
    await sleep(20);
  }
  return true;
}
