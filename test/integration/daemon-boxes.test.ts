import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BoxRecord } from '../../src/host/box-record.ts';
import type { GuestInfo } from '../../src/wire/doors.ts';
import { type DaemonPlace, isDaemon, makeDaemonPlace } from '../support/daemon.ts';

let place: DaemonPlace;
let box: string;

beforeEach(async () => {
  place = makeDaemonPlace();
  const started = await place.powerbox(['run', '--detach', '--', 'sleep', '60']);
  expect(started.stderr).toBe('');
  box = started.stdout.trim();
});

afterEach(async () => {
  await place.powerbox(['stop', box]);
  place.close();
});

async function guests(): Promise<readonly (readonly [string, string | null, boolean])[]> {
  const all = await place.json<GuestInfo>('guest', 'ls', '--all');
  return all.map(({ box: of, running, removed }) => [of ?? '', running, removed !== null]);
}

async function boxState(): Promise<string | undefined> {
  const [status] = await place.json<{ boxes: readonly { id: string; state: string }[] }>(
    ...['daemon', 'status'],
  );
  return status?.boxes.find(({ id }) => id === box)?.state;
}

async function linked(): Promise<boolean> {
  for (let tries = 0; tries < 50; tries++) if ((await boxState()) === 'linked') return true;
  return false;
}

function killDaemon(): void {
  const pid = place.daemonPid();
  if (pid === undefined || !isDaemon(pid)) throw new Error('no daemon runs');
  process.kill(pid, 'SIGKILL');
}

function starter(): number {
  const path = join(place.home, 'boxes', box, 'record.json');
  return (JSON.parse(readFileSync(path, 'utf8')) as BoxRecord).starter.pid;
}

describe('a box and the daemon', () => {
  it('is a guest while it runs', async () => {
    expect(await guests()).toEqual([[box, box, false]]);
    expect(await linked()).toBe(true);
    expect((await place.json('ls')).map(({ id }) => id)).toEqual([box]);
    await place.powerbox(['stop', box]);
    expect(await guests()).toEqual([[box, null, true]]);
  });

  it.each(['stop', 'kill'])(
    'goes on, and is found again, after a %s of the daemon',
    async (how) => {
      expect(await linked()).toBe(true);
      if (how === 'stop') expect((await place.powerbox(['daemon', 'stop'])).status).toBe(0);
      else killDaemon();
      expect(await guests()).toEqual([[box, box, false]]);
      expect(await linked()).toBe(true);
      await place.powerbox(['stop', box]);
      expect(await guests()).toEqual([[box, null, true]]);
    },
  );

  it('that died while there was no daemon is ended by the next one', async () => {
    expect(await linked()).toBe(true);
    const pid = starter();
    killDaemon();
    process.kill(pid, 'SIGKILL');
    expect(await guests()).toEqual([[box, null, true]]);
    const ends = await place.json('log', box);
    expect(ends.filter(({ kind }) => kind === 'box-end')).toHaveLength(1);
  });

  it('that died without a word while a later daemon runs is ended soon', async () => {
    expect(await linked()).toBe(true);
    killDaemon();
    await place.powerbox(['daemon', 'start']);
    process.kill(starter(), 'SIGKILL');
    const gone = async (): Promise<boolean> => (await guests())[0]?.[2] === true;
    let ended = false;
    for (let tries = 0; !ended && tries < 100; tries++) ended = await gone();
    expect(ended).toBe(true);
  });
});
