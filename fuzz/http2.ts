import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import type { HeadResult, RequestHead } from '../src/egress/exchange/request-head.ts';
import { frame, headerFrames, PREFACE, settingsFrame } from '../src/egress/http2/frames.ts';
import { HTTP2_LIMITS } from '../src/egress/http2/limits.ts';
import { makeFieldReader } from '../src/egress/http2/read-fields.ts';
import { readHttp2Head } from '../src/egress/http2/request-head.ts';
import { Http2Session } from '../src/egress/http2/session.ts';
import { writeFields } from '../src/egress/http2/write-fields.ts';
import { readRequests } from './http1-reader.ts';
import { type FuzzTarget, holds } from './target.ts';

const HOST = 'a.example';
const PSEUDO = [':method', 'GET', ':scheme', 'https', ':path', '/x?a=1', ':authority', HOST];
const POST = [':method', 'POST', ...PSEUDO.slice(2)];
const FLAGS = { whole: 5, head: 4 } as const;

/**
 * What a box sends on one connection: as frames, as one header block, and as the lines of a head.
 * Each request that would be judged is one request in the strictest reading of HTTP/1.1, too, with
 * the same fields; what is answered is well-formed; and it is the same however the bytes are cut.
 */
export const http2Target: FuzzTarget = {
  name: 'http2',
  seeds: [
    Buffer.concat([get(1), get(3)]),
    Buffer.concat([
      frame(1, FLAGS.head, 1, writeFields(null, [...POST, 'content-length', '5'])),
      frame(0, 0, 1, Buffer.from('he')),
      frame(0, 1, 1, Buffer.from('llo')),
      frame(6, 0, 0, Buffer.alloc(8)),
    ]),
    Buffer.concat([
      frame(1, 1, 1, writeFields(null, PSEUDO)),
      frame(9, 0, 1, writeFields(null, ['x-a', 'b'])),
      frame(9, 4, 1, writeFields(null, ['cookie', 'a=1', 'cookie', 'b=2'])),
    ]),
    Buffer.concat([
      frame(1, FLAGS.head | 8 | 32, 1, padded(writeFields(null, POST))),
      frame(8, 0, 0, Buffer.from([0, 0, 1, 0])),
      frame(8, 0, 1, Buffer.from([0, 0, 1, 0])),
      frame(2, 0, 1, Buffer.from([0, 0, 0, 0, 1])),
      frame(0, 8, 1, Buffer.from('\x02body\0\0', 'latin1')),
      frame(1, FLAGS.whole, 1, writeFields(null, ['x-trailer', 'a'])),
      frame(3, 0, 1, Buffer.from([0, 0, 0, 8])),
      settingsFrame([[4, 10]]),
      get(3),
      frame(7, 0, 0, Buffer.alloc(8)),
    ]),
    Buffer.from(
      '828487418c f1e3c2e5f23a6ba0ab90f4ff 408825a849e95ba97d7f8925a849e95bb8e8b4bf bf'.replace(
        / /g,
        '',
      ),
      'hex',
    ),
    writeFields(null, [...PSEUDO, 'host', HOST, 'te', 'trailers', 'x-a', 'b']),
    Buffer.concat([Buffer.from([0x3f, 0xe1, 0x1f, 0x20]), writeFields(null, PSEUDO)]),
    lines([...PSEUDO, 'host', HOST, 'accept', '*/*']),
    lines([':protocol', 'websocket', ':method', 'CONNECT', ...PSEUDO.slice(2)]),
    lines([...POST, 'content-length', '0', 'expect', '100-continue', 'cookie', 'a', 'cookie', 'b']),
  ],
  words: [
    ...['\0\0\0\x04\x01\0\0\0\0', '\0\0\x04\x08\0\0\0\0\x01', '\0\0\x08\x06\0\0\0\0\0'],
    ...['\0\0\0\x09\x04\0\0\0\x01', '\0\0\0\0\x01\0\0\0\x01', '\0\0\x04\x03\0\0\0\0\x01'],
    ...[':method', ':path', ':scheme', ':authority', ':protocol', 'host', 'connection', 'te'],
    ...['transfer-encoding', 'content-length', 'upgrade', 'cookie', 'expect', 'CONNECT'],
    ...['\r\n', '\n', '\r', '\0', ' ', '\t', ':', ': ', '\x7f', 'https://', '//', '@', '#', '*'],
    ...[`${HOST}:443`, 'b.example', 'chunked', 'trailers', 'websocket', '\x40', '\x3f', '\x20'],
  ],
  async check(input) {
    const bytes = Buffer.from(input);
    const text = bytes.toString('latin1');
    const head = text.split('\n').flatMap((line) => {
      const at = line.indexOf(': ');
      return at === -1 ? [line, ''] : [line.slice(0, at), line.slice(at + 2)];
    });
    const asFields = headerFrames(1, writeFields(null, head), true);
    const outcomes = [
      await checkFrames(bytes, null),
      await checkFrames(headerFrames(1, bytes, true), null),
      await checkFrames(asFields, head),
    ];
    checkFieldReader(bytes);
    return outcomes.join(' ');
  },
};

