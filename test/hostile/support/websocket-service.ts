import type { Socket } from 'node:net';
import { deflateSync } from 'node:zlib';
import { switching } from './echo-service.ts';
import { type Answer, type Asked, reply } from './service.ts';

/** A message as it reached the server, which takes whatever comes. */
export interface Said {
  readonly path: string;
  readonly opcode: number;
  readonly text: string;
  /** How many frames it came in, and whether all were masked. */
  readonly frames: number;
  readonly masked: boolean;
}

/** A server of WebSockets that repeats what it hears, and what it heard. */
export interface SocketService {
  readonly answer: Answer;
  readonly said: readonly Said[];
}

export function makeSocketService(): SocketService {
  const said: Said[] = [];
  const answer: Answer = (asked, socket) => {
    if (asked.header('upgrade')?.toLowerCase() !== 'websocket') {
      socket.write(reply(`welcome to ${asked.target}`));
      return undefined;
    }
    socket.write(Buffer.concat([Buffer.from(`${switching(asked)}\r\n`), greeting(asked)]));
    listen(asked, socket, (message) => {
      said.push(message);
      const echo = message.opcode < 8 ? (ECHOES[asked.path] ?? whole) : whole;
      if (message.opcode === 8) socket.end(whole(message));
      else socket.write(echo(message));
    });
    // No other request is read from this connection.
    return new Promise(() => {});
  };
  return { answer, said };
}

export function frame(opcode: number, text: string | Buffer, final = true): Buffer {
  const payload = Buffer.from(text as string, 'latin1');
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = (final ? 0x80 : 0) | opcode;
  head[1] = head.length === 2 ? length : head.length === 4 ? 126 : 127;
  if (head.length === 4) head.writeUInt16BE(length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}

/** What is said in the same packet as the answer to the upgrade. */
function greeting(asked: Asked): Buffer {
  const token = (asked.header('authorization') ?? '').replace(/^\S+ /, '');
  switch (asked.path) {
    case '/early':
      return frame(1, `early ${token}`);
    case '/everywhere':
      return Buffer.concat([
        frame(2, `binary ${token}`),
        frame(9, `ping ${token}`),
        frame(10, `pong ${token}`),
        frame(1, `text ${token.slice(0, 9)}`, false),
        frame(0, `${token.slice(9)} in two`),
        frame(8, `\x03\xe8bye ${token}`),
      ]);
    case '/compressed': {
      const body = deflateSync(`you sent ${token}`);
      return Buffer.concat([Buffer.from([0xc1, body.length]), body]);
    }
    case '/masked':
      return Buffer.concat([Buffer.from([0x81, 0x80 | 4, 0, 0, 0, 0]), Buffer.from('open')]);
    default:
      return Buffer.alloc(0);
  }
}

function whole({ opcode, text }: Said): Buffer {
  return opcode === 8 ? frame(8, text) : frame(opcode === 9 ? 10 : opcode, text);
}

const ECHOES: Readonly<Record<string, (message: Said) => Buffer>> = {
  '/pieces': ({ text }) =>
    Buffer.concat([
      ...[...text].map((char, index) =>
        Buffer.concat([frame(index === 0 ? 1 : 0, char, false), frame(9, '')]),
      ),
      frame(0, ''),
    ]),
};

/** Reads frames and suspects nothing. */
function listen(asked: Asked, socket: Socket, heard: (message: Said) => void): void {
  let waiting: Buffer = Buffer.alloc(0);
  let open: { opcode: number; parts: string[]; masked: boolean } | null = null;
  socket.on('data', (chunk: Buffer) => {
    waiting = Buffer.concat([waiting, chunk]);
    for (let one = readFrame(waiting); one !== null; one = readFrame(waiting)) {
      waiting = waiting.subarray(one.length);
      const { opcode, text, masked } = one;
      if (opcode >= 8) {
        heard({ path: asked.path, opcode, text, frames: 1, masked });
        continue;
      }
      open ??= { opcode, parts: [], masked: true };
      open.parts.push(text);
      open.masked &&= masked;
      if (!one.final) continue;
      const { parts } = open;
      const message = { opcode: open.opcode, text: parts.join(''), frames: parts.length };
      heard({ path: asked.path, ...message, masked: open.masked });
      open = null;
    }
  });
}

function readFrame(bytes: Buffer): {
  readonly opcode: number;
  readonly final: boolean;
  readonly text: string;
  readonly masked: boolean;
  readonly length: number;
} | null {
  if (bytes.length < 2) return null;
  const [first, second] = [bytes[0] as number, bytes[1] as number];
  const masked = (second & 0x80) !== 0;
  let size = second & 0x7f;
  let at = 2;
  if (size === 126) {
    if (bytes.length < 4) return null;
    size = bytes.readUInt16BE(2);
    at = 4;
  } else if (size === 127) {
    if (bytes.length < 10) return null;
    size = Number(bytes.readBigUInt64BE(2));
    at = 10;
  }
  const start = at + (masked ? 4 : 0);
  if (bytes.length < start + size) return null;
  const payload = Buffer.from(bytes.subarray(start, start + size));
  if (masked)
    for (let i = 0; i < size; i += 1)
      payload[i] = (payload[i] as number) ^ (bytes[at + (i & 3)] as number);
  const text = payload.toString('latin1');
  return { opcode: first & 15, final: (first & 0x80) !== 0, text, masked, length: start + size };
}
