import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLI } from '../support/powerbox.ts';
import { egressOf, until } from './support/processes.ts';
import { makeRig, type Rig } from './support/rig.ts';
import { makeIssuer, type RawService, reply, startRawService } from './support/service.ts';

const HOST = 'api.acme.example';
/** Has no secret at first. */
const OPEN = 'open.acme.example';
/**
 * After a command that changes the vault has ended, a running box has this long to follow, on a
 * machine that is busy with other tests. It takes milliseconds, and two seconds where it is not told.
 */
const AT_ONCE_MS = 1_000;

let number = 0;
/** A value that no test has had before. */
function nextValue(): string {
  number += 1;
  return `sk-live-${String(number).padStart(4, '0')}Hq2ZpW9mLx4KcVt8RbN`;
}

let current = nextValue();
let service: RawService;
let open: RawService;
let rig: Rig;
let box: ChildProcess;
let said = '';
/** When each value was seen first and last at the server, by `performance.now()`. */
const seen = new Map<string, { first: number; last: number }>();
/** Ends the answer that waits. */
let release: () => void = () => {};
/** The connection of an answer that is written bit by bit. */
let feed: Socket | null = null;

function beginFeed(socket: Socket): void {
  socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
  feed = socket;
}

function tell(text: string): void {
  feed?.write(`${text.length.toString(16)}\r\n${text}\r\n`);
}

