import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeRandom } from '../../fuzz/random.ts';
import { egressOf, isAlive, until } from '../hostile/support/processes.ts';
import { makeRig, type Rig, type Row } from '../hostile/support/rig.ts';
import {
  type Answer,
  makeIssuer,
  type RawService,
  reply,
  startRawService,
} from '../hostile/support/service.ts';
import { CLI } from '../support/powerbox.ts';

const TOKEN = 'tok_live-4jXw8RbQz1NvK6sYp3Ha';
const FLAGS = ['--secret', 'API_TOKEN', '--allow', 'api.acme.example'];
/** Boxes beside each other, and how often the egress of each is killed before it may not be more. */
const BOXES = ['a', 'b', 'c', 'd'];
const KILLS = 5;
/** Moments of the kills. */
const SEED = 20_401;
const BACK_MS_MAX = 15_000;

let service: RawService;
let rig: Rig;
/** When each path arrived at the upstream. */
const arrivals: { readonly path: string; readonly time: number }[] = [];

const answer: Answer = ({ path, head }, socket) => {
  arrivals.push({ path, time: Date.now() });
  socket.end(reply(`<${path}>\n${head}`, ['Connection: close']));
};

beforeAll(async () => {
  const issuer = makeIssuer();
  service = await startRawService({ certificate: issuer.issue('api.acme.example'), answer });
  rig = makeRig({ 'api.acme.example:443': service.port }, issuer.certificate);
  await rig.secret('API_TOKEN', TOKEN, ['--for', 'https://api.acme.example']);
});
afterAll(async () => {
  rig.close();
  await service.close();
});

/** A box under load. */
interface Loaded {
  readonly name: string;
  readonly starter: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly ended: Promise<number | null>;
  arrivals(): readonly { readonly path: string; readonly time: number }[];
  stop(): Promise<number | null>;
}

