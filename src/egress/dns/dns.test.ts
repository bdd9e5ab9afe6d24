import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PROXY_ADDRESS, RESOLVER_ADDRESS } from '../network.ts';
import { answerQuery } from './answer.ts';
import {
  ANSWER_BYTES_MAX,
  ANSWER_TTL_S,
  NAMES_MAX,
  QUERY_BYTES_MAX,
  RESERVED_ADDRESSES,
  WAITING_ANSWERS_MAX,
} from './limits.ts';
import { parseQuery } from './query.ts';
import { frameMessage, makeFrameReader } from './stream-frames.ts';
import { VirtualNames } from './virtual-names.ts';

interface Ask {
  readonly type?: number;
  readonly class?: number;
  readonly flags?: number;
  readonly questions?: number;
  readonly extra?: Buffer;
}

function ask(name: string, options: Ask = {}): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xbeef, 0);
  head.writeUInt16BE(options.flags ?? 0x0100, 2);
  head.writeUInt16BE(options.questions ?? 1, 4);
  head.writeUInt16BE(options.extra === undefined ? 0 : 1, 10);
  const labels = name === '' ? [] : name.split('.');
  const encoded = labels.map((label) =>
    Buffer.concat([Buffer.from([label.length]), Buffer.from(label, 'latin1')]),
  );
  const tail = Buffer.alloc(5);
  tail.writeUInt16BE(options.type ?? 1, 1);
  tail.writeUInt16BE(options.class ?? 1, 3);
  return Buffer.concat([head, ...encoded, tail, options.extra ?? Buffer.alloc(0)]);
}

function rcode(answer: Buffer | null): number {
  return (answer?.readUInt16BE(2) ?? -1) & 15;
}

function answers(answer: Buffer | null): number {
  return answer?.readUInt16BE(6) ?? -1;
}

