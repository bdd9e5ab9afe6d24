import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NAME_BYTES_MAX, PATH_BYTES_MAX, PATH_DEPTH_MAX } from './limits.ts';
import { childPath, joinPaths, readPath, segmentsOf, splitPath, WRITING_PREFIX } from './path.ts';

const path = (text: string): string => {
  const read = readPath(text);
  if (!read.ok) throw new Error(read.reason);
  return read.path;
};

/** Pieces that paths are played with, and plain names. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '/',
        '.',
        '..',
        '\0',
        '\\',
        '%2e',
        '%2F',
        '\ud800',
        'é',
        'e\u0301',
        ' ',
        '\n',
      ),
      fc.string({ maxLength: 4 }),
      fc.string({ unit: 'binary', maxLength: 3 }),
    ),
    { maxLength: 12 },
  )
  .map((pieces) => pieces.join(''));

describe('readPath()', () => {
  it.each([
    ['', '/'],
    ['/', '/'],
    ['a', '/a'],
    ['/a/b', '/a/b'],
    ['a b/c*', '/a b/c*'],
    ['..a/b..', '/..a/b..'],
    ['%2e%2e/%00', '/%2e%2e/%00'],
    ['C:/x', '/C:/x'],
    ['é', '/é'],
    ['e\u0301', '/e\u0301'],
    ['👍', '/👍'],
    ['a\nb', '/a\nb'],
  ])('%j is %j', (text, expected) => {
    expect(path(text)).toBe(expected);
  });

  it.each([
    '..',
    '/..',
    'a/..',
    'a/../b',
    '../../etc/passwd',
    '.',
    './a',
    'a/./b',
    '//',
    '//a',
    'a//b',
    'a/',
    'a\0',
    'a\0/../b',
    'a\\b',
    '..\\..\\x',
    '\ud800',
    'a/\udc00b',
    `a/${WRITING_PREFIX}x`,
  ])('%j is refused', (text) => {
    expect(readPath(text)).toMatchObject({ ok: false });
  });

  it('bounds the path, its depth and its names', () => {
    const name = 'é'.repeat(Math.floor(NAME_BYTES_MAX / 2));
    expect(readPath(`${name}x`).ok).toBe(true);
    expect(readPath(`${name}xx`).ok).toBe(false);
    expect(readPath('a/'.repeat(PATH_DEPTH_MAX - 1).concat('a')).ok).toBe(true);
    expect(readPath('a/'.repeat(PATH_DEPTH_MAX).concat('a')).ok).toBe(false);
    const long = `${'x'.repeat(200)}/`.repeat(20);
    expect(readPath(long + 'y'.repeat(PATH_BYTES_MAX - long.length)).ok).toBe(true);
    expect(readPath(long + 'y'.repeat(PATH_BYTES_MAX - long.length + 1)).ok).toBe(false);
  });

  it('gives one spelling, which stays inside, and which the system gets byte for byte', () => {
    let accepted = 0;
    fc.assert(
      fc.property(hostile, (text) => {
        const read = readPath(text);
        if (!read.ok) return;
        accepted += 1;
        expect(readPath(read.path)).toEqual(read);
        expect(read.path).toBe(text.startsWith('/') ? text : `/${text}`);
        expect(
          new URL(`file:///root${encodeURI(read.path.replace(/[%?#]/g, '_'))}`).pathname,
        ).toMatch(/^\/root(\/|$)/);
        for (const name of segmentsOf(read.path)) {
          expect(['', '.', '..']).not.toContain(name);
          expect(name).not.toMatch(/[/\0\\]/);
        }
        expect(Buffer.from(read.path, 'utf8').toString('utf8')).toBe(read.path);
      }),
      { seed: 1, numRuns: 5000 },
    );
    expect(accepted).toBeGreaterThan(500);
  });
});

describe('joinPaths(), childPath() and splitPath()', () => {
  it('agree', () => {
    const name = fc.stringMatching(/^[a-z.]{3,5}$/).filter((text) => path(text) !== '');
    const some = fc.array(name, { maxLength: 4 }).map((names) => path(names.join('/')));
    fc.assert(
      fc.property(some, some, name, (top, below, last) => {
        const joined = joinPaths(top, below);
        expect(segmentsOf(joined)).toEqual([...segmentsOf(top), ...segmentsOf(below)]);
        expect(splitPath(childPath(joined, last))).toEqual({ directory: joined, name: last });
      }),
    );
  });
});
