import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reveals } from '../support/readings.ts';
import { makeRig, type Rig, type Seen, type TrickRun } from '../support/rig.ts';
import { makeIssuer, type RawService, reply, startRawService } from '../support/service.ts';

const LATE = 'late_live-7Yx2Wc9Qm4Zt6Kp1Rb8V';
const NAMES = ['over_http1', 'over_http2'] as const;

let service: RawService;
let rig: Rig;
let inBox: TrickRun;

beforeAll(async () => {
  const issuer = makeIssuer();
  service = await startRawService({
    certificate: issuer.issue('api.acme.example'),
    answer: (_, socket) => void socket.end(reply('taken')),
  });
  rig = makeRig({ 'api.acme.example:443': service.port }, issuer.certificate);
  const began = (): number => service.received().split('begin').length - 1;
  const runs = NAMES.map((name) =>
    rig.tricks('late-secret.py', ['--allow', 'api.acme.example'], [name]),
  );
  for (let turn = 0; turn < 10 && began() < 2; turn += 1) await service.until(() => began() === 2);
  expect(began()).toBe(2);
  await rig.secret('LATE', LATE, ['--for', 'https://elsewhere.acme.example']);
  await new Promise((done) => setTimeout(done, 1_000));
  writeFileSync(join(rig.workspace, 'late.txt'), LATE);
  const ended = await Promise.all(runs);
  inBox = { ...(ended[0] as TrickRun), seen: Object.assign({}, ...ended.map(({ seen }) => seen)) };
}, 60_000);
afterAll(async () => {
  rig.close();
  await service.close();
});

describe('a value that came into the vault while a body was on its way', () => {
  it.each(NAMES)('49 (%s) does not leave in the rest of it', (name) => {
    expect((inBox.seen[name] as Seen).text).toContain('secret-leaked');
    expect(service.received()).toContain('begin');
    expect(reveals(Buffer.from(service.received(), 'latin1'), LATE)).toBe(false);
  });
});
