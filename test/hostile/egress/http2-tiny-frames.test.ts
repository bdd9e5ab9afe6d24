import type { AddressInfo } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { END_STREAM, frame, rawPeer, TYPE } from '../../support/raw-http2.ts';
import { makeRig, type Rig, type Seen, type TrickRun } from '../support/rig.ts';
import { makeIssuer } from '../support/service.ts';
import { watchEgress } from '../support/watch-egress.ts';

const PADDED = 8;
/** A byte of a body and 255 of padding; streams of one session take turns. */
const TINY = Buffer.alloc(257, 255);
const TURN = 20;
const WAITING_BYTES_MAX = 4_000_000;

let server: Server;
let rig: Rig;
let inBox: TrickRun;
let frames = 0;
let largest = 0;

beforeAll(async () => {
  const issuer = makeIssuer();
  const certificate = issuer.issue('api.acme.example');
  server = createServer({ ...certificate, ALPNProtocols: ['h2'] }, answer);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  rig = makeRig({ 'api.acme.example:443': port }, issuer.certificate);
  await rig.powerbox(['guest', 'add', 'talker']);
  await rig.powerbox(['grant', 'https://api.acme.example', 'to', 'talker']);
  const judged = [
    'https://judged.acme.example',
    'to',
    'talker',
    '--only',
    '/graphql graphql query=*',
  ];
  await rig.powerbox(['grant', ...judged]);
  const watch = watchEgress([rig.home]);
  inBox = await rig.tricks('tiny-frames.py', ['--as', 'talker']);
  watch.stop();
  largest = watch.largest;
}, 60_000);
afterAll(() => {
  rig.close();
  server.close();
});

function answer(socket: TLSSocket): void {
  socket.on('error', () => {});
  const tiny: number[] = [];
  rawPeer(socket, (peer, { type, stream, payload }) => {
    // Literals as they are, so that the path can be read in the block.
    if (type !== TYPE.headers || payload.includes('/unread')) return;
    peer.head(stream, [':status', '200']);
    if (payload.includes('/tiny')) tiny.push(stream);
    else peer.send(TYPE.data, END_STREAM, stream, Buffer.from('welcome'));
  });
  const timer = setInterval(() => {
    if (tiny.length === 0 || socket.writableLength > WAITING_BYTES_MAX) return;
    const turn = tiny.map((stream) => frame(TYPE.data, PADDED, stream, TINY));
    const bytes = Buffer.concat(Array.from({ length: TURN }, () => turn).flat());
    frames += TURN * tiny.length;
    socket.write(bytes);
  }, 2);
  socket.once('close', () => clearInterval(timer));
}

describe('bodies in frames of one byte that nobody takes', () => {
  it.each(['answers', 'uploads', 'judged'])('50 (%s) do not hold up others', (name) => {
    expect((inBox.seen[name] as Seen).text).toMatch(/then STREAM 1 200 \[whole\].*welcome/s);
  });

  it('50 cost no more memory than their bytes', () => {
    const sent = ['uploads', 'judged'].map((name) =>
      Number(/^sent (\d+)/.exec((inBox.seen[name] as Seen).text)?.[1]),
    );
    // A few hundred bytes for each would be far above the bound.
    expect(Math.min(...sent, frames)).toBeGreaterThan(200_000);
    expect(largest).toBeGreaterThan(20);
    expect(largest).toBeLessThan(250);
  });
});
