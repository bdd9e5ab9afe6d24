import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type NaiveGateway, startNaiveGateway } from '../support/naive-gateway.ts';
import { makeRig, type Rig, type Seen, type TrickRun } from '../support/rig.ts';
import {
  type Answer,
  makeIssuer,
  type RawService,
  reply,
  startRawService,
} from '../support/service.ts';
import { watchEgress } from '../support/watch-egress.ts';

/** Floods that end their connection with ENHANCE_YOUR_CALM. */
const CUT = [
  ...['rapid_reset', 'provoked_reset', 'too_many', 'continuations', 'empty_continuations'],
  ...['empty_data', 'late_heads', 'pings', 'settings', 'priorities', 'windows', 'unknown'],
];
const HELD = ['bombs', 'unread_pings', 'zero_windows', 'unread_answers', 'many_sessions'];

let service: RawService;
let plain: RawService;
let gateway: NaiveGateway;
let rigs: readonly Rig[];
let bare: Rig;
let inBox: readonly TrickRun[];
let outside: Readonly<Record<string, Seen>>;
let largest = 0;

const answer: Answer = async ({ path }, socket) => {
  if (path === '/waits') return;
  if (path === '/slow') await new Promise((done) => setTimeout(done, 200));
  if (path === '/large') socket.end(reply(Buffer.alloc(1 << 20, 65), ['Connection: close']));
  else if (path === '/headers')
    socket.end(`HTTP/1.1 204 None\r\nX-A: ${'a'.repeat(8_000)}\r\n\r\n`);
  else socket.end(reply(`welcome to ${path}`, ['Connection: close']));
};

beforeAll(async () => {
  const issuer = makeIssuer();
  const certificate = issuer.issue('api.acme.example');
  service = await startRawService({ certificate, answer });
  plain = await startRawService({ certificate: null, answer });
  gateway = await startNaiveGateway(certificate, plain.port);
  const made = (port: number): Rig => makeRig({ 'api.acme.example:443': port }, issuer.certificate);
  rigs = [made(service.port), made(service.port)];
  bare = made(gateway.port);
  const watch = watchEgress(rigs.map(({ home }) => home));
  const flags = ['--allow', 'api.acme.example'];
  const [first, second] = rigs as [Rig, Rig];
  const [cut, held, bareRun] = await Promise.all([
    first.tricks('http2-floods.py', flags, CUT),
    second.tricks('http2-floods.py', flags, HELD),
    bare.control('http2-floods.py', {}, CUT),
  ]);
  inBox = [cut, held];
  outside = bareRun;
  watch.stop();
  largest = watch.largest;
}, 180_000);
afterAll(async () => {
  for (const rig of [...rigs, bare]) rig.close();
  await Promise.all([service.close(), plain.close(), gateway.close()]);
});

function seen(name: string): Seen {
  return { ...inBox[0]?.seen, ...inBox[1]?.seen }[name] as Seen;
}

describe('a flood of frames', () => {
  it.each(CUT)('34 (%s) ends its connection, without a bound it goes on', (name) => {
    expect(seen(name).text).toMatch(/^sent \d+ cut (?:GOAWAY 11|\w*Error)/);
    expect((outside[name] as Seen).text).toMatch(/^sent \d+ cut None/);
  });

  it.each([...CUT, ...HELD.slice(0, -1)])('34, 50 (%s) leaves others as they were', (name) => {
    expect(seen(name).text).toMatch(
      /then STREAM 1 200 .*welcome to \/ordinary.* after [0-4]\.\d s/s,
    );
  });

  it('34 unfolds no head beyond its bound, and does not keep what it did not take', () => {
    expect(seen('bombs').text).toMatch(/^sent 400 cut None/);
    expect(service.asked.some(({ head }) => head.includes('x-bomb'))).toBe(false);
    expect(gateway.longestHead).toBeGreaterThan(1_000_000);
  });

  it('34 reaches the server as few times as the bound says', () => {
    const slow = service.asked.filter(({ path }) => path === '/slow').length;
    expect(slow).toBeLessThan(1_000);
    expect(gateway.begun).toBeGreaterThan(4_500);
  });

  it('50 cannot have more requests open than a box may, however it divides them', () => {
    expect(seen('many_sessions').text).toMatch(/^refused 2\d\d$/);
  });

  it('50 has a row for each, and takes little memory', () => {
    const rows = inBox.flatMap(({ rows }) => rows);
    const limits = rows.filter(({ code }) => code === 'limit-exceeded');
    expect(limits.length).toBeGreaterThanOrEqual(CUT.length);
    expect(largest).toBeGreaterThan(20);
    expect(largest).toBeLessThan(250);
  });
});
