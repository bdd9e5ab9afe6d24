import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLIENT_HELLO_BYTES_MAX } from '../limits.ts';
import { parseClientHello } from './client-hello.ts';

const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 255]);
const vector = (size: 1 | 2, ...parts: Buffer[]): Buffer => {
  const content = Buffer.concat(parts);
  const length = Buffer.alloc(size);
  length.writeUIntBE(content.length, 0, size);
  return Buffer.concat([length, content]);
};
const extension = (type: number, ...parts: Buffer[]): Buffer =>
  Buffer.concat([u16(type), vector(2, ...parts)]);
const serverName = (name: string | Buffer): Buffer =>
  extension(0, vector(2, Buffer.from([0]), vector(2, Buffer.from(name))));
const alpn = (...names: string[]): Buffer =>
  extension(16, vector(2, ...names.map((name) => vector(1, Buffer.from(name)))));

function body(extensions: readonly Buffer[]): Buffer {
  return Buffer.concat([
    u16(0x0303),
    Buffer.alloc(32, 7),
    vector(1, Buffer.alloc(32, 8)),
    vector(2, u16(0x1301), u16(0xc02b)),
    vector(1, Buffer.from([0])),
    vector(2, ...extensions),
  ]);
}

function message(content: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head[0] = 1;
  head.writeUIntBE(content.length, 1, 3);
  return Buffer.concat([head, content]);
}

function records(content: Buffer, size = 16_384): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < content.length; at += size) {
    parts.push(Buffer.from([22, 3, 1]), vector(2, content.subarray(at, at + size)));
  }
  return Buffer.concat(parts);
}

const hello = (...extensions: Buffer[]): Buffer => records(message(body(extensions)));
const VALID = message(
  body([serverName('api.example.com'), alpn('h2', 'http/1.1'), extension(0xfe0d)]),
);
const DONE = { state: 'done', serverName: 'api.example.com', alpn: ['h2', 'http/1.1'], ech: true };

describe('parseClientHello()', () => {
  it('reads name, protocols and ECH, over any number of records', () => {
    for (const size of [1, 2, 3, 5, 50, 16_384]) {
      expect(parseClientHello(records(VALID, size)), `${size}`).toEqual(DONE);
    }
    const early = Buffer.concat([records(VALID), Buffer.from([20, 3, 3, 0, 1, 1])]);
    expect(parseClientHello(early)).toEqual(DONE);
    expect(parseClientHello(hello())).toEqual({
      state: 'done',
      serverName: null,
      alpn: [],
      ech: false,
    });
    const old = body([]).subarray(0, -2);
    expect(parseClientHello(records(message(old))).state).toBe('done');
  });

  it('finds every truncation incomplete', () => {
    for (const size of [7, 64, 16_384]) {
      const whole = records(VALID, size);
      for (let length = 0; length < whole.length; length += 1) {
        expect(parseClientHello(whole.subarray(0, length)), `${size} ${length}`).toEqual({
          state: 'incomplete',
        });
      }
    }
  });

  it('refuses names that two readers may read differently', () => {
    const names = ['', 'a\0.example', 'é.example', 'a b', 'a\n', '\x7f', 'x'.repeat(256)];
    for (const name of names) {
      expect(parseClientHello(hello(serverName(Buffer.from(name, 'latin1')))).state, name).toBe(
        'invalid',
      );
    }
    const one = Buffer.concat([Buffer.from([0]), vector(2, Buffer.from('a.example'))]);
    const bad = [
      [serverName('a.example'), serverName('b.example')],
      [extension(0, vector(2, one, one))],
      [extension(0, vector(2, one), Buffer.from([0]))],
      [extension(0)],
      [extension(0, vector(2))],
      [extension(0, vector(2, Buffer.from([1]), vector(2, Buffer.from('a'))))],
      [extension(16, vector(2))],
      [alpn('')],
      [extension(16, vector(2, Buffer.from([9, 1])))],
    ];
    for (const extensions of bad)
      expect(parseClientHello(hello(...extensions)).state).toBe('invalid');
  });

  it('refuses what is no ClientHello', () => {
    const tails = [
      Buffer.concat([VALID, Buffer.from([0])]),
      message(Buffer.concat([body([]), Buffer.from([0])])),
      Buffer.from([2, 0, 0, 0]),
      message(Buffer.concat([u16(0x0203), body([]).subarray(2)])),
      message(body([]).subarray(0, 60)),
    ];
    for (const content of tails) expect(parseClientHello(records(content)).state).toBe('invalid');
    for (const start of [
      'GET / HTTP/1.1\r\n',
      '\x80\x2e\x01\x03\x01',
      '\x16\x02\x00\x00\x05',
      '\x16\x03\x01\0\0',
      '\x16\x03\x01\xff\xff',
    ]) {
      expect(parseClientHello(Buffer.from(start, 'latin1')).state, start).toBe('invalid');
    }
    const other = Buffer.concat([records(VALID.subarray(0, 20)), Buffer.from([23, 3, 3, 0, 1, 0])]);
    expect(parseClientHello(other).state).toBe('invalid');
  });

  it('is bounded', () => {
    const head = Buffer.from([1, 0, 0, 0]);
    head.writeUIntBE(CLIENT_HELLO_BYTES_MAX - 3, 1, 3);
    expect(parseClientHello(records(head)).state).toBe('invalid');
    const fits = message(body([extension(21, Buffer.alloc(CLIENT_HELLO_BYTES_MAX - 4 - 81))]));
    expect(fits.length).toBe(CLIENT_HELLO_BYTES_MAX);
    expect(parseClientHello(records(fits)).state).toBe('done');
  });

  it('never throws', () => {
    const whole = records(VALID, 50);
    const mutated = fc
      .array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 5 })
      .map((changes) => {
        const bytes = Buffer.from(whole);
        for (const [at, byte] of changes) bytes[at] = byte;
        return bytes;
      });
    const random = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
    const inner = random.map((bytes) => records(message(bytes)));
    fc.assert(
      fc.property(fc.oneof(mutated, random, inner), (bytes) => {
        expect(['incomplete', 'invalid', 'done']).toContain(parseClientHello(bytes).state);
      }),
      { numRuns: 3000 },
    );
  });
});
