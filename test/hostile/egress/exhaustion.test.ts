import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeRig, type Rig, type Seen, type TrickRun } from '../support/rig.ts';
import {
  type Answer,
  makeIssuer,
  type RawService,
  reply,
  startRawService,
} from '../support/service.ts';

/** What is refused so often that the box has to wait for its next connection. */
const FLOODS = ['many_connections', 'many_requests'];
const QUICK = [
  ...['large_header', 'many_headers', 'headers_in_bound', 'long_path', 'many_names'],
  ...['never_reads', 'endless_head', 'endless_names'],
];
const MEBIBYTE = 1 << 20;

let service: RawService;
let rigs: readonly Rig[];
let quick: TrickRun;
let floods: TrickRun;
let slow: TrickRun;
let sent = 0;
/** Resident memory of the largest egress that was seen, in MiB. */
let largest = 0;
let descriptors = 0;

const answer: Answer = async ({ path, head }, socket) => {
  if (path === '/endless') {
    socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
    const chunk = Buffer.concat([
      Buffer.from('100000\r\n'),
      Buffer.alloc(MEBIBYTE, 65),
      Buffer.from('\r\n'),
    ]);
    while (!socket.destroyed && sent < 1024 * MEBIBYTE) {
      sent += MEBIBYTE;
      if (!socket.write(chunk)) {
        await new Promise<void>((done) => socket.once('drain', done).once('close', () => done()));
      }
    }
    return;
  }
  if (path === '/endless-head') {
    socket.write('HTTP/1.1 200 OK\r\n');
    for (let line = 0; line < 4096 && !socket.destroyed; line += 1) {
      socket.write(`X-${line}: ${'a'.repeat(1000)}\r\n`);
    }
    socket.end();
    return;
  }
  socket.end(reply(`welcome to ${path} with ${head.split('\r\n').length}`, ['Connection: close']));
};

