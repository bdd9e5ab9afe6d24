import { type Duplex, duplexPair } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { PowerboxError } from '../../wire/errors.ts';
import type { MessageGate } from '../use-message.ts';
import { makeFrameReader } from './frames.ts';
import { type Joined, type JoinOptions, joinSockets } from './join-sockets.ts';
import { MESSAGE_BYTES_MAX } from './limits.ts';
import { encodeFrame } from './write-frames.ts';

interface Rig {
  readonly joined: Joined;
  /** The far ends: what the program and the server hold. */
  readonly program: Duplex;
  readonly server: Duplex;
  /** Our ends of them. */
  readonly programEnd: Duplex;
  readonly upstream: Duplex;
  /** Payloads that arrived, a close as its code and reason. */
  readonly atProgram: string[];
  readonly atServer: string[];
  readonly over: (string | undefined)[];
  readonly refused: string[];
}

const OPEN: MessageGate = {
  reads: false,
  watches: false,
  leak: () => null,
  leakStream: () => ({ write() {}, end() {} }),
  pass: async ({ bytes }) => ({ ok: true, bytes }),
  refused: async () => {},
  room: () => true,
  over() {},
};

/** Takes what says "ok". */
const JUDGE: Partial<MessageGate> = {
  reads: true,
  pass: async ({ bytes }) =>
    Buffer.from(bytes).toString().startsWith('ok')
      ? { ok: true, bytes }
      : { ok: false, code: 'body-refused', reason: 'It is not ok.' },
};

function rig(options: Partial<JoinOptions> = {}, gate: Partial<MessageGate> = {}): Rig {
  const [program, programEnd] = duplexPair();
  const [server, serverEnd] = duplexPair();
  const over: (string | undefined)[] = [];
  const refused: string[] = [];
  const joined = joinSockets(
    { program: programEnd, upstream: serverEnd },
    {
      meter: null,
      deflate: false,
      bytesInMax: Number.POSITIVE_INFINITY,
      scrubber: null,
      passed: { bytesIn: 0, bytesOut: 0, scrubbed: 0 },
      over: (code) => over.push(code),
      ...options,
      // What is read anew each time stays so.
      gate: Object.defineProperties(
        { ...OPEN, refused: async ({ code }: { code: string }) => void refused.push(code) },
        Object.getOwnPropertyDescriptors(gate),
      ),
    },
  );
  for (const end of [program, server]) end.on('error', () => {});
  const atProgram = arrivals(program, 'server');
  const atServer = arrivals(server, 'client');
  return {
    joined,
    program,
    server,
    programEnd,
    upstream: serverEnd,
    atProgram,
    atServer,
    over,
    refused,
  };
}

function arrivals(end: Duplex, from: 'client' | 'server'): string[] {
  const texts: string[] = [];
  let opcode = 0;
  const reader = makeFrameReader(
    { from, deflate: true },
    {
      head: (head) => {
        opcode = head.opcode;
      },
      payload(bytes) {
        const close = opcode === 8 && bytes.length > 1;
        texts.push(close ? `${bytes.readUInt16BE(0)} ${bytes.subarray(2)}` : bytes.toString());
      },
    },
  );
  end.on('data', (chunk: Buffer) => reader.write(chunk));
  return texts;
}

const fromProgram = (text: string, final = true, opcode = 1): Buffer =>
  encodeFrame(opcode, Buffer.from(text), { client: true, final });
const fromServer = (text: string): Buffer => encodeFrame(1, Buffer.from(text), { client: false });

const spent = {
  pay: async () => {
    throw new PowerboxError('budget-spent', 'Nothing is left.');
  },
};

describe('a WebSocket that is compressed', () => {
  it('ends at the first message after there is anything to look for', async () => {
    let watches = false;
    const gate = {
      get watches() {
        return watches;
      },
    };
    const { program, atServer, over, refused } = rig({ deflate: true }, gate);
    const message = encodeFrame(1, Buffer.from('packed'), { client: true });
    message[0] = 0xc1;
    program.write(message);
    await sleep(20);
    expect(atServer).toEqual(['packed']);
    watches = true;
    program.write(message);
    await sleep(20);
    expect(atServer.filter((text) => text === 'packed')).toHaveLength(1);
    expect([refused, over]).toEqual([['body-unreadable'], ['body-unreadable']]);
  });
});

