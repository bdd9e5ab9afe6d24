import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { commandBox } from '../../src/host/command-box.ts';
import { queryJournal } from '../../src/journal/query.ts';
import { verifyJournal } from '../../src/journal/verify.ts';
import type { Live, UseContext } from '../../src/ocap/live.ts';
import { openCommand } from '../../src/powers/command/live.ts';
import { commandPower } from '../../src/powers/command/power.ts';
import { openHome } from '../../src/store/home.ts';
import { deriveKey, loadKey } from '../../src/vault/key.ts';
import { compile } from '../support/compile.ts';
import { ROOT } from '../support/repository.ts';

interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly truncated: boolean;
}

let compiled: string;
let folder: string;
let workspace: string;
let powers: Live[];
let ending: AbortController;
let spent: number;

beforeAll(() => {
  compiled = compile('src/host/command/main.ts');
  const assets = ['scripts/assets.mjs', join(ROOT, 'src'), compiled];
  execFileSync(process.execPath, assets, { cwd: ROOT });
});
afterAll(() => rmSync(compiled, { recursive: true, force: true }));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'powerbox-command-'));
  workspace = join(folder, 'work');
  mkdirSync(workspace);
  powers = [];
  ending = new AbortController();
  spent = 0;
});
afterEach(async () => {
  for (const power of powers) power.close();
  const { boxes } = home();
  // A box that was killed is put away by its starter.
  for (let tries = 0; tries < 100 && readdirSync(boxes).length > 0; tries += 1) await sleep(50);
  rmSync(folder, { recursive: true, force: true });
});

const home = () => openHome({ POWERBOX_HOME: join(folder, 'home') });
const starter = () => pathToFileURL(join(compiled, 'host/command/main.js'));

function context(): UseContext {
  const spend: UseContext['spend'] = ({ bytes = 0 }) => {
    spent += bytes;
  };
  return { narrowings: [], signal: ending.signal, spend };
}

function open(text: string): Live {
  const power = openCommand(commandPower.readConfig(text), commandBox(home(), starter()));
  powers.push(power);
  return power;
}

async function run(text: string, args: readonly string[], options?: object): Promise<Ran> {
  return (await open(text).call('run', [args, options], context())) as Ran;
}

/** Is there a process with this text among its arguments? */
function isRunning(mark: string): boolean {
  return someCommand((words) => words.includes(mark));
}

/** The program itself, and not only what starts it. */
function isSleeping(seconds: string): boolean {
  return someCommand(([program, first]) => program === 'sleep' && first === seconds);
}