/** The egress of any command line of this test's own; they are found by their parent. */
function watchMemory(): void {
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const line = readFileSync(`/proc/${entry}/cmdline`, 'latin1');
      if (!line.includes('egress/main.js')) continue;
      const parent = /^PPid:\t(\d+)/m.exec(readFileSync(`/proc/${entry}/status`, 'utf8'))?.[1];
      const environment = readFileSync(`/proc/${parent}/environ`, 'latin1');
      if (!rigs.some(({ home }) => environment.includes(home))) continue;
      const resident = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${entry}/status`, 'utf8'))?.[1];
      largest = Math.max(largest, Number(resident) / 1024);
      descriptors = Math.max(descriptors, readdirSync(`/proc/${entry}/fd`).length);
    } catch {
      // It ended, or is somebody else's.
    }
  }
}

beforeAll(async () => {
  const issuer = makeIssuer();
  service = await startRawService({ certificate: issuer.issue('api.acme.example'), answer });
  rigs = await Promise.all(
    [QUICK, FLOODS, ['slow_all']].map(async () => {
      const rig = makeRig({ 'api.acme.example:443': service.port }, issuer.certificate);
      await rig.secret('API_TOKEN', 'tok_live-6TgB3nYh7UjM9kIo', [
        '--for',
        'https://api.acme.example',
      ]);
      return rig;
    }),
  );
  const watch = setInterval(watchMemory, 100);
  try {
    [quick, floods, slow] = (await Promise.all([
      attempt(0, QUICK),
      attempt(1, FLOODS),
      attempt(2, ['slow_all']),
    ])) as [TrickRun, TrickRun, TrickRun];
  } finally {
    clearInterval(watch);
  }
}, 120_000);
function attempt(rig: number, names: readonly string[]): Promise<TrickRun> {
  const flags = ['--secret', 'API_TOKEN', '--allow', 'api.acme.example'];
  return (rigs[rig] as Rig).tricks('exhaustion-tricks.py', flags, names);
}

afterAll(async () => {
  for (const rig of rigs) rig.close();
  await service.close();
});

function seen(name: string): Seen {
  return { ...quick.seen, ...floods.seen }[name] as Seen;
}

describe('an egress that is to be used up', () => {
  it.each(QUICK.filter((name) => name !== 'headers_in_bound'))(
    '50 serves an ordinary request after %s, at once',
    (name) => {
      expect(seen(name).text).toMatch(
        /then HTTP\/1\.1 200 .*welcome to \/ordinary.* after [0-4]\.\d s/s,
      );
    },
  );

  it.each(FLOODS)('50 serves a box that was refused very often (%s)', (name) => {
    expect(seen(name).text).toMatch(/then HTTP\/1\.1 200 .*welcome to \/ordinary/s);
  });

  it('50 writes a row for each refusal of a flood', () => {
    const [, answers] = /(\d+) answers/.exec(seen('many_requests').text) ?? [];
    const denied = floods.rows.filter(({ url }) => url?.endsWith('/flood'));
    expect(Number(answers)).toBeGreaterThan(0);
    expect(denied.length).toBeGreaterThanOrEqual(Number(answers));
    expect(floods.rows.some(({ code }) => code === 'limit-exceeded')).toBe(true);
  });

  it('50 refuses heads beyond its bounds whole, and forwards those within', () => {
    // The connection may be cut before whoever still sends has read why.
    for (const name of ['large_header', 'many_headers']) {
      expect(seen(name).text).toMatch(/^(?:HTTP\/1\.1 400 .*request-malformed.*)?\nthen /s);
    }
    expect(quick.rows.filter(({ code }) => code === 'request-malformed').length).toBeGreaterThan(2);
    expect(seen('long_path').text).toMatch(/^HTTP\/1\.1 400 /);
    expect(seen('headers_in_bound').text).toContain('welcome to /bound with 40');
    expect(service.asked.map(({ path }) => path)).not.toContain('/large');
    expect(service.asked.map(({ path }) => path)).not.toContain('/many');
  });

  it('50 makes few certificates for a flood of names', () => {
    const { text, seconds } = seen('many_names');
    const [, made, cut] = /made (\d+) cut (\d+)/.exec(text) ?? [];
    expect(Number(made) + Number(cut)).toBe(400);
    // LEAVES_PER_SECOND_MAX, and the beginning of a second.
    expect(Number(made)).toBeLessThanOrEqual(50 * (Math.ceil(seconds) + 1));
    // A client too slow to greet is cut as well, and then there may be no other.
    const reasons = /too fast|waited for the server to speak first/;
    const refused = quick.rows.filter(({ reason }) => reasons.test(reason ?? ''));
    expect(refused.length).toBeGreaterThanOrEqual(Number(cut) > 0 ? 1 : 0);
  });

  it('50 holds a bounded number of connections', () => {
    // Counted in the egress itself: under load the last of the 1,500 still wait to be accepted when
    // the program looks. 1,024 of the box, and a hundred for the egress, its rows and its upstreams.
    expect(descriptors).toBeGreaterThan(600);
    expect(descriptors).toBeLessThan(1024 + 100);
    expect(Number(/cut (\d+) of/.exec(seen('many_connections').text)?.[1])).toBeGreaterThan(0);
  });

  it('50 keeps its memory while nobody reads, and reads no further than it must', () => {
    expect(sent).toBeLessThan(256 * MEBIBYTE);
    expect(largest).toBeGreaterThan(20);
    expect(largest).toBeLessThan(400);
    expect(seen('endless_head').text).toMatch(/^HTTP\/1\.1 502 /);
  });

  it('50 loses patience with whoever does not finish a greeting or a head', () => {
    const waits = JSON.parse((slow.seen.slow_all as Seen).text) as Record<string, string>;
    const seconds = Object.entries(waits).map(([name, text]) => [
      name,
      Number(/after (\d+) s$/.exec(text)?.[1]),
    ]);
    expect(Object.fromEntries(seconds)).toEqual({
      slow_greeting: expect.closeTo(3, -0.5),
      slow_first_bytes: expect.closeTo(3, -0.5),
      slow_tunnel: expect.closeTo(3, -0.5),
      slow_handshake: expect.closeTo(10, -0.8),
      slow_head: expect.closeTo(33, -1.1),
      slow_head_proxy: expect.closeTo(33, -1.1),
    });
  });
});