function get(stream: number): Buffer {
  return frame(1, FLAGS.whole, stream, writeFields(null, PSEUDO));
}

function padded(block: Buffer): Buffer {
  return Buffer.concat([Buffer.from([3, 0, 0, 0, 0, 9]), block, Buffer.alloc(3)]);
}

function lines(fields: readonly string[]): string {
  const text: string[] = [];
  for (let i = 0; i < fields.length; i += 2) text.push(`${fields[i]}: ${fields[i + 1]}`);
  return text.join('\n');
}

interface Run {
  /** Of each request that began: the judged head, and its fields as they were read. */
  readonly heads: readonly { readonly fields: readonly string[]; readonly read: HeadResult }[];
  readonly bodies: readonly string[];
  readonly refused: readonly string[];
  readonly sent: Buffer;
  readonly ended: boolean;
}

async function checkFrames(bytes: Buffer, fields: readonly string[] | null): Promise<string> {
  const run = await converse(bytes, bytes.length + 1);
  const cut = await converse(bytes, 1 + (bytes.length % 13));
  const seen = ({ heads, bodies, refused }: Run): string =>
    JSON.stringify({ heads, bodies, refused });
  holds(seen(run) === seen(cut), 'it does not matter how the bytes are cut');
  for (const { read } of run.heads) {
    if (read.ok) checkHead(read.head);
  }
  const [first] = run.heads;
  if (fields !== null && first !== undefined && first.fields.length > 0) {
    holds(JSON.stringify(first.fields) === JSON.stringify(fields), 'fields are read as written');
  }
  checkSent(run);
  const codes = run.heads.map(({ read }) => (read.ok ? 'ok' : read.reason));
  return [...codes, ...run.refused, run.bodies.length].join('|');
}

/** A session on a connection that is only in memory; every request is answered. */
async function converse(bytes: Buffer, step: number): Promise<Run> {
  const socket = new Wire();
  const heads: { fields: readonly string[]; read: HeadResult }[] = [];
  const bodies: string[] = [];
  const refused: string[] = [];
  new Http2Session(socket as unknown as Duplex, HTTP2_LIMITS, {
    request(stream, { fields, tooLong }) {
      const read = readHttp2Head({ fields, tooLong, ended: stream.remoteEnded });
      heads.push({ fields, read });
      if (!stream.remoteEnded) {
        const at = bodies.push('') - 1;
        stream.body().on('data', (chunk: Buffer) => {
          bodies[at] += chunk.toString('latin1');
        });
      }
      stream.head(read.ok ? 200 : 400, ['content-length', '2', 'x-a', 'b']);
      stream.write(Buffer.from('ok'));
      stream.end([]);
    },
    refused: ({ reason }) => refused.push(reason),
  });
  const whole = Buffer.concat([PREFACE, settingsFrame([]), bytes]);
  for (let at = 0; at < whole.length; at += step) {
    socket.emit('data', whole.subarray(at, at + step));
  }
  for (let turn = 0; turn < 3; turn += 1) await new Promise((next) => setImmediate(next));
  const { ended } = socket;
  socket.emit('close');
  return { heads, bodies, refused, sent: Buffer.concat(socket.written), ended };
}

