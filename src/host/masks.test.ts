import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MASK_BYTES_MAX } from '../vault/limits.ts';
import { MASK_DEPTH_MAX, MASK_FILES_MAX } from './limits.ts';
import { findMasks } from './masks.ts';

let folder: string;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'masks-')));
});

afterEach(() => rmSync(folder, { recursive: true }));

/** Masks of the folder, mounted at /project. */
function masks(named: readonly string[] = []) {
  const mount = { source: folder, target: '/project', access: 'rw' } as const;
  return findMasks([mount], named, folder, (value) => 'x'.repeat(value.length));
}

const targets = (named: readonly string[] = []) =>
  masks(named)
    .map(({ target }) => target)
    .sort();

function write(path: string, text = 'A=0123456789abcdef\n'): void {
  mkdirSync(join(folder, path, '..'), { recursive: true });
  writeFileSync(join(folder, path), text);
}

describe('findMasks()', () => {
  it('finds .env files at every depth, and no others', () => {
    for (const path of [
      '.env',
      'a/.env.local',
      'a/b/.envrc',
      'a/.env-prod',
      'a/env',
      'a/.environment',
    ])
      write(path);
    for (const path of ['node_modules/x/.env', '.git/.env']) write(path);
    expect(targets()).toEqual([
      '/project/.env',
      '/project/a/.env-prod',
      '/project/a/.env.local',
      '/project/a/b/.envrc',
    ]);
  });

  it('keeps names and hides values, at the same length', () => {
    write('.env', 'NAME=0123456789abcdef\n');
    const [mask] = masks();
    expect(Buffer.from(mask?.content ?? []).toString()).toBe(`NAME=${'x'.repeat(16)}\n`);
    expect(mask?.values).toMatchObject([{ name: 'NAME', value: '0123456789abcdef' }]);
  });

  it('masks what a link leads to, where the box sees it', () => {
    write('settings/production');
    symlinkSync('settings/production', join(folder, '.env'));
    expect(targets()).toEqual(['/project/settings/production']);
  });

  it('masks named files, and refuses those that are not there or not seen', () => {
    write('keys.txt');
    expect(targets(['keys.txt'])).toEqual(['/project/keys.txt']);
    expect(() => masks(['none.txt'])).toThrow(/Cannot mask none\.txt/);
    expect(() => masks(['/etc/hostname'])).toThrow(/does not see it/);
  });

  it('reads plain files of a bounded size only, and waits for nobody', () => {
    write('large', '');
    truncateSync(join(folder, 'large'), MASK_BYTES_MAX);
    expect(masks(['large'])[0]?.content).toHaveLength(MASK_BYTES_MAX);
    truncateSync(join(folder, 'large'), 2 ** 40);
    expect(() => masks(['large'])).toThrow(expect.objectContaining({ code: 'mask-too-large' }));
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    mkdirSync(join(folder, 'sub'));
    for (const name of ['pipe', 'sub']) {
      expect(() => masks([name])).toThrow(expect.objectContaining({ code: 'mount-unreadable' }));
      expect(() => masks([name])).toThrow(/it is no plain file/);
    }
    write('empty', '');
    expect(masks(['empty'])[0]?.content).toHaveLength(0);
  });

  it('covers sockets', async () => {
    const server = createServer();
    await new Promise<void>((done) => server.listen(join(folder, 'a.sock'), done));
    const found = masks();
    server.close();
    expect(found).toMatchObject([{ target: '/project/a.sock', values: [] }]);
    expect(found[0]?.content).toHaveLength(0);
  });

  it('refuses a tree with more than MASK_FILES_MAX of them, or deeper than MASK_DEPTH_MAX', () => {
    for (let index = 0; index < MASK_FILES_MAX; index++) write(`.env.${index}`);
    expect(masks()).toHaveLength(MASK_FILES_MAX);
    write('.env.more');
    expect(() => masks()).toThrow(/there are too many/);
    rmSync(join(folder, '.env.more'));
    mkdirSync(join(folder, 'd/'.repeat(MASK_DEPTH_MAX)), { recursive: true });
    expect(masks()).toHaveLength(MASK_FILES_MAX);
    mkdirSync(join(folder, 'd/'.repeat(MASK_DEPTH_MAX + 1)), { recursive: true });
    expect(() => masks()).toThrow(/too many folders/);
  });
});
