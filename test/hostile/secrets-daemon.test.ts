import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLI } from '../support/powerbox.ts';
import { until } from './support/processes.ts';
import { makeRig, type Rig } from './support/rig.ts';
import { makeIssuer, type RawService, reply, startRawService } from './support/service.ts';

/** Of a box, of a grant, and of nothing that runs. */
const OWN = 'tok_live-8uJm2NbVc5XzQ1wErT6y';
const GRANTED = 'tok_live-3kLp7HgFd9SaZxCvB4nM';
const UNUSED = 'tok_live-6yTr5EwQ8pOiUjKlM2aS';
const FORMS = ['latin1', 'base64', 'hex'] as const;

let service: RawService;
let rig: Rig;
let folder: string;
let daemon: ChildProcess;
const boxes: ChildProcess[] = [];

function start(...args: string[]): ChildProcess {
  const box = spawn(process.execPath, [CLI, ...args], {
    cwd: rig.workspace,
    env: { PATH: '/usr/bin:/bin', HOME: dirname(rig.home), POWERBOX_HOME: rig.home },
    stdio: 'ignore',
  });
  boxes.push(box);
  return box;
}

beforeAll(async () => {
  const issuer = makeIssuer();
  service = await startRawService({
    certificate: issuer.issue('api.acme.example'),
    answer: ({ path }, socket) => {
      if (path !== '/hang') socket.end(reply('welcome', ['Connection: close']));
    },
  });
  rig = makeRig({ 'api.acme.example:443': service.port }, issuer.certificate);
  folder = mkdtempSync(join(tmpdir(), 'powerbox-heap-'));
  const origin = ['--for', 'https://api.acme.example'];
  await rig.secret('API_TOKEN', OWN, origin);
  await rig.secret('GRANT_TOKEN', GRANTED, origin);
  await rig.secret('UNUSED_TOKEN', UNUSED, origin);
  daemon = spawn(
    process.execPath,
    ['--heapsnapshot-signal=SIGUSR2', join(dirname(CLI), '../daemon/main.js')],
    {
      cwd: folder,
      env: { PATH: '/usr/bin:/bin', HOME: dirname(rig.home), POWERBOX_HOME: rig.home },
      stdio: 'ignore',
    },
  );
  await until(() => existsSync(join(rig.home, 'powerbox.sock')));
  await rig.powerbox(['guest', 'add', 'alice']);
  const power = 'http:https://api.acme.example with GRANT_TOKEN';
  expect((await rig.powerbox(['grant', power, 'to', 'alice'])).stderr).toBe('');
  start(
    ...['run', '--secret', 'API_TOKEN', '--allow', 'api.acme.example'],
    ...['--', '/usr/bin/python3', 'lingering-tricks.py'],
  );
  start('run', '--as', 'alice', '--', 'sh', '-c', 'curl -s https://api.acme.example/; sleep 60');
  const inUse = (value: string) => service.received().includes(`Bearer ${value}`);
  if (!(await until(() => inUse(OWN) && inUse(GRANTED), 20_000))) {
    throw new Error(`The secrets were not used: ${service.received().slice(0, 500)}`);
  }
});
afterAll(async () => {
  for (const box of boxes) box.kill('SIGKILL');
  daemon.kill('SIGKILL');
  await until(() => [...boxes, daemon].every((one) => one.exitCode !== null || one.killed));
  rig.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  await service.close();
});

/** All that lives in the daemon's heap, as the engine writes it down. */
async function heapOfDaemon(): Promise<string> {
  daemon.kill('SIGUSR2');
  let size = 0;
  let heap = '';
  const isWritten = (): boolean => {
    const name = readdirSync(folder).find((file) => file.endsWith('.heapsnapshot'));
    if (name === undefined) return false;
    const before = size;
    size = statSync(join(folder, name)).size;
    if (size === 0 || size !== before) return false;
    heap = readFileSync(join(folder, name), 'latin1');
    return heap.trimEnd().endsWith('}');
  };
  if (!(await until(isWritten, 20_000))) throw new Error('The daemon wrote no heap.');
  return heap;
}

describe('the heap of a daemon', () => {
  it('holds the values that grants bring, and no other', async () => {
    const heap = await heapOfDaemon();
    // The look finds what is there: a value that the daemon gives to an egress by itself.
    expect(heap).toContain(GRANTED);
    for (const value of [OWN, UNUSED]) {
      for (const form of FORMS) expect(heap).not.toContain(Buffer.from(value).toString(form));
    }
  });
});
