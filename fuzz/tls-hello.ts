import { Duplex } from 'node:stream';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import { type ClientHello, parseClientHello } from '../src/egress/tls/client-hello.ts';
import { canonicalHost } from '../src/policy/host.ts';
import { makeAuthority } from '../src/quickstart/certificates.ts';
import { type FuzzTarget, holds } from './target.ts';

const HANDSHAKE = 0x16;
/** Splits of a long input that are tried; short ones are split everywhere. */
const SPLITS_MAX = 128;

let context: SecureContext;

/**
 * A greeting, the extensions of one, its server name extension, or the list in that: each input is
 * all four.
 * A greeting that is taken says to OpenSSL, which answers it, what it said to the reader; and no
 * split of it says anything else.
 */
export const tlsHelloTarget: FuzzTarget = {
  name: 'tls-hello',
  seeds: [
    records(hello(sni('a.example'), alpn('h2', 'http/1.1'), supported()), 512),
    records(hello(sni('a.example'), supported()), 7),
    records(hello(extension(0xfe0d, [0, 1, 2, 3]), sni('b.example')), 4096),
    bytes(sni('a.example'), alpn('http/1.1'), supported()),
    bytes(sni('a.example'), sni('b.example')),
    sized(2, serverName('a.example')),
    serverName('a.example'),
    bytes([0], sized(2, text('x.example')), [0], sized(2, text('y.example'))),
  ],
  words: [
    '\x00',
    '\x00\x00',
    '\x00\x10',
    '\x16\x03\x01',
    '\x01\x00',
    'h2',
    'a.example',
    '.',
    '\x02',
  ],
  async prepare() {
    const authority = makeAuthority();
    context = createSecureContext(authority.issue(['a.example']));
    authority.close();
  },
  async check(input) {
    const size = 1 + (input.length % 61);
    const outcomes = [
      await checkHello(Buffer.from(input)),
      await checkHello(records(hello(input, supported()), size * 9)),
      await checkHello(records(hello(extension(0, input), supported()), 16_384)),
      await checkHello(records(hello(extension(0, sized(2, input)), supported()), 16_384)),
    ];
    return outcomes.join();
  },
};

async function checkHello(greeting: Buffer): Promise<string> {
  const read = parseClientHello(greeting);
  checkSplits(greeting, read);
  const after = parseClientHello(Buffer.concat([greeting, Buffer.from([HANDSHAKE, 3, 3])]));
  if (read.state !== 'incomplete') holds(same(read, after), 'what follows changes nothing');
  if (read.state !== 'done') return read.state === 'invalid' ? read.reason : read.state;
  const own = ownReading(greeting);
  holds(own !== null, 'a second reader takes it too');
  holds(own?.serverName === read.serverName, 'it finds the same name');
  holds(own?.alpn === read.alpn.join('\n'), 'and the same protocols');
  const seen = await opensslReading(greeting);
  if (seen !== null) {
    holds(seen.serverName === (read.serverName ?? ''), 'OpenSSL finds the same name');
    // A handshake that fails before does not come to the protocols.
    const protocols = read.alpn.map(plain).join('\n');
    holds(seen.alpn === null || seen.alpn === protocols, 'OpenSSL finds the same protocols');
  }
  const named = read.serverName === null ? 'none' : canonicalHost(read.serverName).ok;
  return `done ${named} ${read.alpn.length} ${read.ech} ${seen !== null}`;
}

/** A beginning is incomplete, or says already what the whole says. */
function checkSplits(greeting: Buffer, whole: ClientHello): void {
  const step = Math.max(1, Math.ceil(greeting.length / SPLITS_MAX));
  let settled: ClientHello | null = null;
  for (let at = 0; at < greeting.length; at += step) {
    const part = parseClientHello(greeting.subarray(0, at));
    if (settled !== null) holds(same(part, settled), 'a later byte changes nothing');
    if (part.state !== 'incomplete') settled = part;
  }
  if (settled !== null) holds(same(whole, settled), 'the last bytes change nothing');
}

function same(one: ClientHello, other: ClientHello): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

interface Reading {
  readonly serverName: string | null;
  readonly alpn: string;
}

