import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { EVENTS_WAITING_MAX, WATCHES_MAX } from '../../src/powers/files/limits.ts';
import type { WatchEvent } from '../../src/powers/files/methods.ts';
import { WRITING_PREFIX } from '../../src/powers/files/path.ts';
import {
  type FilesRig,
  filesRig,
  liveOf,
  type RigOptions,
  refusalOf,
} from '../support/files-power.ts';

let rig: FilesRig;

function make(options: RigOptions = {}): FilesRig {
  rig = filesRig(options);
  return rig;
}

afterEach(() => rig.close());

const inTree = (path: string): string => join(rig.tree, path);

describe('watching', () => {
  const events: WatchEvent[] = [];
  const record = (event: WatchEvent): void => void events.push(event);

  afterEach(() => {
    events.length = 0;
  });

  async function until(done: () => boolean): Promise<void> {
    for (let tries = 0; !done(); tries++) {
      if (tries > 400) throw new Error(`not in time: ${JSON.stringify(events)}`);
      await sleep(5);
    }
  }
  const told = (type: string, path: string) => (): boolean =>
    events.some((event) => event.type === type && event.path === path);

  it('tells of what is added, changed and removed in a directory', async () => {
    make().write('d/a', '1');
    const d = liveOf(await rig.use('subdirectory', 'd'));
    const watcher = liveOf(await rig.useOf(d, 'watch', '/', record));
    rig.write('d/b', '2');
    await until(told('added', '/b'));
    rig.write('d/a', '2');
    await until(told('changed', '/a'));
    rmSync(inTree('d/a'));
    await until(told('removed', '/a'));
    rig.write('outside', '2');
    await rig.useOf(watcher, 'close');
    const count = events.length;
    rig.write('d/c', '3');
    await sleep(50);
    expect(events).toHaveLength(count);
    expect(events.map(({ path }) => path)).not.toContain('/outside');
  });

  it('tells of one file, also when another is put in its place', async () => {
    make().write('a', '1');
    rig.write('b', '1');
    await rig.use('watch', 'a', record);
    rig.write('b', '2');
    await rig.use('write', 'a', '2');
    await until(told('added', '/a'));
    expect(new Set(events.map(({ path }) => path))).toEqual(new Set(['/a']));
    expect(await refusalOf(rig.use('watch', 'none', record))).toMatch(/^file-unknown/);
  });

  it('tells only of what may be seen', async () => {
    make({ only: ['read /d/*.txt'] }).write('d/a.txt');
    await rig.use('watch', 'd', record);
    for (const name of ['hidden', `${WRITING_PREFIX}x`, 'seen.txt']) rig.write(`d/${name}`);
    await until(told('added', '/d/seen.txt'));
    expect(new Set(events.map(({ path }) => path))).toEqual(new Set(['/d/seen.txt']));
    expect(await refusalOf(rig.use('watch', '/elsewhere', record))).toMatch(/^narrowing-refused/);
  });

  it('ends with the grant, with the power, and with a callback that fails', async () => {
    make().write('d/a');
    await rig.use('watch', 'd', record);
    rig.grant.abort();
    rig.write('d/b');
    await sleep(50);
    expect(events).toEqual([]);
    expect(await refusalOf(rig.use('watch', 'd', record))).toMatch(/^grant-revoked/);
    rig.close();
    make().write('d/a');
    let calls = 0;
    await rig.use('watch', 'd', () => {
      calls += 1;
      throw new Error('the grant of the callback has ended');
    });
    rig.write('d/b');
    await until(() => calls > 0);
    rig.write('d/c');
    await sleep(50);
    expect(calls).toBe(1);
  });

  it('ends when the directory is moved away', async () => {
    make().write('d/a');
    await rig.use('watch', 'd', record);
    renameSync(inTree('d'), join(rig.folder, 'moved'));
    mkdirSync(inTree('d'));
    writeFileSync(join(rig.folder, 'moved/secret-name'), '');
    await until(told('ended', '/d'));
    await sleep(50);
    expect(events).toEqual([{ type: 'ended', path: '/d' }]);
  });

  it('says that some were lost when the watcher is slow', async () => {
    make();
    mkdirSync(inTree('d'));
    let go = (): void => undefined;
    const gone = new Promise<void>((done) => {
      go = done;
    });
    await rig.use('watch', 'd', (event: WatchEvent) => {
      record(event);
      return gone;
    });
    for (let index = 0; index < EVENTS_WAITING_MAX + 50; index++) rig.write(`d/${index}`);
    await sleep(200);
    go();
    await until(told('lost', '/d'));
    expect(events.length).toBeLessThanOrEqual(EVENTS_WAITING_MAX + 2);
  });

  it('is bounded', async () => {
    make();
    for (let index = 0; index < WATCHES_MAX; index++) await rig.use('watch', '/', record);
    expect(await refusalOf(rig.use('watch', '/', record))).toMatch(/^limit-exceeded/);
  });
});
