import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CLI } from '../../support/powerbox.ts';
import { egressOf } from '../support/processes.ts';
import { makeRig, type Rig } from '../support/rig.ts';
import { makeIssuer, type RawService, reply, startRawService } from '../support/service.ts';

/** As many as a system that is short of them leaves a process; the box asks for 600. */
const DESCRIPTORS = 180;

let service: RawService;
let rig: Rig;

beforeAll(async () => {
  const issuer = makeIssuer();
  service = await startRawService({
    certificate: issuer.issue('api.acme.example'),
    answer: ({ path }, socket) =>
      void socket.end(reply(`welcome to ${path}`, ['Connection: close'])),
  });
  rig = makeRig({ 'api.acme.example:443': service.port }, issuer.certificate);
  await rig.powerbox(['daemon', 'start']);
});
afterAll(async () => {
  await rig.powerbox(['daemon', 'stop']);
  rig.close();
  await service.close();
});

it('50 an egress that runs short of descriptors refuses connections and goes on', async () => {
  const args = [CLI, 'run', '--allow', 'api.acme.example', '--', '/usr/bin/python3'];
  const script = `ulimit -n ${DESCRIPTORS}; exec "$0" "$@"`;
  const box = spawn(
    '/bin/sh',
    ['-c', script, process.execPath, ...args, 'descriptor-tricks.py', 'take_all', 'after'],
    {
      cwd: rig.workspace,
      env: { PATH: '/usr/bin:/bin', HOME: dirname(rig.home), POWERBOX_HOME: rig.home },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const said = { stdout: '', stderr: '' };
  const egresses = new Set<number>();
  const watch = setInterval(() => {
    const pid = egressOf(box.pid as number);
    if (pid !== undefined) egresses.add(pid);
  }, 100);
  for (const which of ['stdout', 'stderr'] as const) {
    box[which].on('data', (data) => {
      said[which] += data;
    });
  }
  await new Promise((done) => box.once('close', done));
  clearInterval(watch);
  expect(said.stdout, said.stderr).toContain('take_all');
  const seen = JSON.parse(said.stdout) as Record<string, { seen: string }>;
  const text = (name: string): string =>
    Buffer.from(seen[name]?.seen ?? '', 'base64').toString('latin1');
  const cut = text('take_all').trim().split(' ').map(Number);
  expect(cut).toHaveLength(6);
  // More were refused than fit, and not all.
  const refused = cut.reduce((sum, count) => sum + count, 0);
  expect(refused).toBeGreaterThan(600 - DESCRIPTORS);
  expect(refused).toBeLessThan(600);
  expect(text('after')).toMatch(/^HTTP\/1\.1 200 .*welcome to \/after/s);
  // It was one process all the time.
  expect(egresses.size).toBe(1);
  expect(said.stderr).not.toContain('started again');
  const rows = await rig.rows();
  expect(rows.some(({ code }) => code === 'limit-exceeded')).toBe(true);
});
