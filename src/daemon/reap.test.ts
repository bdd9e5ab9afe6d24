import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BoxRecord, makeBoxFolder, processId, writeRecord } from '../host/box-record.ts';
import { type Home, openHome } from '../store/home.ts';
import { BOX_MAKING_MS_MAX } from './limits.ts';
import { reapBoxes } from './reap.ts';

let folder: string;
let home: Home;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'reap-'));
  home = openHome({ POWERBOX_HOME: folder });
});
afterEach(() => rmSync(folder, { recursive: true }));

const ME = processId(process.pid);
/** The number of this process with another birth, as after it was given out again. */
const GONE = { pid: process.pid, start: '1' };

function box(id: string, more: Partial<BoxRecord>): void {
  makeBoxFolder(home, id);
  writeRecord(home, {
    ...{ id, program: [], cwd: '/', workspace: { path: '/', access: 'none' }, started: 0 },
    ...{ rules: [], secrets: [], kit: null, mounts: [], detached: false, env: {}, starter: ME },
    ...{ running: null, ended: null, ...more },
  } as BoxRecord);
}

async function reap(known: readonly { id: string; created: number }[], now: number) {
  const closed: string[] = [];
  const registry = {
    all: () => known,
    closeBox: async (id: string) => void closed.push(id),
  };
  expect(await reapBoxes(home, registry, now)).toEqual(closed);
  return closed;
}

describe('reapBoxes()', () => {
  it('ends boxes whose starter is gone or that have ended, and no other', async () => {
    box('bx-alive', {});
    box('bx-gone', { starter: GONE });
    box('bx-ended', { ended: { time: 1, status: 0, reason: 'exited' } });
    const known = ['bx-alive', 'bx-gone', 'bx-ended'].map((id) => ({ id, created: 0 }));
    expect(await reap(known, 1e12)).toEqual(['bx-gone', 'bx-ended']);
  });

  it('gives a box that has no record yet the time to be made', async () => {
    const known = [{ id: 'bx-new', created: 1_000 }];
    expect(await reap(known, 1_000 + BOX_MAKING_MS_MAX)).toEqual([]);
    expect(await reap(known, 1_001 + BOX_MAKING_MS_MAX)).toEqual(['bx-new']);
  });

  it('leaves boxes alone that nobody registered', async () => {
    box('bx-gone', { starter: GONE });
    expect(await reap([], 1e12)).toEqual([]);
  });
});
