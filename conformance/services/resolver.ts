import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { PLACES } from '../stage.ts';

/** The attacker's name server, which is also the one of the person's machine. */
export interface Resolver {
  /** Every message that came, as text, and what came by UDP elsewhere. */
  received(): string;
  close(): Promise<void>;
}

const TYPE_A = 1;
const TYPE_HTTPS = 65;
const REBINDING = 'rebind.acme.example';

/**
 * Answers for a name whose address is the attacker's and the machine's own in turns, and with a
 * record of type 65 that names an Encrypted Client Hello; everything else does not exist.
 */
export async function startResolver(): Promise<Resolver> {
  const messages: string[] = [];
  let turn = 0;
  const answer = (message: Buffer): Buffer => {
    messages.push(message.toString('latin1'));
    const { name, type, end } = question(message);
    if (type === TYPE_A && name === REBINDING) {
      const address = turn++ % 2 === 0 ? PLACES.open : '127.0.0.1';
      return record(message, end, TYPE_A, Buffer.from(address.split('.').map(Number)));
    }
    if (type === TYPE_HTTPS) return record(message, end, TYPE_HTTPS, ECH);
    return head(message, end, name === REBINDING ? 0 : 3, 0);
  };
  const sockets = await Promise.all([
    listenUdp(PLACES.dns, 53, answer),
    listenUdp(PLACES.evil, 53, answer),
    ...[443, 123].map((port) =>
      listenUdp(PLACES.evil, port, (message) => {
        messages.push(message.toString('latin1'));
        return Buffer.from('welcome');
      }),
    ),
  ]);
  const streams = await Promise.all([PLACES.dns, PLACES.evil].map((at) => listenTcp(at, answer)));
  return {
    received: () => messages.join('\n'),
    async close() {
      for (const socket of sockets) socket.close();
      for (const server of streams) server.close();
    },
  };
}

/** An `ech=` parameter (RFC 9460 §2.2), of the name of this server. */
const ECH = Buffer.concat([Buffer.from([0, 1, 0, 0, 5, 0, 8]), Buffer.from('ech-here', 'latin1')]);

function listenUdp(
  address: string,
  port: number,
  answer: (message: Buffer) => Buffer,
): Promise<{ close(): void }> {
  const socket = createSocket('udp4');
  socket.on('message', (message, from) => socket.send(answer(message), from.port, from.address));
  socket.on('error', () => {});
  return new Promise((done) => socket.bind(port, address, () => done(socket)));
}

function listenTcp(
  address: string,
  answer: (message: Buffer) => Buffer,
): Promise<{ close(): void }> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (data: Buffer) => {
      const said = answer(data.subarray(2));
      socket.end(Buffer.concat([Buffer.from([said.length >> 8, said.length & 255]), said]));
    });
  });
  return new Promise((done) => server.listen(53, address, () => done(server)));
}

function question(message: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += length + 1;
  }
  const type = at + 3 <= message.length ? message.readUInt16BE(at + 1) : 0;
  return { name: labels.join('.').toLowerCase(), type, end: at + 5 };
}

function head(message: Buffer, end: number, code: number, answers: number): Buffer {
  const flags = 0x8580 | code;
  const fixed = [flags >> 8, flags & 255, 0, 1, 0, answers, 0, 0, 0, 0];
  return Buffer.concat([message.subarray(0, 2), Buffer.from(fixed), message.subarray(12, end)]);
}

/** One record of this name, good for no time at all. */
function record(message: Buffer, end: number, type: number, data: Buffer): Buffer {
  const fixed = [0xc0, 12, 0, type, 0, 1, 0, 0, 0, 0, data.length >> 8, data.length & 255];
  return Buffer.concat([head(message, end, 0, 1), Buffer.from(fixed), data]);
}