async function load(name: string): Promise<Loaded> {
  const args = [CLI, 'run', ...FLAGS, '--', '/usr/bin/python3', 'crash-load.py', name];
  const starter = spawn(process.execPath, args, {
    cwd: rig.workspace,
    env: { PATH: '/usr/bin:/bin', HOME: dirname(rig.home), POWERBOX_HOME: rig.home },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  for (const which of ['stdout', 'stderr'] as const) {
    starter[which]?.on('data', (data) => {
      said[which] += data;
    });
  }
  const ended = new Promise<number | null>((done) =>
    starter.once('close', (status) => done(status)),
  );
  const own = () => arrivals.filter(({ path }) => path.startsWith(`/${name}/`));
  if (!(await until(() => own().length > 20, 60_000))) {
    throw new Error(`The box did not ask: ${said.stderr}`);
  }
  return {
    name,
    starter,
    ended,
    stdout: () => said.stdout,
    stderr: () => said.stderr,
    arrivals: own,
    stop() {
      writeFileSync(join(rig.workspace, `stop-${name}`), '');
      return ended;
    },
  };
}

function egressPid(box: Loaded): number {
  const pid = egressOf(box.starter.pid as number);
  if (pid === undefined) throw new Error('The box has no egress.');
  return pid;
}

/** Kills the egress of a box; milliseconds until a request of the box arrived again. */
async function killOnce(box: Loaded): Promise<{ readonly pid: number; readonly backMs: number }> {
  const pid = egressPid(box);
  process.kill(pid, 'SIGKILL');
  const killed = Date.now();
  // What it had written before may arrive a moment later; nothing takes so long on one machine.
  const back = () => box.arrivals().find(({ time }) => time > killed + 10);
  if (!(await until(() => back() !== undefined, BACK_MS_MAX))) {
    throw new Error(`Nothing came back: ${box.stderr()}`);
  }
  return { pid, backMs: (back()?.time ?? 0) - killed };
}

async function rowsOf(box: Loaded): Promise<readonly Row[]> {
  const rows = await rig.rows();
  const id = rows.find(
    ({ kind, url }) => kind === 'request' && url?.includes(`/${box.name}/`),
  )?.box;
  return rows.filter((row) => row.box === id);
}

function bytesBelow(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('\n');
}

describe('an egress that is killed at any moment, under load', () => {
  let boxes: readonly Loaded[];
  const kills: { readonly pid: number; readonly backMs: number }[] = [];

  beforeAll(async () => {
    boxes = await Promise.all(BOXES.map(load));
    const random = makeRandom(SEED);
    await Promise.all(
      boxes.map(async (box) => {
        for (let kill = 0; kill < KILLS; kill += 1) {
          await sleep(random.below(200));
          kills.push(await killOnce(box));
        }
      }),
    );
  }, 180_000);
  afterAll(() => {
    for (const { starter } of boxes) starter.kill('SIGKILL');
  });

  it('is really killed, each time another process', () => {
    expect(kills).toHaveLength(BOXES.length * KILLS);
    expect(new Set(kills.map(({ pid }) => pid)).size).toBe(kills.length);
    for (const { pid } of kills) expect(isAlive(pid)).toBe(false);
  });

  it('comes back by itself', () => {
    const times = kills.map(({ backMs }) => backMs).sort((one, other) => one - other);
    expect(times[Math.floor(times.length / 2)]).toBeLessThan(BACK_MS_MAX / 2);
  });

  it('ends the box where it is killed again and again', async () => {
    const [box] = boxes as [Loaded];
    let isOver = false;
    void box.ended.then(() => {
      isOver = true;
    });
    while (!isOver) {
      const pid = egressOf(box.starter.pid as number);
      try {
        if (pid !== undefined) process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended since it was seen.
      }
      await sleep(50);
    }
    expect(await box.ended).not.toBe(0);
    expect(box.stderr()).toContain('the egress ended again and again, so the box is stopped');
    expect((await rowsOf(box)).at(-1)).toMatchObject({ kind: 'box-end', reason: 'egress-lost' });
  });

  it('lets nothing leave unjudged, and loses no row', async () => {
    const [, ...others] = boxes;
    const statuses = await Promise.all(others.map((box) => box.stop()));
    expect(statuses, others.map((box) => box.stderr()).join('\n')).toEqual([0, 0, 0]);
    for (const box of boxes) {
      const rows = await rowsOf(box);
      const allowed = new Set(
        rows
          .filter(({ kind, verdict }) => kind === 'request' && verdict === 'allow')
          .map(({ url }) => new URL(url ?? '').pathname),
      );
      expect(box.arrivals().length).toBeGreaterThan(KILLS);
      expect(box.arrivals().filter(({ path }) => !allowed.has(path))).toEqual([]);
      const restarts = rows.filter(({ note }) => note === 'egress-restarted');
      expect(restarts.length).toBeGreaterThanOrEqual(KILLS);
    }
    const { status, stdout } = await rig.powerbox(['log', 'verify']);
    expect(stdout).toContain('The journal is whole');
    expect(status).toBe(0);
  });

  it('gives each box right answers or none, and each name its address for good', () => {
    for (const box of boxes.slice(1)) {
      const seen = JSON.parse(box.stdout());
      expect(seen.wrong).toEqual([]);
      expect(seen.right).toBeGreaterThan(KILLS);
      expect(seen.broken).toBeGreaterThan(0);
      expect(seen.addressNow).toBe(seen.address);
      expect(seen.otherAddress).not.toBe(seen.address);
      expect(box.stderr()).toContain('the egress ended and was started again');
    }
  });

  it('leaves the value nowhere on the disk', () => {
    const disk = bytesBelow(dirname(rig.home));
    expect(disk.length).toBeGreaterThan(100_000);
    for (const form of ['latin1', 'base64', 'hex'] as const) {
      expect(disk).not.toContain(Buffer.from(TOKEN).toString(form));
    }
    // It was in use all the time.
    expect(service.received()).toContain(`Bearer ${TOKEN}`);
  });
});

describe('an egress that is stopped', () => {
  it('stalls its box, and opens nothing', async () => {
    const box = await load('stalled');
    const pid = egressPid(box);
    process.kill(pid, 'SIGSTOP');
    await sleep(100);
    const before = box.arrivals().length;
    await sleep(600);
    expect(box.arrivals()).toHaveLength(before);
    process.kill(pid, 'SIGCONT');
    expect(await until(() => box.arrivals().length > before + 5)).toBe(true);
    const shown = await rig.powerbox(['ls', '--json']);
    expect(shown.stdout).toContain('"running"');
    expect(await box.stop()).toBe(0);
  }, 60_000);

  it('does not keep its box from ending, which is recorded', async () => {
    const box = await load('stuck');
    const pid = egressPid(box);
    process.kill(pid, 'SIGSTOP');
    box.starter.kill('SIGTERM');
    await box.stop();
    expect(isAlive(pid)).toBe(false);
    const rows = await rowsOf(box);
    expect(rows.at(-1)).toMatchObject({ kind: 'box-end' });
  }, 60_000);
});