describe('two ends of a WebSocket', () => {
  it('hear each other until one of them ends', async () => {
    const { program, server, atProgram, atServer, over } = rig();
    program.write(fromProgram('one'));
    server.write(fromServer('two'));
    await sleep(25);
    expect([atServer, atProgram]).toEqual([['one'], ['two']]);
    server.end(fromServer('last'));
    await sleep(25);
    expect(atProgram).toEqual(['two', 'last']);
    expect(program.readableEnded).toBe(true);
    expect(over).toEqual([undefined]);
  });

  it('are cut at once where the grant ends, and the program is told', async () => {
    const { joined, program, server, atProgram, atServer } = rig();
    joined.cut(new PowerboxError('grant-revoked', 'It was taken back.'));
    program.write(fromProgram('late'));
    server.write(fromServer('late'));
    await sleep(25);
    expect(atProgram).toEqual(['1008 grant-revoked: It was taken back.']);
    expect(atServer).toEqual([]);
  });

  it('end where a budget has nothing left, before the bytes pass', async () => {
    for (const [side, opposite] of [
      ['program', 'atServer'],
      ['server', 'atProgram'],
    ] as const) {
      const made = rig({ meter: spent });
      made[side].write(side === 'program' ? fromProgram('one') : fromServer('one'));
      await sleep(25);
      expect(made.over).toEqual(['budget-spent']);
      expect(made.atProgram).toEqual(['1008 budget-spent: Nothing is left.']);
      expect(made[opposite]).not.toContain('one');
    }
  });

  it('end where the server sends more than the grant allows', async () => {
    const { server, atProgram, over } = rig({ bytesInMax: 10 });
    server.write(fromServer('x'.repeat(20)));
    await sleep(25);
    expect(over).toEqual(['narrowing-refused']);
    expect(atProgram[0]).toMatch(/^1009 narrowing-refused: /);
  });

  it('end where a message may not leave, after those that may, and with a row', async () => {
    const made = rig({}, JUDGE);
    made.program.write(
      Buffer.concat([fromProgram('ok 1'), fromProgram('no'), fromProgram('ok 2')]),
    );
    await sleep(25);
    expect(made.atServer).toEqual(['ok 1', '1001 ']);
    expect(made.atProgram).toEqual(['1008 body-refused: It is not ok.']);
    expect([made.refused, made.over]).toEqual([['body-refused'], ['body-refused']]);
  });

  it('end where a server sends what is no frame, or one that cannot be scrubbed', async () => {
    const { server, atProgram, over } = rig();
    server.write(Buffer.from([0xc1, 0]));
    await sleep(25);
    expect(over).toEqual(['response-unscrubbable']);
    expect(atProgram[0]).toMatch(/^1014 response-unscrubbable: The WebSocket was closed/);
  });

  it('bring to the server what the program said before it went', async () => {
    const { program, atServer, over } = rig();
    program.end(fromProgram('last words'));
    await sleep(25);
    expect(atServer).toEqual(['last words']);
    expect(over).toEqual([]);
  });

  it('end together where the server breaks off', async () => {
    const { upstream, programEnd, over } = rig();
    upstream.destroy();
    await sleep(25);
    expect(over).toEqual([undefined]);
    expect(programEnd.destroyed).toBe(true);
  });
});

describe('a message that is judged', () => {
  it('may come in a million pieces, and is held within bounds', async () => {
    let held = 0;
    let most = 0;
    const room = (bytes: number): boolean => {
      held += bytes;
      most = Math.max(most, held);
      return true;
    };
    const made = rig({}, { ...JUDGE, room });
    const empty = fromProgram('', false, 0);
    made.program.write(fromProgram('ok', false));
    for (let turn = 0; turn < 100; turn += 1) {
      made.program.write(Buffer.concat(Array<Buffer>(1000).fill(empty)));
      await sleep(0);
    }
    made.program.write(fromProgram('!', true, 0));
    await sleep(50);
    expect(made.atServer).toEqual(['ok!']);
    expect(most).toBeLessThanOrEqual(2048);
    expect(held).toBe(0);
  });

  it('has 1 MiB at most, and no more than the box has room for', async () => {
    const long = rig({}, JUDGE);
    long.program.write(fromProgram('ok', false));
    long.program.write(fromProgram('x'.repeat(MESSAGE_BYTES_MAX - 1), true, 0));
    const crowded = rig({}, { ...JUDGE, room: (bytes) => bytes <= 0 });
    crowded.program.write(fromProgram('ok'));
    await sleep(50);
    expect(long.atProgram[0]).toMatch(/^1009 body-unreadable/);
    expect(crowded.atProgram[0]).toMatch(/^1009 limit-exceeded/);
    expect([...long.atServer, ...crowded.atServer]).toEqual(['1001 ', '1001 ']);
  });
});
