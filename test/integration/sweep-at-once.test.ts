import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sweepHome } from '../../src/host/sweep.ts';
import { type Home, openHome } from '../../src/store/home.ts';
import { compile } from '../support/compile.ts';

const BOXES = 60;
const COMMANDS = 4;

let compiled: string;
let folder: string;

beforeAll(() => {
  compiled = compile('src/host/sweep.ts');
  folder = mkdtempSync(join(tmpdir(), 'powerbox-sweep-'));
});
afterAll(() => {
  rmSync(compiled, { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
});

/** Boxes that have ended, and shared a stand-in of their workspace. */
function endedBoxes(home: Home): void {
  for (let box = 0; box < BOXES; box += 1) {
    const id = `bx-${String(box).padStart(6, '0')}`;
    const own = join(home.boxes, id);
    mkdirSync(own, { mode: 0o700 });
    const starter = { pid: 1, start: 'another' };
    const ended = { time: 1, status: 0, reason: 'exited' };
    const record = { id, started: box, mounts: [], detached: false, starter, running: null, ended };
    writeFileSync(join(own, 'record.json'), JSON.stringify(record));
    const standIn = { path: join(folder, 'none'), inode: '1:2', size: 3, since: 1 };
    writeFileSync(join(own, 'stand-ins.json'), JSON.stringify([standIn]));
  }
}

/** Status and errors of a command that sweeps at a moment. */
function sweepAt(home: Home, moment: number): Promise<readonly [number | null, string]> {
  const script = `
    import { openHome } from ${JSON.stringify(join(compiled, 'store/home.js'))};
    import { sweepHome } from ${JSON.stringify(join(compiled, 'host/sweep.js'))};
    const home = openHome({ POWERBOX_HOME: ${JSON.stringify(home.root)} });
    while (Date.now() < ${moment});
    sweepHome(home);`;
  return new Promise((done) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
    let errors = '';
    child.stderr.on('data', (data) => {
      errors += data;
    });
    child.once('close', (status) => done([status, errors]));
  });
}

describe('boxes that end at once', () => {
  it('are put away by several commands without a fault, and none is left', async () => {
    for (let round = 0; round < 3; round += 1) {
      const home = openHome({ POWERBOX_HOME: join(folder, `home-${round}`) });
      endedBoxes(home);
      const moment = Date.now() + 800;
      const ends = await Promise.all(Array.from({ length: COMMANDS }, () => sweepAt(home, moment)));
      expect(ends).toEqual(Array.from({ length: COMMANDS }, () => [0, '']));
      // What another box needed at the time goes with the next command.
      sweepHome(home);
      expect(readdirSync(home.boxes)).toEqual([]);
    }
  });
});
