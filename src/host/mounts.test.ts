import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Home, openHome } from '../store/home.ts';
import { parseMount, within, workspaceMount } from './mounts.ts';

let folder: string;
let home: Home;

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'mounts-')));
  home = openHome({ POWERBOX_HOME: join(folder, 'state/home') });
  mkdirSync(join(folder, 'work/sub'), { recursive: true });
  writeFileSync(join(folder, 'work/file'), '');
  symlinkSync(join(folder, 'state'), join(folder, 'work/link'));
});

afterAll(() => rmSync(folder, { recursive: true }));

describe('parseMount()', () => {
  const work = () => join(folder, 'work');

  it('is read-only at its own path unless more is said', () => {
    expect(parseMount('sub', work(), home)).toEqual({
      source: join(folder, 'work/sub'),
      target: join(folder, 'work/sub'),
      access: 'ro',
    });
    expect(parseMount('sub:/data:rw', work(), home)).toMatchObject({
      target: '/data',
      access: 'rw',
    });
    expect(parseMount('file:/data/f', work(), home)).toMatchObject({ target: '/data/f' });
  });

  it.each([
    ['the state folder', 'state/home'],
    ['a folder that holds it', '.'],
    ['a folder inside it', 'state/home/vault'],
    ['a link to a folder that holds it', 'work/link'],
  ])('refuses %s', (_, path) => {
    expect(() => parseMount(path, folder, home)).toThrow(/state folder/);
  });

  it.each(['/', '/proc', '/sys/fs', '/dev', '/run'])('refuses %s of the host', (path) => {
    expect(() => parseMount(`${path}:/x`, folder, home)).toThrow(/Cannot mount/);
  });

  it.each(['/', '/etc', '/usr', '/proc/x', '/dev/x', '/tmp'])('refuses to cover %s', (target) => {
    expect(() => parseMount(`sub:${target}`, work(), home)).toThrow(/the box has its own there/);
  });

  it.each(['', ':/x', 'a:b:c', 'sub:', 'sub:relative', '/a:/b:/c:ro'])('refuses "%s"', (text) => {
    expect(() => parseMount(text, work(), home)).toThrow(/Cannot (read the )?mount/);
  });

  it('refuses a copy of a file', () => {
    expect(() => parseMount('file:copy', work(), home)).toThrow(/only a folder can be a copy/);
  });
});

describe('workspaceMount()', () => {
  it('mounts the current folder at its own path', () => {
    const cwd = join(folder, 'work');
    expect(workspaceMount(cwd, 'rw', home)).toEqual({ source: cwd, target: cwd, access: 'rw' });
    expect(() => workspaceMount(folder, 'rw', home)).toThrow(/state folder/);
  });
});

describe('within()', () => {
  it('knows a folder, what is below, and what only begins alike', () => {
    expect(within('/a/b', '/a/b')).toBe(true);
    expect(within('/a/b/c', '/a/b')).toBe(true);
    expect(within('/a/bc', '/a/b')).toBe(false);
    expect(within('/a', '/a/b')).toBe(false);
    expect(within('/a/..b', '/a')).toBe(true);
  });
});