beforeAll(async () => {
  const issuer = makeIssuer();
  service = await startRawService({
    certificate: issuer.issue(HOST),
    async answer({ head, path, header }, socket) {
      const value = (header('authorization') ?? '').replace(/^Bearer /, '');
      const now = performance.now();
      seen.set(value, { first: seen.get(value)?.first ?? now, last: now });
      if (path === '/feed') {
        beginFeed(socket);
        return;
      }
      if (path === '/slow') await new Promise<void>((done) => (release = done));
      socket.write(reply(path === '/load' ? 'ok' : head));
    },
  });
  open = await startRawService({
    certificate: issuer.issue(OPEN),
    answer({ head, path }, socket) {
      if (path === '/feed') beginFeed(socket);
      else socket.write(reply(head));
    },
  });
  const places = { [`${HOST}:443`]: service.port, [`${OPEN}:443`]: open.port };
  rig = makeRig(places, issuer.certificate);
  await rig.secret('API_TOKEN', current, ['--for', `https://${HOST}`]);
  const rules = ['--allow', HOST, '--allow', `GET https://${OPEN}/{page=feed|other}`];
  const args = [CLI, 'run', '--secret', 'API_TOKEN', ...rules, '--'];
  box = spawn(process.execPath, [...args, '/usr/bin/python3', 'rotation-tricks.py'], {
    cwd: rig.workspace,
    env: { PATH: '/usr/bin:/bin', HOME: rig.workspace, POWERBOX_HOME: rig.home },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [box.stdout, box.stderr]) stream?.on('data', (data) => (said += data));
  if (!(await until(() => seen.has(current)))) throw new Error(`The box did not ask: ${said}`);
});
afterAll(async () => {
  writeFileSync(join(rig.workspace, 'stop'), '');
  const ended = new Promise((done) => box.once('close', done));
  release();
  await Promise.race([ended, sleep(5_000).then(() => box.kill('SIGKILL'))]);
  rig.close();
  await Promise.all([service.close(), open.close()]);
});

/** Has the program in the box do something; gives what it saw. */
async function inBox(name: string, text = ''): Promise<() => Promise<string>> {
  const path = join(rig.workspace, name);
  rmSync(`${path}.done`, { force: true });
  // Whole when it appears.
  writeFileSync(`${path}.draft`, text);
  renameSync(`${path}.draft`, path);
  return async () => {
    await until(() => existsSync(`${path}.done`));
    return readFileSync(`${path}.done`, 'latin1');
  };
}

/** Gives the secret a new value; resolves when the command has ended. */
async function rotate(value = nextValue()): Promise<number> {
  const { status, stderr } = await rig.powerbox(['secret', 'rotate', 'API_TOKEN'], {
    input: value,
  });
  if (status !== 0) throw new Error(stderr);
  current = value;
  return performance.now();
}

describe('rotate', () => {
  it('48 changes a running box at once, under load, and no later request has the old value', async () => {
    const delays: number[] = [];
    for (let turn = 0; turn < 5; turn += 1) {
      const old = current;
      const done = await rotate();
      expect(await until(() => seen.has(current))).toBe(true);
      delays.push(Math.max(0, (seen.get(current)?.first ?? 0) - done));
      await sleep(AT_ONCE_MS);
      expect((seen.get(old)?.last ?? 0) - done).toBeLessThan(AT_ONCE_MS);
    }
    for (const delay of delays) expect(delay).toBeLessThan(AT_ONCE_MS);
  });

  it('51 leaves a request on its way what it was sent with, and scrubs that from its answer', async () => {
    const old = current;
    const answer = await inBox('slow');
    await until(() =>
      service.asked.some(({ path, head }) => path === '/slow' && head.includes(old)),
    );
    await rotate();
    await until(() => seen.has(current));
    release();
    const text = await answer();
    expect(text).toMatch(/^200 GET \/slow/);
    expect(text).not.toContain(old);
    expect(text).not.toContain(current);
  });

  it('6 scrubs an answer that began before it of the value that came after', async () => {
    const old = current;
    const answer = await inBox('feed');
    await until(() => feed !== null);
    tell(`kept ${old}, `);
    await rotate();
    await until(() => seen.has(current));
    // The service keeps what other requests bring it, and tells it here.
    tell(`kept ${old}, `);
    tell(`kept ${current}, `);
    tell(`kept ${Buffer.from(`id:${current}`).toString('base64')}.`);
    feed?.write('0\r\n\r\n');
    const text = await answer();
    expect(text).toMatch(/^200 (?:kept .*){4}\.$/);
    for (const value of [old, current]) {
      expect(text).not.toContain(value);
      expect(text).not.toContain(Buffer.from(value).toString('base64').slice(4, -4));
    }
  });

  it('49 makes of the old value, and of every one before it, what no request may carry', async () => {
    const old = current;
    await rotate();
    await until(() => seen.has(current));
    for (const value of [old, current, [...seen.keys()][0] as string]) {
      expect(await (await inBox('say', value))()).toMatch(/^403 .*"secret-leaked"/);
    }
    expect(await (await inBox('say', 'nothing of note'))()).toMatch(/^200 /);
    expect(service.asked.filter(({ path }) => path === '/say')).toHaveLength(1);
  });

  it('51 goes unnoticed while its file is cut off or not a record, and is made up for', async () => {
    const path = join(rig.home, 'vault', 'API_TOKEN.json');
    const whole = readFileSync(path);
    for (const breakIt of [
      () => truncateSync(path, 40),
      () => writeFileSync(path, whole.toString().replace(/"nonce":"../, '"nonce":"00')),
      () => writeFileSync(path, ''),
    ]) {
      breakIt();
      await sleep(50);
      const before = service.asked.length;
      await until(() => service.asked.length > before + 20);
      const values = service.asked.slice(before).map(({ header }) => header('authorization'));
      expect([...new Set(values)]).toEqual([`Bearer ${current}`]);
      // What is broken is recognised all the same.
      expect(await (await inBox('say', current))()).toMatch(/^403 .*"secret-leaked"/);
    }
    writeFileSync(path, whole);
    const done = await rotate();
    await until(() => seen.has(current));
    expect((seen.get(current)?.first ?? 0) - done).toBeLessThan(AT_ONCE_MS);
  });
});

describe('an egress that is killed', () => {
  async function kill(): Promise<void> {
    const pid = egressOf(box.pid as number) as number;
    process.kill(pid, 'SIGKILL');
    expect(await until(() => ![pid, undefined].includes(egressOf(box.pid as number)))).toBe(true);
  }

  it('51 comes back with the value of now, and knows those of before', async () => {
    const old = current;
    await rotate();
    // What it was told last may be on its way.
    await kill();
    expect(await until(() => seen.has(current))).toBe(true);
    const came = performance.now();
    for (const value of [old, current]) {
      expect(await (await inBox('say', value))()).toMatch(/^403 .*"secret-leaked"/);
    }
    expect(await (await inBox('ask'))()).toMatch(/^200 /);
    expect(seen.get(old)?.last ?? 0).toBeLessThan(came);
  });

  it('51 comes back without a secret that is gone', async () => {
    const old = current;
    await rig.powerbox(['secret', 'rm', 'API_TOKEN']);
    await sleep(AT_ONCE_MS);
    await kill();
    const came = performance.now();
    expect(await (await inBox('ask'))()).toMatch(/^403 .*"credential-foreign"/);
    expect(seen.get(old)?.last ?? 0).toBeLessThan(came);
    current = nextValue();
    await rig.secret('API_TOKEN', current, ['--for', `https://${HOST}`]);
    expect(await until(() => seen.has(current))).toBe(true);
  });
});

describe('a secret that comes while an answer goes on', () => {
  it('6 is not told by it: the answer, which nobody scrubs, is cut', async () => {
    const value = nextValue();
    feed = null;
    const answer = await inBox('feed-open');
    await until(() => feed !== null);
    tell('nothing of note, ');
    await rig.secret('OPEN_TOKEN', value, ['--for', `https://${OPEN}`]);
    const guest = (await rig.rows()).find(({ kind }) => kind === 'box-start')?.guest ?? '';
    for (const words of [
      ['power', 'add', `https://${OPEN} with OPEN_TOKEN`, '--as', 'open'],
      ['grant', 'open', 'to', guest, '--only', 'GET /ask'],
    ]) {
      const { status, stderr } = await rig.powerbox(words);
      expect(status, stderr).toBe(0);
    }
    expect(await (await inBox('ask-open'))()).toMatch(/^200 /);
    expect(open.asked.at(-1)?.header('authorization')).toBe(`Bearer ${value}`);
    tell(`kept ${value}.`);
    tell('');
    const text = await answer();
    expect(text).toContain('nothing of note');
    expect(text).not.toContain(value);
    const row = (await rig.rows()).find(({ url }) => url === `https://${OPEN}/feed`);
    expect(row).toMatchObject({ verdict: 'allow', ended: 'response-unscrubbable' });
  });
});

describe('a placeholder that a box learns from an echo', () => {
  it('47 is of no use beside the grant of its secret, nor when the daemon was killed', async () => {
    const echoed = await (await inBox('ask-open'))();
    const placeholder = /Bearer (\S+)/i.exec(echoed)?.[1] ?? '';
    expect(placeholder).toHaveLength(current.length);
    const steal = async () => await (await inBox('other', placeholder))();
    expect(await steal()).toMatch(/^403 .*"credential-foreign"/);
    const pidOf = () => JSON.parse(readFileSync(join(rig.home, 'daemon.json'), 'utf8')).process.pid;
    const daemon = pidOf();
    process.kill(daemon, 'SIGKILL');
    await rig.powerbox(['inbox']);
    expect(await until(() => pidOf() !== daemon)).toBe(true);
    expect(await (await inBox('ask-open'))()).toMatch(/^200 .*Bearer/s);
    // The next daemon tells the egress of the secret again, a moment after it is up.
    for (let turn = 0; turn < 10; turn += 1) {
      expect(await steal()).toMatch(/^403 .*"credential-foreign"/);
      await sleep(AT_ONCE_MS / 5);
    }
    expect(open.asked.filter(({ path }) => path === '/other')).toEqual([]);
  });
});

describe('rm', () => {
  it('takes the secret from running boxes too, until there is one again', async () => {
    const old = current;
    expect(await (await inBox('ask'))()).toMatch(/^200 /);
    await rig.powerbox(['secret', 'rm', 'API_TOKEN']);
    const removed = performance.now();
    await sleep(AT_ONCE_MS);
    expect(await (await inBox('ask'))()).toMatch(/^403 .*"credential-foreign"/);
    expect((seen.get(old)?.last ?? 0) - removed).toBeLessThan(AT_ONCE_MS);
    current = nextValue();
    await rig.secret('API_TOKEN', current, ['--for', `https://${HOST}`]);
    expect(await until(() => seen.has(current))).toBe(true);
    expect(await (await inBox('ask'))()).toMatch(/^200 /);
  });
});
