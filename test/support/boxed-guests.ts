import { writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { API_HOST, type Demo, startDemo } from '../../src/quickstart/demo.ts';
import { type DaemonPlace, makeDaemonPlace } from './daemon.ts';
import type { Outcome } from './powerbox.ts';

export const API: string = `https://${API_HOST}`;
const WAIT_MS = 15_000;

/** A person with a daemon, and a server that their boxes can be allowed to reach. */
export interface GuestPlace extends DaemonPlace {
  readonly demo: Demo;
  /** A box whose shell runs one line at a time, as it is told. */
  shell(...flags: string[]): Promise<BoxShell>;
  close(): Promise<void>;
}

/** A running box that does what it is told. */
export interface BoxShell {
  /** Runs a line and gives what it printed. */
  run(line: string): Promise<string>;
  /** Starts a line; its output comes when it is over. */
  start(line: string): { readonly printed: Promise<string> };
  /** Ends the box. */
  end(): Promise<Outcome>;
  readonly ended: Promise<Outcome>;
}

export async function makeGuestPlace(
  handle?: (request: IncomingMessage, response: ServerResponse) => boolean,
): Promise<GuestPlace> {
  const demo = await startDemo(handle === undefined ? {} : { handle });
  const place = makeDaemonPlace();
  const open: BoxShell[] = [];
  writeFileSync(join(place.home, 'config.json'), JSON.stringify({ egress: { hosts: demo.hosts } }));
  return {
    ...place,
    demo,
    async shell(...flags) {
      const shell = await openShell(place, flags);
      open.push(shell);
      return shell;
    },
    async close() {
      await Promise.all(open.map((shell) => shell.end()));
      place.close();
      await demo.close();
    },
  };
}

/** Lines come in by files of the workspace, and output goes out by them. */
const LOOP = `
n=0
while :; do
  if [ -e "cmd.$n" ]; then
    (sh "./cmd.$n" > "out.$n.new" 2>&1; mv "out.$n.new" "out.$n") &
    n=$((n+1))
  elif [ -e end ]; then exit 0
  else sleep 0.02
  fi
done`;

let shells = 0;

async function openShell(place: DaemonPlace, flags: readonly string[]): Promise<BoxShell> {
  const { mkdirSync, readFileSync, renameSync } = await import('node:fs');
  const folder = join(place.workspace, `shell-${shells++}`);
  mkdirSync(folder);
  let up: () => void = () => {};
  const isUp = new Promise<void>((done) => {
    up = done;
  });
  const ended = place.powerbox(['run', ...flags, '--', 'sh', '-c', `echo up; ${LOOP}`], {
    cwd: folder,
    timeoutMs: 60_000,
    onOutput: () => up(),
  });
  const early = await Promise.race([isUp.then(() => null), ended]);
  if (early !== null) throw new Error(`the box did not start: ${early.stderr}`);
  let lines = 0;
  const start = (line: string): { printed: Promise<string> } => {
    const number = lines++;
    writeFileSync(join(folder, `cmd.new`), `${line}\n`);
    renameSync(join(folder, `cmd.new`), join(folder, `cmd.${number}`));
    const printed = until(() => {
      try {
        return readFileSync(join(folder, `out.${number}`), 'utf8');
      } catch {
        return undefined;
      }
    }, line);
    return { printed };
  };
  return {
    start,
    run: (line) => start(line).printed,
    ended,
    end() {
      writeFileSync(join(folder, 'end'), '');
      return ended;
    },
  };
}

/** Waits for something to be there. */
export async function until<T>(
  look: () => T | undefined | Promise<T | undefined>,
  what: string,
): Promise<T> {
  const end = Date.now() + WAIT_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`it did not come: ${what}`);
    await sleep(20);
  }
}

/** Prints the body, and the status behind it. */
export function curl(path: string, ...flags: readonly string[]): string {
  return `curl -sS -w ' %{http_code}' ${flags.join(' ')} '${API}${path}'`;
}
