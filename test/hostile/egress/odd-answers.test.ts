import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeRig, type Rig, type Seen, type TrickRun } from '../support/rig.ts';
import { makeIssuer, type RawService, reply, startRawService } from '../support/service.ts';

/** Status lines, to the byte. */
const LINES: Readonly<Record<string, Buffer>> = {
  '/euro': Buffer.from('HTTP/1.1 200 10 \u20ac', 'utf8'),
  '/latin': Buffer.from('HTTP/1.1 200 caf\xe9', 'latin1'),
  '/nul': Buffer.from('HTTP/1.1 200 O\0K', 'latin1'),
  '/bell': Buffer.from('HTTP/1.1 200 O\x07K', 'latin1'),
  '/status_000': Buffer.from('HTTP/1.1 000 Odd', 'latin1'),
  '/status_099': Buffer.from('HTTP/1.1 099 Odd', 'latin1'),
  '/unasked_101': Buffer.from('HTTP/1.1 101 Odd\r\nConnection: upgrade\r\nUpgrade: h2c', 'latin1'),
};
const REST = Buffer.from('\r\nContent-Length: 3\r\nConnection: close\r\n\r\nodd');

let service: RawService;
let rig: Rig;
let inBox: TrickRun;
let outside: Readonly<Record<string, Seen>>;

beforeAll(async () => {
  const issuer = makeIssuer();
  service = await startRawService({
    certificate: issuer.issue('api.acme.example'),
    answer({ path }, socket) {
      const line = LINES[path];
      socket.end(line === undefined ? reply('fine') : Buffer.concat([line, REST]));
    },
  });
  rig = makeRig({ 'api.acme.example:443': service.port }, issuer.certificate);
  inBox = await rig.tricks('odd-answer-tricks.py', ['--allow', 'api.acme.example']);
  const names = Object.keys(LINES).map((path) => `${path.slice(1)}_http1`);
  outside = await rig.control('odd-answer-tricks.py', {}, names);
});
afterAll(async () => {
  rig.close();
  await service.close();
});

const seenOf = (name: string): Seen => inBox.seen[name] as Seen;

describe('an answer with a status line that cannot be passed on', () => {
  it.each(['euro', 'latin', 'nul', 'bell'])('50 (%s) is answered without its words', (name) => {
    const line = LINES[`/${name}`] as Buffer;
    expect(outside[`${name}_http1`]?.bytes.includes(line)).toBe(true);
    expect(seenOf(`${name}_http1`).text).toMatch(/^HTTP\/1\.1 200 ?\r\n.*odd$/s);
    expect(seenOf(`${name}_http2`).text).toMatch(/^STREAM 1 200 \[whole\].*odd\n/s);
  });

  it.each(['status_000', 'status_099', 'unasked_101'])('50 (%s) is no answer', (name) => {
    expect(outside[`${name}_http1`]?.bytes.includes('odd')).toBe(true);
    expect(seenOf(`${name}_http1`).text).toMatch(/^HTTP\/1\.1 502 .*upstream-unreachable/s);
    expect(seenOf(`${name}_http2`).text).toMatch(/^STREAM 1 502 \[whole\].*upstream-unreachable/s);
  });

  it('50 holds up nothing, and each request has the row of its end', () => {
    expect(seenOf('fine_http1').text).toMatch(/fine$/);
    for (const seen of Object.values(inBox.seen)) expect(seen.seconds).toBeLessThan(4);
    const requests = inBox.rows.filter(({ kind }) => kind === 'request');
    expect(requests).toHaveLength(16);
    for (const row of requests) expect([200, 502]).toContain(row.status);
  });
});
