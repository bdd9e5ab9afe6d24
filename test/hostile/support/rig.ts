import { execFile } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CLI } from '../../support/powerbox.ts';

/** What a trick saw. */
export interface Seen {
  readonly bytes: Buffer;
  /** The same, Latin-1, with the error behind it where there was one. */
  readonly text: string;
  readonly error: string | null;
  readonly seconds: number;
}

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A row of the journal as `powerbox log --json` prints it. */
export interface Row {
  readonly seq: number;
  readonly kind: string;
  readonly box: string;
  readonly guest?: string;
  readonly verdict?: string;
  readonly code?: string;
  readonly method?: string;
  readonly url?: string;
  readonly target?: string;
  readonly reason?: string;
  readonly text?: string;
  readonly note?: string;
  readonly status?: number | null;
  readonly secrets?: readonly string[];
  readonly scrubbed?: number;
}

export interface TrickRun {
  readonly seen: Readonly<Record<string, Seen>>;
  readonly stderr: string;
  readonly box: string;
  readonly rows: readonly Row[];
}

/** Where names are: `name:port` to a port on 127.0.0.1. `*:port` is for the control alone. */
export type Places = Readonly<Record<string, number>>;

/** A state folder and a workspace of its own, and the real command line. */
export interface Rig {
  readonly home: string;
  readonly workspace: string;
  /** Runs the command line to its end. */
  powerbox(args: readonly string[], options?: { input?: string; env?: Env }): Promise<Ended>;
  /** `--for` origins and `--in` slots, as the command line takes them. */
  secret(name: string, value: string, flags: readonly string[]): Promise<void>;
  /** Runs `script` (a file of test/hostile/support) in a box, and reads its rows. */
  tricks(script: string, flags: readonly string[], names?: readonly string[]): Promise<TrickRun>;
  /** The same script without a box, which has the value itself and the services at hand. */
  control(
    script: string,
    env: Env,
    names?: readonly string[],
  ): Promise<Readonly<Record<string, Seen>>>;
  rows(): Promise<Row[]>;
  /** Every byte below the state folder. */
  state(): Buffer;
  close(): void;
}

export type Env = Readonly<Record<string, string>>;

const SUPPORT = import.meta.dirname;
const PYTHON = '/usr/bin/python3';

/** `ca` is trusted for every one of `places`. */
export function makeRig(places: Places, ca: string): Rig {
  const folder = mkdtempSync(join(tmpdir(), 'powerbox-hostile-'));
  const [home, workspace] = [join(folder, 'home'), join(folder, 'ws')];
  furnish(home, workspace, places, ca);
  const env = (extra: Env = {}): Record<string, string> => ({
    PATH: process.env.PATH ?? '/usr/bin:/bin',
    HOME: folder,
    POWERBOX_HOME: home,
    ...extra,
  });
  const powerbox: Rig['powerbox'] = (args, options = {}) => {
    const place = { cwd: workspace, env: env(options.env) };
    return finish(process.execPath, [CLI, ...args], place, options.input);
  };
  const rows: Rig['rows'] = async () => {
    const { stdout } = await powerbox(['log', '--json', '--limit', '100000']);
    return stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Row);
  };
  return {
    home,
    workspace,
    powerbox,
    rows,
    async secret(name, value, flags) {
      const set = await powerbox(['secret', 'set', name, ...flags], { input: value });
      if (set.status !== 0) throw new Error(`secret set: ${set.stderr}`);
    },
    async tricks(script, flags, names = []) {
      const before = (await rows()).length;
      const ended = await powerbox(['run', ...flags, '--', PYTHON, script, ...names]);
      const later = (await rows()).slice(before);
      const box = later.find(({ kind }) => kind === 'box-start')?.box ?? '';
      const own = later.filter((row) => row.box === box);
      return { seen: seenOf(ended), stderr: ended.stderr, box, rows: own };
    },
    async control(script, extra, names = []) {
      const direct = { ...extra, DIRECT: JSON.stringify(places), PATH: '/usr/bin:/bin' };
      return seenOf(await finish(PYTHON, [script, ...names], { cwd: workspace, env: direct }));
    },
    state: () => bytesBelow(home),
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The hostile scripts in the workspace, the places in config.json. */
function furnish(home: string, workspace: string, places: Places, ca: string): void {
  for (const path of [home, workspace]) mkdirSync(path, { mode: 0o700 });
  for (const file of readdirSync(SUPPORT).filter((name) => name.endsWith('.py'))) {
    copyFileSync(join(SUPPORT, file), join(workspace, file));
  }
  const hosts = Object.entries(places)
    .filter(([name]) => !name.startsWith('*'))
    .map(([name, port]) => [name, { connect: `127.0.0.1:${port}`, ca }]);
  const config = { egress: { hosts: Object.fromEntries(hosts) } };
  writeFileSync(join(home, 'config.json'), JSON.stringify(config));
}

function finish(
  program: string,
  args: readonly string[],
  options: { cwd: string; env: Env },
  input = '',
): Promise<Ended> {
  return new Promise((done) => {
    const limits = { timeout: 60_000, maxBuffer: 256 << 20, encoding: 'latin1' as const };
    const child = execFile(program, args, { ...options, ...limits }, (_, stdout, stderr) => {
      done({ status: child.exitCode, stdout, stderr });
    });
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}

function seenOf({ stdout, stderr, status }: Ended): Record<string, Seen> {
  let results: Record<string, { seen: string; error: string | null; seconds: number }>;
  try {
    results = JSON.parse(stdout);
  } catch {
    throw new Error(
      `The hostile script did not finish (${status}): ${stdout.slice(0, 500)} ${stderr.slice(0, 2000)}`,
    );
  }
  return Object.fromEntries(
    Object.entries(results).map(([name, { seen, error, seconds }]) => {
      const bytes = Buffer.from(seen, 'base64');
      return [name, { bytes, text: `${bytes.toString('latin1')}${error ?? ''}`, error, seconds }];
    }),
  );
}

function bytesBelow(folder: string): Buffer {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  return Buffer.concat(
    files
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name))),
  );
}
