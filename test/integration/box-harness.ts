import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BoxSpec } from '../../src/boxes/contract.ts';

/** Who starts the box. Where the tests are an ordinary user's, that is the only one. */
export type Starter = 'root' | 'user';
export const STARTERS: readonly Starter[] = process.getuid?.() === 0 ? ['root', 'user'] : ['user'];
/** An ordinary user without an entry in passwd. */
export const USER_ID: number = process.getuid?.() === 0 ? 1234 : (process.getuid?.() ?? 0);

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const DRIVER = fileURLToPath(new URL('./box-driver.mjs', import.meta.url));

export interface Bench {
  /** The compiled sources. */
  readonly dist: string;
  /** A folder of its own for one starter, with `ws` (the workspace) and `state` in it. */
  room(starter: Starter): Room;
  close(): void;
}

export interface Room {
  readonly starter: Starter;
  readonly folder: string;
  readonly workspace: string;
  readonly state: string;
}

/**
 * Compiles the sources for programs that run as another user, or copies what was built. Call
 * `close` at the end.
 */
export function openBench(from: 'sources' | 'built' = 'sources'): Bench {
  const root = mkdtempSync(join(tmpdir(), 'powerbox-bench-'));
  chmodSync(root, 0o755);
  const dist = join(root, 'dist');
  if (from === 'sources') compile(dist);
  else cpSync(join(REPOSITORY, 'dist'), dist, { recursive: true });
  execFileSync('cp', [DRIVER, join(root, 'driver.mjs')]);
  execFileSync('chmod', ['-R', 'a+rX', root]);
  let rooms = 0;
  return {
    dist,
    room: (starter) => {
      const folder = join(root, `room${++rooms}`);
      const room = {
        starter,
        folder,
        workspace: join(folder, 'ws'),
        state: join(folder, 'state'),
      };
      for (const path of [folder, room.workspace, room.state]) {
        mkdirSync(path, { mode: 0o700 });
        if (starter === 'user') chownSync(path, USER_ID, USER_ID);
      }
      return room;
    },
    close: () => {
      // An overlay leaves a folder that even its owner may not read.
      execFileSync('chmod', ['-R', 'u+rwX', root]);
      rmSync(root, { recursive: true, force: true });
    },
  };
}

function compile(dist: string): void {
  // Errors of types are `npm run check`'s matter.
  try {
    execFileSync('node_modules/.bin/tsc', ['-p', 'tsconfig.json', '--outDir', dist], {
      cwd: REPOSITORY,
      stdio: 'pipe',
    });
  } catch {
    // The output is written all the same.
  }
  execFileSync(process.execPath, ['scripts/assets.mjs', join(REPOSITORY, 'src'), dist], {
    cwd: REPOSITORY,
  });
}

export type Spec = Partial<BoxSpec> & {
  readonly program: readonly string[];
  readonly transparent?: boolean;
};

export interface Ended {
  readonly status: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly error?: { readonly code: string; readonly message: string };
  readonly started?: Started;
}

export interface Started {
  readonly transparent: boolean;
  readonly listeners: number;
  readonly pid: number;
  readonly childPid: number;
  readonly startTime: string;
  readonly hostUid: number;
  readonly limits: Record<string, string>;
}

/** The whole spec of a box in a room. */
export function specOf(room: Room, spec: Spec): BoxSpec & { transparent?: boolean } {
  return {
    id: `test-${process.pid}-${Math.random().toString(36).slice(2, 10)}`,
    stateDir: room.state,
    cwd: room.workspace,
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: '/home/box', LANG: 'C.UTF-8' },
    mounts: [{ source: room.workspace, target: room.workspace, access: 'rw' }],
    readOnly: [],
    files: [],
    limits: {},
    stdio: ['inherit', 'inherit', 'inherit'],
    ...spec,
  };
}

export interface RunOptions {
  readonly input?: string;
  /** Real pipes, as a shell makes them; Node's own are sockets. */
  readonly pipes?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** A command that runs the starter as its arguments. */
  readonly before?: readonly string[];
  /** Called when the program runs, with the starter's process. */
  readonly onStart?: (started: Started, child: ChildProcess) => void;
}

const PIPES = 'cat | { { "$@" | cat >&5; } 2>&1 | cat >&6; } 5>&1 6>&2';

/** Runs a program in a box to its end, as the room's starter. */
export function runBox(
  bench: Bench,
  room: Room,
  spec: Spec,
  options: RunOptions = {},
): Promise<Ended> {
  const driver = join(bench.dist, '../driver.mjs');
  const start = [process.execPath, driver, bench.dist, JSON.stringify(specOf(room, spec))];
  const shell = ['/bin/sh', '-c', PIPES, 'sh'];
  const [program = '', ...args] = [
    ...(options.before ?? []),
    ...(options.pipes === true ? shell : []),
    ...start,
  ];
  const child = spawn(program, args, {
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin', ...options.env },
    cwd: room.folder,
    ...(room.starter === 'user' && process.getuid?.() === 0 ? { uid: USER_ID, gid: USER_ID } : {}),
  });
  child.stdin?.end(options.input);
  let started: Started | undefined;
  const text = { stdout: '', stderr: '', told: '' };
  child.stdout?.on('data', (data) => (text.stdout += data));
  child.stderr?.on('data', (data) => (text.stderr += data));
  child.stdio[3]?.on('data', (data) => {
    text.told += data;
    const line = /^(\{.*"childPid".*\})$/m.exec(text.told)?.[1];
    if (line === undefined || started !== undefined) return;
    started = JSON.parse(line) as Started;
    options.onStart?.(started, child);
  });
  return new Promise((resolve) => {
    child.once('close', () => {
      const told = text.told.split('\n').filter(Boolean);
      const last = JSON.parse(told.at(-1) ?? '{}');
      resolve({
        status: last.status,
        stdout: text.stdout,
        stderr: text.stderr,
        ...(last.error === undefined ? {} : { error: last.error }),
        ...(started === undefined ? {} : { started }),
      });
    });
  });
}
