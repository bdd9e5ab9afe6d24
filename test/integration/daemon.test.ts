import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type DaemonPlace,
  isDaemon,
  jsonLines,
  makeDaemonPlace,
  within,
} from '../support/daemon.ts';
import { ROOT } from '../support/repository.ts';

const DAEMON = join(ROOT, 'dist/daemon/main.js');

let place: DaemonPlace;
beforeEach(() => {
  place = makeDaemonPlace();
});
afterEach(() => place.close());

function logOf(home: string): string {
  const path = join(home, 'daemon.log');
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

function running(): number {
  const pid = place.daemonPid();
  if (pid === undefined || !isDaemon(pid)) throw new Error('no daemon runs');
  return pid;
}

describe('the daemon', () => {
  it('is started by the first verb that needs it, and by none that does not', async () => {
    expect((await place.powerbox(['daemon', 'status'])).status).toBe(69);
    expect((await place.powerbox(['ls'])).status).toBe(0);
    expect(place.daemonPid()).toBeUndefined();
    const [guest] = await place.json('guest', 'add', 'alice');
    expect(guest?.name).toBe('alice');
    const [status] = await place.json('daemon', 'status');
    expect(status).toMatchObject({ running: true, pid: running(), guests: 1, home: place.home });
    expect(statSync(join(place.home, 'powerbox.sock')).mode & 0o777).toBe(0o600);
    expect(logOf(place.home)).toContain('ready');
  });

  it('has a session of its own, and nothing of the environment that it does not need', async () => {
    const env = { NODE_OPTIONS: '--no-warnings', A_PRIVATE_WORD: 'x', LANG: 'C.UTF-8' };
    await place.powerbox(['daemon', 'start'], { env });
    const pid = running();
    const found = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
    expect(found).toContain('LANG=C.UTF-8');
    expect(found.filter((entry) => /^(?:NODE_OPTIONS|A_PRIVATE_WORD)=/.test(entry))).toEqual([]);
    const [, , , session] =
      readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
    expect(Number(session)).toBe(pid);
  });

  it('comes up once, however many commands want it at once', async () => {
    const ran = await Promise.all(
      Array.from({ length: 10 }, (_, at) => place.powerbox(['guest', 'add', `guest-${at}`])),
    );
    expect(ran.map(({ status, stderr }) => [status, stderr])).toEqual(
      Array.from({ length: 10 }, () => [0, '']),
    );
    expect(await place.json('guest', 'ls')).toHaveLength(10);
    expect(logOf(place.home).match(/ready/g)).toHaveLength(1);
  });

  it('is one of those that were started in the same moment', async () => {
    for (let round = 0; round < 3; round++) {
      const env = { PATH: process.env.PATH ?? '', HOME: place.home, POWERBOX_HOME: place.home };
      const children = Array.from({ length: 5 }, () =>
        spawn(process.execPath, [DAEMON], { env, stdio: 'ignore' }),
      );
      const ends = children.map(
        (child) => new Promise<number | null>((done) => child.once('exit', done)),
      );
      await waitForEnds(ends, 4);
      const left = children.filter((child) => child.exitCode === null);
      expect(left).toHaveLength(1);
      expect(await within(5_000, () => place.daemonPid() === left[0]?.pid)).toBe(true);
      left[0]?.kill('SIGKILL');
      await Promise.all(ends);
    }
  });

  it('stops when it is told to, and can be started again', async () => {
    await place.json('guest', 'add', 'alice');
    const pid = running();
    expect((await place.powerbox(['daemon', 'stop'])).status).toBe(0);
    expect(isDaemon(pid)).toBe(false);
    expect(existsSync(join(place.home, 'powerbox.sock'))).toBe(false);
    const again = await place.powerbox(['daemon', 'stop']);
    expect([again.status, again.stderr]).toEqual([0, 'powerbox: no daemon runs.\n']);
    expect((await place.json('guest', 'ls')).map(({ name }) => name)).toEqual(['alice']);
    expect(running()).not.toBe(pid);
  });

  it('that hangs is told of, and killed when it is to stop', async () => {
    await place.powerbox(['daemon', 'start']);
    const pid = running();
    process.kill(pid, 'SIGSTOP');
    const status = await place.powerbox(['daemon', 'status']);
    expect(status.status).toBe(69);
    expect(status.stderr).toContain('does not answer');
    expect((await place.powerbox(['daemon', 'stop'])).status).toBe(0);
    expect(isDaemon(pid)).toBe(false);
    expect(await place.json('guest', 'ls')).toEqual([]);
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('stops in order at %s', async (signal) => {
    await place.powerbox(['daemon', 'start']);
    const pid = running();
    process.kill(pid, signal);
    expect(await within(5_000, () => !isDaemon(pid))).toBe(true);
    expect(logOf(place.home)).toContain(`stops: ${signal}`);
  });

  it('keeps guests, names, grants and mail through kill -9', async () => {
    await place.json('guest', 'add', 'alice');
    await place.json('grant', 'https://api.example', 'to', 'alice', '--as', 'api');
    await place.powerbox(['name', 'mkdir', 'work', '--by', 'alice']);
    await place.json('request', 'http', 'to read', '--by', 'alice');
    const before = await everything();
    const pid = running();
    process.kill(pid, 'SIGKILL');
    await within(5_000, () => !isDaemon(pid));
    expect(existsSync(join(place.home, 'powerbox.sock'))).toBe(true);
    expect(await everything()).toEqual(before);
    expect(running()).not.toBe(pid);
    const verified = await place.powerbox(['log', 'verify']);
    expect(verified.stderr).toBe('');
    expect(verified.status).toBe(0);
  });

  async function everything(): Promise<readonly unknown[]> {
    return [
      await place.json('guest', 'ls'),
      await place.json('grants'),
      await place.json('name', 'ls', '--by', 'alice'),
      await place.json('inbox'),
      await place.json('power', 'ls'),
    ];
  }
});

/** Resolves once so many have ended. */
function waitForEnds(ends: readonly Promise<unknown>[], count: number): Promise<void> {
  let ended = 0;
  return new Promise((done) => {
    for (const end of ends)
      void end.then(() => {
        ended += 1;
        if (ended === count) done();
      });
  });
}

describe('a daemon that nobody has any more', () => {
  it('ends when its home is gone, and when another home has taken its place', async () => {
    for (const replace of [false, true]) {
      const own = makeDaemonPlace();
      await own.powerbox(['daemon', 'start']);
      const pid = own.daemonPid() ?? 0;
      expect(isDaemon(pid)).toBe(true);
      renameSync(own.home, `${own.home}-away`);
      rmSync(`${own.home}-away`, { recursive: true });
      if (replace) mkdirSync(own.home, { mode: 0o700 });
      expect(await within(5_000, () => !isDaemon(pid))).toBe(true);
      own.close();
    }
  });

  it('ends when its socket is gone', async () => {
    await place.powerbox(['daemon', 'start']);
    const pid = running();
    rmSync(join(place.home, 'powerbox.sock'));
    expect(await within(5_000, () => !isDaemon(pid))).toBe(true);
    expect(await place.json('guest', 'ls')).toEqual([]);
  });

  it('ends after its idle time, and not before', async () => {
    const own = makeDaemonPlace({ POWERBOX_DAEMON_IDLE: '1500ms' });
    await own.powerbox(['daemon', 'start']);
    const pid = own.daemonPid() ?? 0;
    const started = Date.now();
    expect(isDaemon(pid)).toBe(true);
    expect(await within(10_000, () => !isDaemon(pid))).toBe(true);
    expect(Date.now() - started).toBeGreaterThan(1_000);
    expect(logOf(own.home)).toContain('stops: nobody needs it');
    own.close();
  });
});

describe('a start of the daemon', () => {
  it('is not kept from a home by what a dead one left', async () => {
    await place.powerbox(['daemon', 'start']);
    const pid = running();
    process.kill(pid, 'SIGKILL');
    await within(5_000, () => !isDaemon(pid));
    // As if its number had been given to this very process since.
    const record = join(place.home, 'daemon.json');
    const left = JSON.parse(readFileSync(record, 'utf8')) as { process: object };
    const reused = { ...left, process: { ...left.process, pid: process.pid } };
    writeFileSync(record, JSON.stringify(reused));
    expect((await place.powerbox(['daemon', 'status'])).status).toBe(69);
    expect((await place.powerbox(['daemon', 'stop'])).status).toBe(0);
    expect((await place.powerbox(['daemon', 'start'])).status).toBe(0);
    expect(running()).not.toBe(process.pid);
  });

  it('works in a home whose path is too long for a socket', async () => {
    const deep = join(place.home, 'a'.repeat(100), 'b'.repeat(100));
    const env = { POWERBOX_HOME: deep };
    const { status, stdout, stderr } = await place.powerbox(['daemon', 'start', '--json'], { env });
    expect([status, stderr]).toEqual([0, '']);
    const [info] = jsonLines<{ pid: number }>(stdout);
    expect((await place.powerbox(['guest', 'add', 'alice'], { env })).status).toBe(0);
    expect((await place.powerbox(['daemon', 'stop'], { env })).status).toBe(0);
    expect(isDaemon(info?.pid ?? 0)).toBe(false);
  });

  it('says what keeps it from starting, with the code and the status of that', async () => {
    writeFileSync(join(place.home, 'config.json'), '{"kinds":["kind.mjs"]}');
    const ran = await place.powerbox(['guest', 'ls']);
    expect(ran.status).toBe(78);
    expect(ran.stderr).toContain('/kinds/0 is not an absolute path. ');
    expect(ran.stderr).toContain('[config-invalid]');
    expect(ran.stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(logOf(place.home)).toContain('not started: [config-invalid]');
  });

  it('is told apart from a start by another version', async () => {
    await place.powerbox(['daemon', 'start']);
    const record = join(place.home, 'daemon.json');
    const told = JSON.parse(readFileSync(record, 'utf8')) as object;
    writeFileSync(record, JSON.stringify({ ...told, version: '0.0.1' }));
    const ran = await place.powerbox(['guest', 'ls', '--json']);
    expect(ran.status).toBe(0);
    expect(ran.stdout).toBe('');
    expect(ran.stderr).toMatch(/version 0\.0\.1 and this command is/);
  });
});

describe('a kind of config.json', () => {
  const KIND = `
    const any = { safeParse: (data) => ({ success: true, data }), parse: (data) => data };
    export const definition = {
      kind: 'clock', summary: 'Says what time it is.', config: any, narrowing: any,
      facets: { root: { now: { summary: 'Says the time.', args: [], returns: any } } },
      concerns: () => true, permits: () => ({ allow: true }), effect: () => 'read',
      describe: () => 'the time', callOf: () => ({}), readConfig: () => ({}),
      describeConfig: () => 'a clock', readNarrowing: () => null, describeNarrowing: () => [],
      secretsOf: () => [],
    };
    export function open() { return { facet: 'root', at: null, call: () => 0, close() {} }; }
  `;

  function install(text: string, mode = 0o600): string {
    const path = join(place.workspace, 'clock.mjs');
    writeFileSync(path, text);
    chmodSync(path, mode);
    writeFileSync(join(place.home, 'config.json'), JSON.stringify({ kinds: [path] }));
    return path;
  }

  it('is there beside those that come with Powerbox', async () => {
    install(KIND);
    const kinds = (await place.json('power', 'kinds')).map(({ id }) => id);
    expect(kinds).toContain('clock');
    expect(kinds).toContain('http');
  });

  it.each([
    ['others can write', KIND, 0o622, /others than its owner can write it/],
    ['is no module', 'export const = 1', 0o600, /it cannot be loaded/],
    ['exports nothing', '', 0o600, /does not export definition and open/],
    ['lacks a part', KIND.replace('permits:', 'permit:'), 0o600, /does not say "permits"/],
    ['has a name that is taken', KIND.replace("'clock'", "'http'"), 0o600, /"http" already/],
    ['has a name that is none', KIND.replace("'clock'", "'a b'"), 0o600, /the name of the kind/],
  ])('keeps the daemon from starting when it %s', async (_, text, mode, says) => {
    install(text, mode);
    const ran = await place.powerbox(['guest', 'ls']);
    expect(ran.status).toBe(78);
    expect(ran.stderr).toMatch(says);
  });
});
