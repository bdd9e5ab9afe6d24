import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CLI } from '../support/powerbox.ts';
import { egressOf, family, isAlive, type Process, surface, until } from './support/processes.ts';
import { makeRig, type Rig, type Row } from './support/rig.ts';
import { makeIssuer, type RawService, reply, startRawService } from './support/service.ts';

const TOKEN = 'tok_live-9vBn4MqL7wEr2TyU5iOp';
/** Of a secret that no box here is given. */
const OTHER = 'tok_live-4Kd8XsPz1Vn6HgFt3CuJ';
const FLAGS = ['--secret', 'API_TOKEN', '--allow', 'api.acme.example'];

let service: RawService;
let rig: Rig;

beforeAll(async () => {
  const issuer = makeIssuer();
  service = await startRawService({
    certificate: issuer.issue('api.acme.example'),
    answer: ({ path, head }, socket) => {
      if (path !== '/hang') socket.end(reply(`welcome\n${head}`, ['Connection: close']));
    },
  });
  rig = makeRig({ 'api.acme.example:443': service.port }, issuer.certificate);
  await rig.secret('API_TOKEN', TOKEN, ['--for', 'https://api.acme.example']);
  await rig.secret('OTHER_TOKEN', OTHER, ['--for', 'https://other.acme.example']);
});
afterAll(async () => {
  rig.close();
  await service.close();
});

/** A box whose request is at the upstream and unanswered. */
interface Lingering {
  readonly starter: ChildProcess;
  readonly egress: number;
  /** Every process of the box, and what started it; the egress and the command line are apart. */
  readonly inside: readonly Process[];
  readonly output: () => string;
  readonly ended: Promise<void>;
}

