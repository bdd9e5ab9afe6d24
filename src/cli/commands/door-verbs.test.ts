import { Readable } from 'node:stream';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import type { HostDoor } from '../../wire/doors.ts';
import type { CliContext } from '../context.ts';
import { canCommand } from './can.ts';
import { grantCommand } from './grant.ts';
import { grantsCommand } from './grants.ts';
import { guestCommand } from './guest.ts';
import { requestCommand, sendCommand } from './mail.ts';
import { resolveCommand } from './mail-answer.ts';
import { approveCommand, denyCommand, pendingCommand } from './pending.ts';
import { revokeCommand } from './revoke.ts';

interface Ran {
  /** Methods that were called, with their arguments; `guest:NAME` for the door of a guest. */
  readonly calls: unknown[][];
  readonly out: string[];
  readonly err: string[];
  status: number;
}

/** Runs a verb at a door that gives the answers of a table, and nothing else. */
async function run(
  make: (context: CliContext) => Command,
  args: readonly string[],
  answers: Readonly<Record<string, unknown>> = {},
): Promise<Ran> {
  const ran: Ran = { calls: [], out: [], err: [], status: 0 };
  const door = (as: readonly unknown[]): HostDoor =>
    new Proxy({} as HostDoor, {
      get: (_, method) => {
        if (method === 'then') return undefined;
        return async (...given: unknown[]) => {
          if (method === 'guest') return door([`guest:${given[0]}`]);
          ran.calls.push([...as, method, ...given]);
          return answers[String(method)];
        };
      },
    });
  const context: CliContext = {
    env: {},
    cwd: '/home/ada',
    stdin: Readable.from([]),
    colour: false,
    home: () => {
      throw new Error('the verb needs no home');
    },
    daemon: async () => door([]),
    out: (line) => ran.out.push(line),
    err: (line) => ran.err.push(line),
    exit: (status) => {
      ran.status = status;
    },
    close: () => {},
  };
  await make(context)
    .exitOverride()
    .parseAsync([...args], { from: 'user' });
  return ran;
}

const REPORT = { grants: [], guests: ['alice'], cut: 2 };

describe('grant', () => {
  it('says what was said and nothing else', async () => {
    const info = { id: 'gr-1' };
    const { calls, out } = await run(grantCommand, ['files:./data', 'to', 'alice', '--json'], {
      grant: info,
    });
    expect(calls).toEqual([['grant', { power: 'files:/home/ada/data', to: 'alice' }]]);
    expect(out).toEqual([JSON.stringify(info)]);
  });

  it('takes every flag, and acts as the guest that is named', async () => {
    const { calls } = await run(
      grantCommand,
      [
        ...['github', 'to', 'bob', '--only', 'a', '--only', 'b', '--budget', 'uses=1, bytes=2'],
        ...['--budget', 'rate=1/day', '--for', '2h', '--from', '2026-05-01', '--approve', 'writes'],
        ...['--no-delegate', '--as', 'gh', '--because', 'why', '--by', 'alice', '--json'],
      ],
      { grant: {} },
    );
    expect(calls).toEqual([
      [
        'guest:alice',
        'grant',
        {
          power: 'github',
          to: 'bob',
          only: ['a', 'b'],
          budget: ['uses=1', 'bytes=2', 'rate=1/day'],
          expires: '2h',
          begins: '2026-05-01',
          approval: 'writes',
          delegable: false,
          as: 'gh',
          reason: 'why',
        },
      ],
    ]);
  });

  it('is POWER to GUEST', async () => {
    await expect(run(grantCommand, ['a', 'for', 'b'])).rejects.toThrow('POWER to GUEST');
  });
});

describe('revoke', () => {
  it.each([
    [['x'], 'revoke', { what: 'grant', id: 'x' }],
    [['x', '--guest'], 'revoke', { what: 'guest', id: 'x' }],
    [['x', '--power'], 'revoke', { what: 'power', id: 'x' }],
    [['x', '--secret', '--dry-run'], 'preview', { what: 'secret', id: 'x' }],
  ])('%j', async (args, method, what) => {
    const { calls } = await run(revokeCommand, args, { revoke: REPORT, preview: REPORT });
    expect(calls[0]?.slice(0, 2)).toEqual([method, what]);
  });

  it('takes one of the flags', async () => {
    await expect(run(revokeCommand, ['x', '--guest', '--power'])).rejects.toThrow('--power');
  });

  it('says how many ended, and what was cut', async () => {
    const { err } = await run(revokeCommand, ['x'], { revoke: REPORT });
    expect(err).toEqual(['powerbox: 0 grants of 1 guest ended; 2 uses in flight cut.']);
  });
});