/** The structure of RFC 8446 section 4.1.2 once more, by offsets; null for anything odd. */
function ownReading(greeting: Buffer): Reading | null {
  const body: number[] = [];
  let length = Number.POSITIVE_INFINITY;
  for (let at = 0; body.length < length; ) {
    if (greeting[at] !== HANDSHAKE || at + 5 > greeting.length) return null;
    const end = at + 5 + greeting.readUInt16BE(at + 3);
    if (end > greeting.length) return null;
    body.push(...greeting.subarray(at + 5, end));
    at = end;
    if (body.length >= 4) length = 4 + Buffer.from(body).readUIntBE(1, 3);
  }
  const message = Buffer.from(body);
  if (message.length !== length || message[0] !== 1) return null;
  let at = 4 + 2 + 32;
  at += 1 + (message[at] as number);
  at += 2 + message.readUInt16BE(at);
  at += 1 + (message[at] as number);
  if (at === message.length) return { serverName: null, alpn: '' };
  if (at + 2 + message.readUInt16BE(at) !== message.length) return null;
  const found = new Map<number, Buffer>();
  for (at += 2; at < message.length; ) {
    const end = at + 4 + message.readUInt16BE(at + 2);
    if (end > message.length || found.has(message.readUInt16BE(at))) return null;
    found.set(message.readUInt16BE(at), message.subarray(at + 4, end));
    at = end;
  }
  const name = found.get(0);
  if (name !== undefined && !isOneName(name)) return null;
  const serverName = name === undefined ? null : name.toString('latin1', 5);
  return { serverName, alpn: protocolsIn(found.get(16)) };
}

/** RFC 6066 section 3: list length, type 0, name length, name, and no second one. */
function isOneName(data: Buffer): boolean {
  if (data.length < 6 || data.readUInt16BE(0) !== data.length - 2) return false;
  return data[2] === 0 && data.readUInt16BE(3) === data.length - 5;
}

function protocolsIn(data: Buffer | undefined): string {
  const names: string[] = [];
  for (let at = 2; data !== undefined && at < data.length; at += 1 + (data[at] as number)) {
    names.push(data.toString('latin1', at + 1, at + 1 + (data[at] as number)));
  }
  return names.join('\n');
}

/** Node drops the highest bit of each character of a protocol's name. */
function plain(name: string): string {
  return Buffer.from(name, 'latin1').toString('ascii');
}

interface OpensslReading {
  readonly serverName: string;
  /** Null when it was not asked to choose one. */
  readonly alpn: string | null;
}

/** What the TLS library understands; null when it refuses the greeting before it is asked. */
function opensslReading(greeting: Buffer): Promise<OpensslReading | null> {
  return new Promise((done) => {
    let reading: OpensslReading | null = null;
    const wire = new Duplex({ read() {}, write: (_chunk, _encoding, next) => next() });
    const socket = new TLSSocket(wire as never, {
      isServer: true,
      SNICallback: (servername, answer) => {
        reading = { serverName: servername || '', alpn: reading?.alpn ?? null };
        answer(null, context);
      },
      ALPNCallback: ({ servername, protocols }) => {
        // Without a name it is given none.
        reading = { serverName: servername || '', alpn: protocols.map(plain).join('\n') };
        return undefined;
      },
      secureContext: context,
    });
    const finish = (): void => {
      socket.destroy();
      wire.destroy();
      done(reading);
    };
    socket.on('error', finish);
    wire.push(greeting);
    setImmediate(() => setImmediate(() => setImmediate(finish)));
  });
}

function text(value: string): Buffer {
  return Buffer.from(value, 'latin1');
}

function bytes(...parts: readonly (Uint8Array | readonly number[])[]): Buffer {
  return Buffer.concat(parts.map((part) => Buffer.from(part as Uint8Array)));
}

/** A vector: its length in `prefix` bytes, then itself. */
function sized(prefix: 1 | 2, content: Uint8Array): Buffer {
  const length = Buffer.alloc(prefix);
  length.writeUIntBE(Math.min(content.length, 256 ** prefix - 1), 0, prefix);
  return bytes(length, content);
}

function extension(type: number, data: Uint8Array | readonly number[]): Buffer {
  return bytes([type >> 8, type & 255], sized(2, bytes(data)));
}

function serverName(name: string): Buffer {
  return bytes([0], sized(2, text(name)));
}

function sni(name: string): Buffer {
  return extension(0, sized(2, serverName(name)));
}

function alpn(...names: readonly string[]): Buffer {
  return extension(16, sized(2, bytes(...names.map((name) => sized(1, text(name))))));
}

/** What a server needs to go on as far as the name: TLS 1.2 with a suite of ECDSA. */
function supported(): Buffer {
  const groups = extension(10, sized(2, bytes([0, 23, 0, 29])));
  const formats = extension(11, sized(1, bytes([0])));
  return bytes(groups, formats, extension(13, sized(2, bytes([4, 3, 5, 3, 8, 4]))));
}

function hello(...extensions: readonly Uint8Array[]): Buffer {
  const suites = sized(2, bytes([0xc0, 0x2b, 0xc0, 0x2c]));
  const fixed = bytes([3, 3], Buffer.alloc(32, 7), sized(1, bytes()), suites, sized(1, bytes([0])));
  const body = bytes(fixed, sized(2, bytes(...extensions)));
  return bytes([1, 0], sized(2, body));
}

/** The message cut into records of at most `size` bytes. */
function records(message: Buffer, size: number): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    parts.push(bytes([HANDSHAKE, 3, 1], sized(2, message.subarray(at, at + size))));
  }
  return bytes(...parts);
}