async function linger(ulimit = 'ulimit -c 0'): Promise<Lingering> {
  const before = service.asked.length;
  const script = `${ulimit}; exec "$0" "$@"`;
  const args = [CLI, 'run', ...FLAGS, '--', '/usr/bin/python3', 'lingering-tricks.py'];
  const starter = spawn('/bin/sh', ['-c', script, process.execPath, ...args], {
    cwd: rig.workspace,
    env: { PATH: '/usr/bin:/bin', HOME: rig.workspace, POWERBOX_HOME: rig.home },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  starter.stdout?.on('data', (data) => (text += data));
  starter.stderr?.on('data', (data) => (text += data));
  const ended = new Promise<void>((done) => starter.once('close', () => done()));
  const hanging = () => service.asked.slice(before).some(({ path }) => path === '/hang');
  if (!(await until(hanging))) throw new Error(`The box did not ask: ${text}`);
  const egress = egressOf(starter.pid as number) as number;
  const inside = family(starter.pid as number).filter(
    ({ pid }) => pid !== egress && pid !== starter.pid,
  );
  return { starter, egress, inside, output: () => text, ended };
}

async function end(box: Lingering): Promise<void> {
  box.starter.kill('SIGKILL');
  await box.ended;
  await until(() => ![box.egress, ...box.inside.map(({ pid }) => pid)].some(isAlive));
}

function stateOf(): string {
  const path = join(rig.workspace, 'state');
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

async function rowsOfLast(): Promise<readonly Row[]> {
  const rows = await rig.rows();
  const box = rows.filter(({ kind }) => kind === 'box-start').at(-1)?.box;
  return rows.filter((row) => row.box === box);
}

async function expectWholeJournal(): Promise<void> {
  const { status, stdout } = await rig.powerbox(['log', 'verify']);
  expect(stdout).toContain('The journal is whole');
  expect(status).toBe(0);
}

beforeEach(() => {
  for (const name of ['state', 'beat']) rmSync(join(rig.workspace, name), { force: true });
});

describe('the processes around a value', () => {
  it('have it in no argument and no environment, while it is in use', async () => {
    const box = await linger();
    try {
      const pids = [box.starter.pid as number, box.egress, ...box.inside.map(({ pid }) => pid)];
      expect(box.inside.length).toBeGreaterThanOrEqual(2);
      for (const pid of pids) expect(surface(pid)).not.toContain(TOKEN);
      // It is in use: the upstream has it.
      expect(service.asked.at(-1)?.head).toContain(`Bearer ${TOKEN}`);
      // And such a look would see it where it is.
      const control = spawn('/bin/sleep', ['5'], { env: { API_TOKEN: TOKEN } });
      await until(() => surface(control.pid as number).includes(TOKEN), 2_000);
      expect(surface(control.pid as number)).toContain(TOKEN);
      control.kill('SIGKILL');
    } finally {
      await end(box);
    }
  });

  it('are in the memory of the egress and the command line alone', async () => {
    const box = await linger();
    try {
      for (const { pid } of box.inside) expect(memoryHolds(pid, TOKEN)).not.toBe(true);
      // Where memory can be read at all, the same look finds it in the egress.
      expect([true, null]).toContain(memoryHolds(box.egress, TOKEN));
      if (process.getuid?.() === 0) expect(memoryHolds(box.egress, TOKEN)).toBe(true);
      // Of all others it has what recognises them.
      expect(memoryHolds(box.egress, OTHER)).not.toBe(true);
    } finally {
      await end(box);
    }
  });

  it.each(['egress', 'starter'] as const)(
    'leave no core file with it when the %s crashes',
    async (which) => {
      const box = await linger('ulimit -c unlimited 2>/dev/null || ulimit -c 0');
      const pid = which === 'egress' ? box.egress : (box.starter.pid as number);
      const filter = readFileSync(`/proc/${pid}/coredump_filter`, 'utf8');
      process.kill(pid, 'SIGSEGV');
      await until(() => !isAlive(pid));
      await end(box);
      expect(Number.parseInt(filter, 16)).toBe(0);
      for (const name of readdirSync(rig.workspace).filter((file) => /^core/.test(file))) {
        const path = join(rig.workspace, name);
        expect(statSync(path).size).toBeLessThan(16 << 20);
        expect(readFileSync(path).includes(TOKEN)).toBe(false);
        rmSync(path);
      }
    },
  );

  it('take no debugger by signal', async () => {
    const box = await linger();
    try {
      process.kill(box.egress, 'SIGUSR1');
      await sleep(300);
      expect(isAlive(box.egress)).toBe(true);
      expect(listeningPorts(box.egress)).toEqual([]);
      // The command line passes it on to the program, and listens to nobody either.
      process.kill(box.starter.pid as number, 'SIGUSR1');
      await sleep(50);
      expect(listeningPorts(box.starter.pid as number)).toEqual([]);
      expect(box.output()).not.toMatch(/debugger/i);
      const control = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
      await until(() => readFileSync(`/proc/${control.pid}/comm`, 'utf8').startsWith('node'));
      await sleep(300);
      process.kill(control.pid as number, 'SIGUSR1');
      expect(await until(() => listeningPorts(control.pid as number).length > 0)).toBe(true);
      control.kill('SIGKILL');
    } finally {
      await end(box);
    }
  });
});

/** TCP ports of this machine that the process itself listens on. */
function listeningPorts(pid: number): number[] {
  let own: Set<string>;
  let table: string;
  try {
    own = new Set(
      readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`)),
    );
    table = readFileSync(`/proc/${pid}/net/tcp`, 'utf8');
  } catch {
    return [];
  }
  return table.split('\n').flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    const listens = fields[3] === '0A' && own.has(`socket:[${fields[9]}]`);
    return listens ? [Number.parseInt(fields[1]?.split(':')[1] ?? '', 16)] : [];
  });
}

/** Null where this user may not read the memory of that process. */
function memoryHolds(pid: number, value: string): boolean | null {
  const program = `
import re, sys
value = sys.argv[2].encode()
try:
    maps = open(f"/proc/{sys.argv[1]}/maps").read().splitlines()
    memory = open(f"/proc/{sys.argv[1]}/mem", "rb", 0)
except OSError:
    print("closed"); sys.exit()
found = False
for line in maps:
    span, mode = line.split()[:2]
    if not mode.startswith("rw"): continue
    first, last = (int(end, 16) for end in span.split("-"))
    try:
        memory.seek(first)
        found = found or value in memory.read(last - first)
    except (OSError, OverflowError): pass
print("found" if found else "clean")`;
  const args = ['-c', program, String(pid), value];
  const found = execFileSync('/usr/bin/python3', args, { encoding: 'utf8' }).trim();
  return found === 'closed' ? null : found === 'found';
}

describe('an egress that is killed in the middle of a request', () => {
  it('leaves its box without a way out until the next one is there, and every row of what had left', async () => {
    const box = await linger();
    process.kill(box.egress, 'SIGKILL');
    const before = service.asked.length;
    expect(await until(() => /after \d+ .*200 OK/.test(stateOf()))).toBe(true);
    expect(egressOf(box.starter.pid as number)).not.toBe(box.egress);
    expect(stateOf()).toMatch(/asking\nanswered 0 /);
    await end(box);
    const paths = service.asked.slice(before).map(({ path }) => path);
    expect(new Set(paths)).toEqual(new Set(['/after']));
    const rows = await rowsOfLast();
    const sent = rows.filter(({ kind, verdict }) => kind === 'request' && verdict === 'allow');
    const names = sent.map(({ url }) => url?.split('/').at(-1));
    expect(names.slice(0, 5)).toEqual(['ordinary', 'ordinary', 'ordinary', 'hang', 'after']);
    expect(names.length).toBeGreaterThanOrEqual(4 + paths.length);
    expect(rows.some(({ note }) => note === 'egress-restarted')).toBe(true);
    await expectWholeJournal();
  });
});

describe('a command line that is killed', () => {
  it('takes the box and the egress with it, and the end of the box is still told', async () => {
    const box = await linger();
    box.starter.kill('SIGKILL');
    await box.ended;
    expect(await until(() => !box.inside.some(({ pid }) => isAlive(pid)))).toBe(true);
    expect(await until(() => !isAlive(box.egress))).toBe(true);
    const beat = readFileSync(join(rig.workspace, 'beat'), 'utf8');
    await sleep(300);
    expect(readFileSync(join(rig.workspace, 'beat'), 'utf8')).toBe(beat);
    const rows = await rowsOfLast();
    expect(rows.some(({ kind, url }) => kind === 'request' && url?.endsWith('/hang'))).toBe(true);
    expect(rows.at(-1)).toMatchObject({ kind: 'box-end', reason: 'abandoned' });
    await expectWholeJournal();
  });
});

describe('the state folder', () => {
  it('holds the value in no form, whatever crashed', () => {
    const state = rig.state().toString('latin1');
    expect(state.length).toBeGreaterThan(1000);
    for (const form of ['latin1', 'base64', 'hex'] as const) {
      expect(state).not.toContain(Buffer.from(TOKEN).toString(form));
      expect(state).not.toContain(Buffer.from(OTHER).toString(form));
    }
  });
});