/** As much of a socket as a session uses. */
class Wire extends EventEmitter {
  readonly written: Buffer[] = [];
  ended = false;
  readonly destroyed = false;

  write(bytes: Buffer): boolean {
    holds(!this.ended, 'nothing is written after the end');
    this.written.push(bytes);
    return true;
  }

  end(): void {
    this.ended = true;
    setImmediate(() => this.emit('close'));
  }

  pause(): void {}
  destroy(): void {}
}

/** The head as lines of HTTP/1.1, read by a reader that knows nothing of this one. */
function checkHead({ method, path, host, headers, scheme }: RequestHead): void {
  const query = path.query === '' ? '' : `?${path.query}`;
  const sent = [`${method} ${path.path}${query} HTTP/1.1`, `host: ${host?.host.host}`];
  const expected: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] === 'content-length') continue;
    sent.push(`${headers[i]}: ${headers[i + 1]}`);
    expected.push(headers[i] as string, headers[i + 1] as string);
  }
  const { requests, rest } = readRequests(`${sent.join('\r\n')}\r\n\r\n`);
  holds(requests.length === 1 && rest === 'nothing', 'it is one request, and nothing else');
  const [one] = requests;
  holds(one?.method === method && one.target === `${path.path}${query}`, 'of the same target');
  const [, ...others] = one?.fields ?? [];
  holds(JSON.stringify(others.flat()) === JSON.stringify(expected), 'with the same fields');
  holds(!/[^a-z0-9.:_-]/.test(host?.host.host ?? ''), 'its host is a plain name');
  holds(scheme === 'https' || scheme === 'http', 'its scheme is one that is judged');
  for (let i = 0; i < expected.length; i += 2) {
    const hop = /^(?:connection|transfer-encoding|upgrade|keep-alive|te|host|expect|trailer|:.*)$/;
    holds(!hop.test(expected[i] as string), 'nothing of it belongs to a hop');
  }
  const length = headers.indexOf('content-length');
  if (length >= 0)
    holds(/^\d{1,16}$/.test(headers[length + 1] as string), 'its length is a number');
}

/** Whole frames, answers that begin with a head and end once, and nothing behind a farewell. */
function checkSent({ sent, heads, ended }: Run): void {
  const over = new Set<number>();
  const begun = new Set<number>();
  let farewell = false;
  for (let at = 0; at < sent.length; ) {
    const length = sent.readUIntBE(at, 3);
    const [type, flags] = [sent[at + 3], sent[at + 4] as number];
    const stream = sent.readUInt32BE(at + 5);
    at += 9 + length;
    holds(length <= 16_384 && at <= sent.length, 'every frame is whole');
    holds(!farewell, 'the farewell is the last frame');
    farewell = type === 7;
    if (stream === 0) continue;
    if (type === 1) begun.add(stream);
    if (type === 0) holds(begun.has(stream), 'an answer begins with its head');
    if (type === 0 || type === 1) {
      holds(!over.has(stream), 'an answer ends once');
      if ((flags & 1) !== 0) over.add(stream);
    }
  }
  holds(begun.size <= heads.length, 'only requests are answered');
  holds(farewell === ended, 'an end is said before it comes');
}

/** What is read is the same once it is written out. */
function checkFieldReader(bytes: Buffer): void {
  const read = makeFieldReader(65_536)(bytes);
  if (read === null || read.tooLong) return;
  const again = makeFieldReader(65_536)(writeFields(null, read.fields));
  holds(JSON.stringify(again) === JSON.stringify(read), 'fields that were read can be written');
}
