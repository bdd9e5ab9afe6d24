import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { API_HOST, type Demo, GIT_HOST, startDemo } from '../../src/quickstart/demo.ts';
import type { ServiceOptions } from '../../src/quickstart/service.ts';
import { ROOT } from './repository.ts';

export const CLI: string = join(ROOT, 'dist/cli/main.js');
const TIMEOUT_MS = 25_000;
/** Enough for any answer that a test prints; a program that prints more is ended. */
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

/** An account that programs are started as. */
export interface Person {
  readonly uid: number;
  readonly gid: number;
}

/** Of no account in /etc/passwd, as the accounts of a container often are. */
export const ORDINARY: Person = { uid: 12_345, gid: 12_345 };

/**
 * Everyone that a test can run the product as, for `describe.each`: root and an ordinary user when
 * root runs the tests, else whoever runs them. Where root keeps the repository or Node to itself
 * (below /root), no one else can run it.
 */
export function people(): readonly (readonly [string, Person | undefined])[] {
  if (process.getuid?.() !== 0) return [['an ordinary user', undefined]];
  const version = spawnSync(process.execPath, [CLI, '--version'], { ...ORDINARY, cwd: '/' });
  if (version.status !== 0) return [['root', undefined]];
  return [
    ['root', undefined],
    ['an ordinary user', ORDINARY],
  ];
}

export interface ProgramOptions {
  readonly cwd?: string;
  /** The whole environment but PATH. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Uint8Array;
  readonly timeoutMs?: number;
  readonly person?: Person | undefined;
  /** Told of each piece of standard output as it arrives. */
  readonly onOutput?: (text: string) => void;
  /** Told its process id once it has started. */
  readonly onStart?: (pid: number) => void;
}

export interface Outcome {
  /** Null when a signal or the timeout ended it. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, or kills it at its timeout. */
export function runProgram(
  program: readonly string[],
  options: ProgramOptions = {},
): Promise<Outcome> {
  const [file = '', ...args] = program;
  const { person, env = {}, cwd = tmpdir(), timeoutMs = TIMEOUT_MS } = options;
  return new Promise((done, fail) => {
    const child = spawn(file, args, {
      cwd,
      env: { PATH: process.env.PATH ?? '/usr/bin:/bin', ...env },
      ...(person === undefined ? {} : person),
      stdio: 'pipe',
    });
    if (child.pid !== undefined) options.onStart?.(child.pid);
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    let bytes = 0;
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].on('data', (chunk: Buffer) => {
        output[name].push(chunk);
        bytes += chunk.length;
        if (bytes > OUTPUT_BYTES_MAX) child.kill('SIGKILL');
        if (name === 'stdout') options.onOutput?.(chunk.toString());
      });
    }
    // A program need not read what it is given.
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
    child.once('error', fail);
    child.once('close', (status) => {
      clearTimeout(timer);
      const text = (name: 'stdout' | 'stderr'): string => Buffer.concat(output[name]).toString();
      done({ status, stdout: text('stdout'), stderr: text('stderr') });
    });
  });
}

/** A person with an empty home, an empty POWERBOX_HOME and an empty workspace. */
export interface Place {
  readonly person: Person | undefined;
  readonly home: string;
  readonly workspace: string;
  /** The built command line, in the workspace. */
  powerbox(args: readonly string[], options?: ProgramOptions): Promise<Outcome>;
  /** Another program of the same person, without a box. */
  run(program: readonly string[], options?: ProgramOptions): Promise<Outcome>;
  /** Writes a file of the person's in the workspace. */
  write(name: string, content: string): void;
  close(): void;
}

export function makePlace(person?: Person): Place {
  const folder = mkdtempSync(join(tmpdir(), 'powerbox-test-'));
  chmodSync(folder, 0o755);
  const own = (path: string): string => {
    if (person !== undefined) chownSync(path, person.uid, person.gid);
    return path;
  };
  const folderOf = (name: string): string => {
    mkdirSync(join(folder, name), { mode: 0o700 });
    return own(join(folder, name));
  };
  const [user, home, workspace] = ['user', 'home', 'workspace'].map(folderOf) as [
    string,
    string,
    string,
  ];
  const run = (program: readonly string[], options: ProgramOptions = {}): Promise<Outcome> => {
    const env = { HOME: user, POWERBOX_HOME: home, ...options.env };
    return runProgram(program, { cwd: workspace, person, ...options, env });
  };
  return {
    person,
    home,
    workspace,
    run,
    powerbox: (args, options) => run([process.execPath, CLI, ...args], options),
    write(name, content) {
      writeFileSync(join(workspace, name), content);
      own(join(workspace, name));
    },
    close: () => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }),
  };
}

/** A place with servers to reach, and the token of those in its vault. */
export interface ServedPlace extends Place {
  readonly demo: Demo;
  /**
   * Runs a program in a box with the secret ACME_TOKEN, which may reach the API and the git server.
   * `flags` come before the program.
   */
  box(
    program: readonly string[],
    flags?: readonly string[],
    options?: ProgramOptions,
  ): Promise<Outcome>;
  close(): Promise<void>;
}

/** What `box` gives to every box. */
export const BOX_FLAGS: readonly string[] = [
  '--secret=ACME_TOKEN',
  `--allow=${API_HOST}`,
  `--allow=${GIT_HOST}`,
];

export async function withServices(
  person?: Person,
  options: Pick<ServiceOptions, 'handle'> = {},
): Promise<ServedPlace> {
  const demo = await startDemo(options);
  const place = makePlace(person);
  const close = async (): Promise<void> => {
    place.close();
    await demo.close();
  };
  try {
    const config = join(place.home, 'config.json');
    writeFileSync(config, JSON.stringify({ egress: { hosts: demo.hosts } }));
    if (person !== undefined) chownSync(config, person.uid, person.gid);
    await keepToken(place, demo.token);
  } catch (error) {
    await close();
    throw error;
  }
  const box: ServedPlace['box'] = (program, flags = [], given = {}) =>
    place.powerbox(['run', ...BOX_FLAGS, ...flags, '--', ...program], given);
  return { ...place, demo, box, close };
}

async function keepToken(place: Place, token: string): Promise<void> {
  const origins = [API_HOST, GIT_HOST].map((host) => `--for=https://${host}`);
  const slots = ['bearer', 'basic-password'].map((form) => `--in=header:authorization:${form}`);
  const set = await place.powerbox(['secret', 'set', 'ACME_TOKEN', ...origins, ...slots], {
    input: token,
  });
  if (set.status !== 0) throw new Error(`secret set failed: ${set.stderr}`);
}

/** What the box sees instead of the token, by its own word: of the token's shape. */
export function placeholderIn(output: string): string {
  return /\b[a-z]{4}_[a-z0-9]{21}\b/i.exec(output)?.[0] ?? '';
}
