import { statSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LINK_MESSAGE_CHARS_MAX } from '../../src/wire/limits.ts';
import { type DaemonPlace, makeDaemonPlace } from '../support/daemon.ts';

let place: DaemonPlace;
let socket: Socket;

beforeEach(async () => {
  place = makeDaemonPlace();
  await place.json('daemon', 'start');
  socket = connect(join(place.home, 'link.sock'));
  socket.on('error', () => {});
});
afterEach(() => {
  socket.destroy();
  place.close();
});

/** Sends lines and gives the answers, up to as many as are wanted or the end. */
function talk(lines: readonly string[], wanted: number): Promise<Record<string, unknown>[]> {
  for (const line of lines) socket.write(`${line}\n`);
  let text = '';
  return new Promise((done) => {
    const give = () =>
      done(
        text
          .split('\n')
          .slice(0, -1)
          .map((line) => JSON.parse(line)),
      );
    socket.on('data', (chunk) => {
      text += chunk;
      if (text.split('\n').length > wanted) give();
    });
    socket.once('close', give);
  });
}

const OPEN = { type: 'open-box', box: 'bx-test', as: null, reason: 'x', rules: [], secrets: [] };
const EGRESS = { pid: process.pid, start: '1' };
const json = JSON.stringify;

describe('link.sock', () => {
  it('is for nobody else', () => {
    expect(statSync(join(place.home, 'link.sock')).mode & 0o777).toBe(0o600);
  });

  it('knows a box by its token only', async () => {
    const [opened] = await talk([json(OPEN)], 1);
    expect(opened).toMatchObject({ type: 'box-opened', guest: { name: 'bx-test' } });
    const other = connect(join(place.home, 'link.sock'));
    const hello = { type: 'hello', box: 'bx-test', token: 'wrong', egress: EGRESS };
    const before = socket;
    socket = other;
    expect(await talk([json(hello)], 1)).toMatchObject([
      { type: 'refused', call: null, code: 'session-refused' },
    ]);
    other.destroy();
    socket = connect(join(place.home, 'link.sock'));
    const right = { ...hello, token: opened?.token };
    expect(await talk([json(right)], 1)).toMatchObject([{ type: 'change', whole: true }]);
    before.destroy();
  });

  it('ends a box whose starter goes away without a word', async () => {
    await talk([json(OPEN)], 1);
    expect(await place.json('guest', 'ls')).toHaveLength(1);
    socket.destroy();
    await expect.poll(() => place.json('guest', 'ls'), { timeout: 10_000 }).toEqual([]);
  });

  it('makes no box of a rule that it cannot read, and none for a guest that is not there', async () => {
    const rule = { config: { scheme: 'gopher' }, narrowing: {}, text: 'x' };
    const bad = [
      { ...OPEN, rules: [rule] },
      { ...OPEN, as: 'nobody' },
      { ...OPEN, as: 'host' },
    ];
    const answers = await talk(
      bad.map((message) => json(message)),
      3,
    );
    expect(answers.map(({ code }) => code)).toEqual([
      'power-invalid',
      'guest-unknown',
      'guest-invalid',
    ]);
    expect(await place.json('guest', 'ls')).toEqual([]);
  });

  it.each([
    ['no JSON', '{'],
    ['another type', '{"type":"other"}'],
    ['a call before it says who it is', json({ type: 'acknowledged', change: 1, cut: 0 })],
  ])('refuses %s', async (_, line) => {
    expect(await talk([line], 1)).toMatchObject([{ type: 'refused', code: 'call-invalid' }]);
  });

  it('holds no more of a line than its bound', async () => {
    const closed = new Promise((done) => socket.once('close', () => done(true)));
    socket.write('x'.repeat(LINK_MESSAGE_CHARS_MAX + 1));
    expect(await closed).toBe(true);
  });
});