describe('can', () => {
  it('asks of a request with two words, the second an URL', async () => {
    const refused = { allow: false, code: 'not-granted', reason: 'No \u001b[2J.' };
    const { calls, out, status } = await run(
      canCommand,
      ['alice', '--', 'GET', 'https://a.example/'],
      {
        canRequest: refused,
      },
    );
    expect(calls).toEqual([['guest:alice', 'canRequest', 'GET', 'https://a.example/']]);
    expect(out).toEqual(['no: No \\x1b[2J. [not-granted]']);
    expect(status).toBe(77);
  });

  it('asks of a method with arguments of JSON', async () => {
    const { calls, out, status } = await run(
      canCommand,
      ['bob', 'data', 'readText', '"a.txt"', '{"x":1}', '--json'],
      { can: { allow: true }, describe: { grant: 'gr-1' } },
    );
    expect(calls[0]).toEqual(['guest:bob', 'can', 'data', 'readText', ['a.txt', { x: 1 }]]);
    expect(JSON.parse(out[0] ?? '')).toEqual({ allow: true, grant: 'gr-1' });
    expect(status).toBe(0);
  });

  it('refuses what is no JSON, and a name without a method', async () => {
    await expect(run(canCommand, ['bob', 'data', 'read', 'a.txt'])).rejects.toThrow('not JSON');
    await expect(run(canCommand, ['bob', 'data'])).rejects.toThrow('NAME METHOD');
  });
});

describe('pending, approve and deny', () => {
  const call = { id: 'ap-1', guest: 'a', state: 'pending', created: 0, effect: 'write', call: 'x' };

  it('lists what waits, and decides all of it or what is named', async () => {
    const answers = { pending: [call], decide: [{ ...call, state: 'approved' }] };
    expect((await run(pendingCommand, ['--json'], answers)).out).toEqual([JSON.stringify(call)]);
    expect((await run(approveCommand, ['--all'], answers)).calls).toEqual([
      ['pending'],
      ['decide', ['ap-1'], 'approved', ''],
    ]);
    expect((await run(denyCommand, ['ap-2', '--because', 'no'], answers)).calls).toEqual([
      ['decide', ['ap-2'], 'denied', 'no'],
    ]);
  });

  it('wants either ids or --all', async () => {
    await expect(run(approveCommand, [])).rejects.toThrow('either ids or --all');
    await expect(run(approveCommand, ['ap-1', '--all'])).rejects.toThrow('either ids or --all');
  });
});

describe('mail', () => {
  it('asks with what was said', async () => {
    const args = [
      'http',
      'to read',
      '--power',
      'https://a.example',
      '--only',
      'GET',
      '--by',
      'alice',
    ];
    const { calls } = await run(requestCommand, [...args, '--json'], { request: {} });
    const ask = { kind: 'http', text: 'to read', power: 'https://a.example', only: ['GET'] };
    expect(calls).toEqual([['guest:alice', 'request', ask]]);
  });

  it('waits for the answer, and exits with 77 when it is no', async () => {
    const answers = { request: { id: 'ml-1' }, answered: { state: 'rejected' } };
    const { calls, status } = await run(requestCommand, ['http', 'x', '--wait', '--json'], answers);
    expect(calls[1]).toEqual(['answered', 'ml-1']);
    expect(status).toBe(77);
  });

  it('encloses grants, each with the flags', async () => {
    const args = [
      'alice',
      'hi',
      '--enclose',
      'd=files:./d',
      '--enclose',
      'g=github',
      '--for',
      '1h',
    ];
    const { calls } = await run(sendCommand, [...args, '--json'], { send: {} });
    const enclosed = [
      { name: 'd', words: { expires: '1h', power: 'files:/home/ada/d' } },
      { name: 'g', words: { expires: '1h', power: 'github' } },
    ];
    expect(calls).toEqual([['send', 'alice', 'hi', enclosed, null]]);
    await expect(run(sendCommand, ['alice', 'hi', '--for', '1h'])).rejects.toThrow('enclosed');
    await expect(run(sendCommand, ['a', 'b', '--enclose', 'x'])).rejects.toThrow('NAME=POWER');
  });

  it('resolves with what the request asks for, or with another power', async () => {
    const bare = await run(resolveCommand, ['ml-1', '--json'], { resolve: {} });
    expect(bare.calls).toEqual([['resolve', 'ml-1', {}]]);
    const other = await run(resolveCommand, ['ml-1', '--with', 'gh', '--json'], { resolve: {} });
    expect(other.calls).toEqual([['resolve', 'ml-1', { power: 'gh' }]]);
  });
});

describe('grants and guest', () => {
  it('hands the filter on', async () => {
    const { calls } = await run(
      grantsCommand,
      ['--of', 'alice', '--to', 'bob', '--all', '--unused', '30', '--json'],
      { grants: [] },
    );
    expect(calls).toEqual([['grants', { of: 'alice', to: 'bob', all: true, unusedDays: 30 }]]);
    await expect(run(grantsCommand, ['--unused', 'x'])).rejects.toThrow('number of days');
  });

  it('escapes what a guest is called', async () => {
    const guest = {
      ...{ id: 'gu-1', name: '\u001b[2J', grants: 0, box: null, running: null },
      ...{ created: 0, reason: '', removed: null },
    };
    const { out } = await run(guestCommand, ['ls'], { guests: [guest] });
    expect(out.join('\n')).toContain('\\x1b[2J');
  });

  it('says how long a token is good', async () => {
    const { calls, out } = await run(guestCommand, ['token', 'a', '--for', '2h'], { token: 't' });
    expect(calls).toEqual([['token', 'a', 7_200_000]]);
    expect(out).toEqual(['t']);
  });
});
