import {
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  QUOTA_AGAIN_MS_MIN,
  QUOTA_DEPTH_MAX,
  QUOTA_ENTRIES_MAX,
  QUOTA_KNOWN_MS_MAX,
} from '../../src/powers/files/limits.ts';
import {
  type FilesRig,
  filesRig,
  type RigOptions,
  refusalOf,
  sum,
} from '../support/files-power.ts';

let rig: FilesRig;

function make(options: RigOptions = {}): FilesRig {
  rig = filesRig(options);
  return rig;
}

afterEach(() => rig.close());

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const inTree = (path: string): string => join(rig.tree, path);

describe('a quota', () => {
  const quota = (quotaBytes: number, options: RigOptions = {}): FilesRig =>
    make({ ...options, config: { quotaBytes } });

  it('counts what is there, whoever wrote it, and holds after a restart', async () => {
    quota(100).write('by-the-host/file', 'x'.repeat(60));
    await rig.use('write', 'a', 'x'.repeat(40));
    const refusal = await refusalOf(rig.use('write', 'b', 'x'));
    expect(refusal).toBe(
      'quota-exceeded: Cannot write /b: its directory may hold 100 bytes in all, and would hold 101.',
    );
    expect(await refusalOf(rig.use('write', 'a', 'x', { append: true }))).toMatch(
      /^quota-exceeded/,
    );
    expect(readdirSync(rig.tree).sort()).toEqual(['a', 'by-the-host']);
    expect(rig.spent).toEqual([40]);
    await rig.use('write', 'a', 'x'.repeat(39));
    await rig.use('write', 'b', 'x');
    await rig.use('rename', 'b', 'a');
    await rig.use('write', 'b', 'x'.repeat(39));
    await rig.use('remove', 'b');
    await rig.use('write', 'c', 'x'.repeat(39));
    await rig.use('write', 'empty', '');
    await rig.use('makeDirectory', 'd');
  });

  it('is measured again before anything is refused, and not too often', async () => {
    let time = 0;
    quota(10, { now: () => time }).write('a', 'x'.repeat(10));
    expect(await refusalOf(rig.use('write', 'b', 'x'))).toMatch(/^quota-exceeded/);
    rmSync(inTree('a'));
    expect(await refusalOf(rig.use('write', 'b', 'x'))).toMatch(/^quota-exceeded/);
    time += QUOTA_AGAIN_MS_MIN + 1;
    await rig.use('write', 'b', 'x'.repeat(10));
  });

  it('sees after a while what others wrote', async () => {
    let time = 0;
    quota(10, { now: () => time });
    await rig.use('write', 'a', 'x');
    rig.write('b', 'x'.repeat(8));
    time += QUOTA_KNOWN_MS_MAX;
    await rig.use('write', 'c', 'xx');
    time += 1;
    expect(await refusalOf(rig.use('write', 'd', 'x'))).toMatch(
      /^quota-exceeded: .*would hold 12\.$/,
    );
  });

  it('is kept by many who write at once', async () => {
    quota(1000);
    const all = Array.from({ length: 40 }, (_, index) =>
      rig.use('write', index % 2 === 0 ? `f${index}` : 'shared', 'x'.repeat(99), {
        append: index % 2 === 1,
      }),
    );
    const done = await Promise.allSettled(all);
    const used = readdirSync(rig.tree).map((name) => lstatSync(inTree(name)).size);
    expect(done.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
    expect(sum(used)).toBe(990);
  });

  it('counts a file with a name that cannot be used, and does not follow links', async () => {
    quota(10);
    writeFileSync(Buffer.concat([bytes(`${rig.tree}/bad`), Buffer.from([0xff])]), 'x'.repeat(9));
    mkdirSync(join(rig.folder, 'outside'));
    writeFileSync(join(rig.folder, 'outside/huge'), 'x'.repeat(1000));
    symlinkSync('../outside', inTree('l'));
    // The link itself is as long as its text.
    expect(await refusalOf(rig.use('write', 'a', 'xx'))).toMatch(/would hold 21\.$/);
  });

  it('refuses a tree that is too deep or too full to be measured', async () => {
    let time = 0;
    quota(1000, { now: () => time });
    mkdirSync(inTree('d/'.repeat(QUOTA_DEPTH_MAX)), { recursive: true });
    await rig.use('write', 'a', 'x');
    mkdirSync(inTree('d/'.repeat(QUOTA_DEPTH_MAX + 1)), { recursive: true });
    time += 1e6;
    expect(await refusalOf(rig.use('write', 'b', 'x'))).toMatch(/^quota-exceeded: .*not so deep/);
    rmSync(inTree('d'), { recursive: true });
    rig.write('0');
    for (let index = 2; index < QUOTA_ENTRIES_MAX; index++) {
      // File systems bound the names that one file may have.
      if (index % 10_000 === 0) rig.write(`${index}`);
      else linkSync(inTree(`${index - (index % 10_000)}`), inTree(`${index}`));
    }
    time += 1e6;
    expect(await refusalOf(rig.use('makeDirectory', 'e'))).toMatch(/at most 100000 entries/);
    rig.write('one-more');
    time += 1e6;
    expect(await refusalOf(rig.use('makeDirectory', 'e'))).toMatch(/can have 100000 entries/);
    // Nor can it be listed by whoever may see next to nothing of it.
    const narrow = filesRig({ config: { root: rig.tree }, only: ['read /none/x'] });
    expect(await refusalOf(narrow.use('list', '/'))).toMatch(/^limit-exceeded: .*more than 100000/);
    rmSync(inTree('99999'));
    rmSync(inTree('99998'));
    expect(await narrow.use('list', '/')).toEqual([]);
    narrow.close();
  }, 120_000);
});