function someCommand(test: (words: readonly string[]) => boolean): boolean {
  return readdirSync('/proc').some((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return false;
    try {
      return test(readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0'));
    } catch {
      return false;
    }
  });
}

async function until(condition: () => boolean): Promise<number> {
  const began = performance.now();
  while (!condition()) {
    if (performance.now() - began > 10_000) throw new Error('It never came to be.');
    await sleep(5);
  }
  return performance.now() - began;
}

/** A number of seconds to sleep that no other test has. */
const mark = () => `${1000 + Math.floor(Math.random() * 1e6)}.${process.pid}`;

describe('a command', () => {
  it('runs in a box with its arguments as they are, and tells how it ended', async () => {
    const args = ['a b', '$HOME', "'; id", '*', ''];
    const ran = await run('printf', ['<%s>', ...args]);
    expect(ran.stdout).toBe("<a b><$HOME><'; id><*><>");
    expect(ran).toMatchObject({ status: 0, truncated: false });
    expect(spent).toBe(ran.stdout.length + ran.stderr.length);
    expect(await run('sh -c', ['echo out; echo err >&2; exit 7'])).toEqual({
      status: 7,
      stdout: 'out\n',
      stderr: 'err\n',
      truncated: false,
    });
  });

  it('has nothing: no environment, no files, no other process, no input', async () => {
    process.env.HOST_ONLY = 'leak';
    writeFileSync(join(workspace, 'private'), 'leak');
    const script = `env; cat ${join(workspace, 'private')}; ls -A ~; ls /proc | grep -c '^[0-9]'; cat`;
    const { stdout } = await run('sh -c', [script]).finally(() => delete process.env.HOST_ONLY);
    expect(stdout).not.toContain('leak');
    expect(stdout).toMatch(/^HOME=\/home\/box$/m);
    expect(Number(stdout.trim().split('\n').at(-1))).toBeLessThan(8);
  });

  it('reaches no network, where the same program does without a box', async () => {
    const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
    await new Promise((done) => server.once('listening', done));
    const { port } = server.address() as { port: number };
    const script = `import socket; socket.create_connection(("127.0.0.1", ${port}), 2); print("in")`;
    const control = new Promise((done) => {
      const outside = spawn('python3', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] });
      outside.stdout.once('data', (data) => done(String(data)));
    });
    try {
      expect(await control).toContain('in');
      for (const address of [`("127.0.0.1", ${port})`, '("192.0.2.1", 443)', '("10.0.2.2", 80)']) {
        const tried = `import socket; socket.create_connection(${address}, 2); print("in")`;
        const ran = await run('python3 -c', [tried]);
        expect(ran.status).not.toBe(0);
        expect(ran.stdout).toBe('');
      }
    } finally {
      server.close();
    }
  });

  it('has the environment, the folder and the mounts that the power names', async () => {
    writeFileSync(join(workspace, 'seen'), 'seen\n');
    const words = `env=GREETING=hello workspace=${workspace}`;
    const reads = await run(`sh -c -- ${words}:ro`, ['echo $GREETING; cat seen; echo x > made']);
    expect(reads.stdout).toBe('hello\nseen\n');
    expect(readdirSync(workspace)).toEqual(['seen']);
    const writes = await run(`sh -c -- ${words}:rw`, ['echo x > made']);
    expect(writes.status).toBe(0);
    expect(readdirSync(workspace)).toEqual(['made', 'seen']);
    const mounted = await run(`cat -- mount=${workspace}:/srv/data`, ['/srv/data/seen']);
    expect(mounted.stdout).toBe('seen\n');
  });

  it('takes input and gives bytes', async () => {
    const bytes = new Uint8Array([0, 255, 10]);
    const ran = await run('cat', [], { stdin: bytes, encoding: 'base64' });
    expect(Buffer.from(ran.stdout, 'base64')).toEqual(Buffer.from(bytes));
    expect((await run('true', [], { stdin: 'x'.repeat(2 ** 20) })).status).toBe(0);
  });

  it('is ended when it writes too much, or takes too long', async () => {
    const much = await run('yes -- output=100K', []);
    expect(much.truncated).toBe(true);
    expect(much.stdout).toHaveLength(102_400);
    const long = await run('sleep -- time=1', ['1000']);
    expect(long.status).toBe(124);
  });

  it('ends with its grant, and all that it started', async () => {
    const [one, other] = [mark(), mark()];
    const running = run('sh -c', [`sleep ${one} & sleep ${other}`]);
    running.catch(() => {});
    await until(() => isRunning(one) && isRunning(other));
    ending.abort();
    const ms = await until(() => !isRunning(one) && !isRunning(other));
    expect(ms).toBeLessThan(1000);
    await running;
    await expect(run('true', [])).rejects.toMatchObject({ code: 'grant-revoked' });
  });

  it('ends with its caller, even when that is killed', async () => {
    const seconds = mark();
    const script = join(compiled, 'caller.mjs');
    writeFileSync(
      script,
      `import { commandBox } from './host/command-box.js';
       import { openHome } from './store/home.js';
       const limits = { timeMs: 60000, outputBytes: 1000, memoryBytes: null, pids: null };
       const spec = { program: 'sleep', args: ['${seconds}'], workspace: null, mounts: [], env: {}, limits, input: false };
       commandBox(openHome({ POWERBOX_HOME: ${JSON.stringify(home().root)} })).start(spec);`,
    );
    const caller = spawn(process.execPath, [script], { stdio: 'ignore' });
    await until(() => isRunning(seconds));
    caller.kill('SIGKILL');
    await until(() => !isRunning(seconds));
  });

  it('says why it cannot start', async () => {
    await expect(run('no-such-program', [])).rejects.toMatchObject({ code: 'program-missing' });
    await expect(run(`cat -- mount=${folder}/none`, [])).rejects.toMatchObject({
      code: 'mount-unreadable',
    });
    const state = run(`cat -- mount=${home().root}`, []);
    await expect(state).rejects.toMatchObject({ code: 'mount-exposes-state' });
  });

  it('has its start and its end in the journal, and leaves nothing behind', async () => {
    await run('true', ['noted']);
    const rows = queryJournal(home(), { limit: 10 });
    expect(rows).toMatchObject([
      { kind: 'box-start', program: ['true', 'noted'], rules: [], secrets: [] },
      { kind: 'box-end', status: 0, reason: 'exited' },
    ]);
    expect(verifyJournal(home(), deriveKey(loadKey(home()), 'journal')).rows).toBe(2);
    expect(readdirSync(home().boxes)).toEqual([]);
  });
});

interface Read {
  readonly stdout: string;
  readonly stderr: string;
  readonly ended: boolean;
}

describe('a process', () => {
  const start = async (text: string, args: readonly string[], options?: object): Promise<Live> =>
    (await open(text).call('start', [args, options], context())) as Live;
  const read = async (live: Live): Promise<Read> =>
    (await live.call('read', [], context())) as Read;
  const status = (live: Live) => live.call('wait', [], context());

  it('is written to and read from while it runs', async () => {
    const cat = await start('cat', [], { input: true });
    await cat.call('write', ['one\n'], context());
    expect(await read(cat)).toEqual({ stdout: 'one\n', stderr: '', ended: false });
    await cat.call('write', ['two\n'], context());
    expect((await read(cat)).stdout).toBe('two\n');
    await cat.call('closeInput', [], context());
    expect(await read(cat)).toEqual({ stdout: '', stderr: '', ended: true });
    expect(await status(cat)).toEqual({ status: 0 });
    await expect(cat.call('write', ['x'], context())).rejects.toMatchObject({
      code: 'reference-closed',
    });
    expect(spent).toBe(16);
  });

  it('is signalled', async () => {
    const seconds = mark();
    const sleeping = await start('sleep', [seconds]);
    await until(() => isSleeping(seconds));
    sleeping.call('signal', ['SIGTERM'], context());
    expect(await status(sleeping)).toEqual({ status: 143 });
  });

  it('ends when it is let go of, also before it has begun', async () => {
    const seconds = mark();
    const early = await start('sleep', [seconds]);
    early.close();
    const late = await start('sleep', [seconds]);
    await until(() => isRunning(seconds));
    late.close();
    late.close();
    await until(() => !isRunning(seconds));
    await Promise.resolve(status(early)).catch(() => {});
    // What was on its way when it was let go of may be seen for a moment.
    await until(() => !isRunning(seconds));
  });

  it('waits while nobody reads, and loses nothing', async () => {
    const much = await start('sh -c', ['seq 200000; echo end >&2']);
    await sleep(500);
    let stdout = '';
    let stderr = '';
    for (;;) {
      const piece = await read(much);
      stdout += piece.stdout;
      stderr += piece.stderr;
      if (piece.ended) break;
    }
    expect(stdout.split('\n')).toHaveLength(200_001);
    expect(stderr).toBe('end\n');
  });
});