describe('answerQuery()', () => {
  it('gives the virtual address of a name, in both families', () => {
    const names = new VirtualNames();
    const query = ask('API.Example.com');
    const a = answerQuery(query, names) as Buffer;
    expect(a.readUInt16BE(0)).toBe(0xbeef);
    expect(a.readUInt16BE(2)).toBe(0x8180);
    expect(a.subarray(12, query.length)).toEqual(query.subarray(12));
    expect(a.subarray(query.length).toString('hex')).toBe(
      `c00c00010001${ANSWER_TTL_S.toString(16).padStart(8, '0')}0004c6120010`,
    );
    const aaaa = answerQuery(ask('api.example.com.'.slice(0, -1), { type: 28 }), names) as Buffer;
    expect(aaaa.subarray(-16).toString('hex')).toBe('fd706f77657200000000000000000010');
    expect(names.nameOf('198.18.0.16')).toBe('api.example.com');
    expect(names.nameOf('fd70:6f77:6572::10')).toBe('api.example.com');
  });

  it('answers other types with nothing, and PTR, addresses and odd names with NXDOMAIN', () => {
    const names = new VirtualNames();
    for (const type of [15, 16, 33, 64, 65, 255, 10, 65535]) {
      const answer = answerQuery(ask('example.com', { type }), names);
      expect([rcode(answer), answers(answer)]).toEqual([0, 0]);
    }
    const odd = [
      '',
      '1.2.3.4',
      '0x7f.1',
      '2130706433',
      'ex ample.com',
      'a\0b.com',
      'ex%61mple.com',
      '\u00e9.com',
    ];
    for (const name of [...odd, '4.3.2.1.in-addr.arpa', 'x.ip6.arpa']) {
      expect(rcode(answerQuery(ask(name), names)), name).toBe(3);
    }
    expect(rcode(answerQuery(ask('4.3.2.1.in-addr.arpa', { type: 12 }), names))).toBe(3);
    expect(names.nameOf('198.18.0.16')).toBe(null);
  });

  it('answers localhost with the box itself', () => {
    const answer = answerQuery(ask('LOCALHOST'), new VirtualNames()) as Buffer;
    expect([...answer.subarray(-4)]).toEqual([127, 0, 0, 1]);
    const aaaa = answerQuery(ask('a.localhost', { type: 28 }), new VirtualNames()) as Buffer;
    expect(aaaa.subarray(-16).toString('hex')).toBe('00000000000000000000000000000001');
  });

  it('tolerates EDNS and refuses other classes, opcodes, counts and shapes', () => {
    const names = new VirtualNames();
    const edns = Buffer.from('0000291000000000000000', 'hex');
    expect(answers(answerQuery(ask('example.com', { extra: edns }), names))).toBe(1);
    expect(rcode(answerQuery(ask('version.bind', { class: 3, type: 16 }), names))).toBe(5);
    expect(rcode(answerQuery(ask('a.b', { flags: 0x2800 }), names))).toBe(4);
    for (const questions of [0, 2, 65535]) {
      expect(rcode(answerQuery(ask('a.b', { questions }), names))).toBe(1);
    }
    expect(answerQuery(ask('a.b', { flags: 0x8000 }), names)).toBe(null);
    const pointer = Buffer.concat([ask('').subarray(0, 12), Buffer.from('c00c00010001', 'hex')]);
    expect(rcode(answerQuery(pointer, names))).toBe(1);
    const long = ask(`${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}`);
    expect(answers(answerQuery(long, names))).toBe(1);
    const longer = ask(`${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(62)}`);
    expect(rcode(answerQuery(longer, names))).toBe(1);
    expect(answerQuery(Buffer.alloc(QUERY_BYTES_MAX + 1), names)).toBe(null);
  });

  it('never throws, and never answers with more than fits', () => {
    const names = new VirtualNames();
    const valid = ask('some.name.example', { extra: Buffer.alloc(30) });
    for (let length = 0; length < ask('some.name.example').length; length += 1) {
      expect(parseQuery(valid.subarray(0, length)).state).not.toBe('query');
    }
    const mutated = fc
      .array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 6 })
      .map((changes) => {
        const bytes = Buffer.from(valid);
        for (const [at, byte] of changes) bytes[at] = byte;
        return bytes;
      });
    const random = fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.oneof(mutated, random), (bytes) => {
        const answer = answerQuery(bytes, names);
        expect(answer?.length ?? 0).toBeLessThanOrEqual(ANSWER_BYTES_MAX);
        if (answer !== null) expect(answer.readUInt16BE(0)).toBe(bytes.readUInt16BE(0));
      }),
      { numRuns: 2000 },
    );
  });

  it('says SERVFAIL when there are no more addresses', () => {
    expect(rcode(answerQuery(ask('a.example'), { addressFor: () => null }))).toBe(2);
  });
});

describe('VirtualNames', () => {
  it('gives a name the address that it had in a process before', () => {
    const kept: string[] = [];
    const keep = (name: string, done: () => void): void => {
      kept.push(name);
      done();
    };
    const first = new VirtualNames([], keep);
    const before = ['a.example', 'b.example'].map((name) => first.addressFor(name)?.ipv4);
    const second = new VirtualNames(kept, keep);
    expect(second.addressFor('c.example')?.ipv4).not.toBe(before[0]);
    expect(['a.example', 'b.example'].map((name) => second.addressFor(name)?.ipv4)).toEqual(before);
    expect(second.nameOf(before[1] ?? '')).toBe('b.example');
    expect(kept).toEqual(['a.example', 'b.example', 'c.example']);
    // Without what was kept the address would mean another name.
    const other = new VirtualNames();
    expect(other.addressFor('c.example')?.ipv4).toBe(before[0]);
  });

  it('lets an answer wait until its name is kept', () => {
    const waiting: (() => void)[] = [];
    const names = new VirtualNames([], (_, kept) => waiting.push(kept));
    const told: string[] = [];
    names.addressFor('a.example');
    names.addressFor('b.example');
    names.whenKept(() => told.push('both'));
    waiting[0]?.();
    expect(told).toEqual([]);
    waiting[1]?.();
    names.addressFor('a.example');
    names.whenKept(() => told.push('at once'));
    expect(told).toEqual(['both', 'at once']);
  });

  it('gives each name its own address for good, and none of the reserved ones', () => {
    const names = new VirtualNames();
    const seen = new Set<string>();
    for (let index = 0; index < NAMES_MAX; index += 1) {
      const addresses = names.addressFor(`n${index}.example`);
      if (addresses === null) throw new Error('too few');
      seen.add(addresses.ipv4);
      seen.add(addresses.ipv6);
      if (index % 997 === 0 || index > NAMES_MAX - 3) {
        for (const address of [addresses.ipv4, addresses.ipv6, `::ffff:${addresses.ipv4}`]) {
          expect(names.nameOf(address)).toBe(`n${index}.example`);
        }
      }
    }
    expect(seen.size).toBe(2 * NAMES_MAX);
    expect([...seen].every((address) => /^198\.1[89]\.|^fd70:6f77:6572::/.test(address))).toBe(
      true,
    );
    expect(seen.has(RESOLVER_ADDRESS) || seen.has(PROXY_ADDRESS)).toBe(false);
    expect(names.addressFor('one.more.example')).toBe(null);
    expect(names.addressFor('n5.example')?.ipv4).toBe(`198.18.0.${RESERVED_ADDRESSES + 5}`);
  });

  it('knows an address in every spelling, and no other', () => {
    const names = new VirtualNames();
    names.addressFor('a.example');
    const same = [
      '198.18.0.16',
      '::ffff:198.18.0.16',
      '::FFFF:c612:10',
      '0:0:0:0:0:ffff:c612:0010',
    ];
    for (const address of [...same, 'fd70:6f77:6572:0:0:0:0:10', 'FD70:6F77:6572::0.0.0.16']) {
      expect(names.nameOf(address), address).toBe('a.example');
    }
    const others = [
      '198.18.0.17',
      '198.18.0.1',
      '8.8.8.8',
      '::1',
      'fd70:6f77:6572::11',
      'fd70:6f77:6572:1::10',
    ];
    for (const address of [
      ...others,
      'fd70:6f77:6572::10%lo',
      '',
      'x',
      '198.17.255.255',
      '198.20.0.0',
    ]) {
      expect(names.nameOf(address), address).toBe(null);
    }
  });
});

describe('makeFrameReader()', () => {
  it('finds the same messages however they are cut', () => {
    const messages = [ask('a.example'), ask('b.example', { type: 28 })];
    const bytes = Buffer.concat(messages.map(frameMessage));
    for (let at = 0; at <= bytes.length; at += 1) {
      const reader = makeFrameReader();
      const found = [...reader.push(bytes.subarray(0, at)), ...reader.push(bytes.subarray(at))];
      expect(found.map((message) => message.toString('hex'))).toEqual(
        messages.map((message) => message.toString('hex')),
      );
    }
  });

  it('ends at a length that no query has', () => {
    for (const length of [0, QUERY_BYTES_MAX + 1, 65535]) {
      const reader = makeFrameReader();
      const head = Buffer.alloc(2);
      head.writeUInt16BE(length);
      expect(reader.push(head)).toEqual([Buffer.alloc(0)]);
      expect(reader.push(frameMessage(ask('a.example')))).toEqual([]);
    }
  });
});

describe('answers that wait for their names to be kept', () => {
  it('are given in order once they are, and are bounded until then', () => {
    let keep = (): void => {};
    const names = new VirtualNames([], (_, kept) => {
      keep = kept;
    });
    names.addressFor('a.example');
    let given = 0;
    for (let asked = 0; asked < WAITING_ANSWERS_MAX + 5; asked += 1) {
      names.whenKept(() => {
        given += 1;
      });
    }
    expect(given).toBe(0);
    keep();
    expect(given).toBe(WAITING_ANSWERS_MAX);
  });
});
