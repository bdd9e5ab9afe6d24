import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileGlob, type Glob, leadsToMatch, matchesTree, matchGlob } from './glob.ts';
import { GLOB_CHARS_MAX } from './limits.ts';
import { readPath } from './path.ts';

function glob(text: string): Glob {
  const compiled = compileGlob(text);
  if (!compiled.ok) throw new Error(compiled.reason);
  return compiled.glob;
}

/** The definition, by trying everything. */
function naive(pattern: readonly string[], names: readonly string[]): boolean {
  const [head, ...rest] = pattern;
  if (head === undefined) return names.length === 0;
  const [name, ...others] = names;
  if (head === '**') return naive(rest, names) || (name !== undefined && naive(pattern, others));
  if (name === undefined) return false;
  const source = head.replaceAll('*', '[^]*');
  return new RegExp(`^${source}$`).test(name) && naive(rest, others);
}

const split = (text: string): string[] => text.split('/').filter((part) => part !== '');

const segment = fc.constantFrom('a', 'b', 'ab', '*', 'a*', '*b', 'a*b', '**', '**');
const globText = fc.array(segment, { maxLength: 5 }).map((parts) => `/${parts.join('/')}`);
const pathText = fc
  .array(fc.constantFrom('a', 'b', 'ab', 'aab', 'ba'), { maxLength: 5 })
  .map((parts) => `/${parts.join('/')}`);

describe('globs', () => {
  it.each([
    ['/', '/', true],
    ['/', '/a', false],
    ['/**', '/', true],
    ['/**', '/a/b', true],
    ['/a', '/a', true],
    ['/a', '/A', false],
    ['/a/**', '/a', true],
    ['/a/**', '/ab', false],
    ['/*', '/', false],
    ['/*', '/.hidden', true],
    ['/*.txt', '/a.txt', true],
    ['/*.txt', '/a/b.txt', false],
    ['/**/*.txt', '/a.txt', true],
    ['/**/*.txt', '/a/b/c.txt', true],
    ['/aba*aba', '/aba', false],
    ['/[id].tsx', '/[id].tsx', true],
    ['/[id].tsx', '/i.tsx', false],
    ['/{a,b}', '/a', false],
    ['/caf\u00e9', '/cafe\u0301', false],
  ])('%s on %s: %s', (text, path, expected) => {
    expect(matchGlob(glob(text), path)).toBe(expected);
  });

  it.each(['', 'a', '*', '//', '/a/', '/../x', '/a**', '/**a', '/a\\b', '/a\0'])(
    '%j is no pattern',
    (text) => {
      expect(compileGlob(text)).toMatchObject({ ok: false });
    },
  );

  it('bounds the pattern', () => {
    const longest = '/abc'.repeat(60).padEnd(GLOB_CHARS_MAX, '/**');
    expect(compileGlob('/**'.repeat(64)).ok).toBe(true);
    expect(compileGlob(`${longest}/x`)).toMatchObject({ ok: false });
    expect(compileGlob(`/${'x'.repeat(GLOB_CHARS_MAX)}`)).toMatchObject({
      ok: false,
      reason: `the pattern is longer than ${GLOB_CHARS_MAX} characters`,
    });
  });

  it('match as their definition says', () => {
    let matches = 0;
    fc.assert(
      fc.property(globText, pathText, (text, path) => {
        const expected = naive(split(text), split(path));
        if (expected) matches += 1;
        expect(matchGlob(glob(text), path)).toBe(expected);
      }),
      { seed: 2, numRuns: 10_000 },
    );
    expect(matches).toBeGreaterThan(500);
  });

  it('lead to what they match, and to nothing else', () => {
    const names = ['a', 'b', 'ab', 'x'];
    /** Is there a match some levels below? */
    const reaches = (text: string, path: readonly string[], depth: number): boolean =>
      depth > 0 &&
      names.some(
        (name) => naive(split(text), [...path, name]) || reaches(text, [...path, name], depth - 1),
      );
    const short = fc.array(segment, { maxLength: 3 }).map((parts) => `/${parts.join('/')}`);
    fc.assert(
      fc.property(short, pathText, (text, path) => {
        // Four levels more suffice for three segments.
        expect(leadsToMatch(glob(text), path)).toBe(reaches(text, split(path), 4));
      }),
      { seed: 3, numRuns: 1000 },
    );
  });

  it('say of a whole tree only what holds for all that is in it', () => {
    let trees = 0;
    fc.assert(
      fc.property(globText, pathText, pathText, (text, path, below) => {
        if (!matchesTree(glob(text), path)) return;
        trees += 1;
        const read = readPath(`${path === '/' ? '' : path}${below}`.replace(/(.)\/$/, '$1'));
        expect(read.ok && matchGlob(glob(text), read.path)).toBe(true);
      }),
      { seed: 4, numRuns: 5000 },
    );
    expect(trees).toBeGreaterThan(200);
    expect(matchesTree(glob('/a/*'), '/a/b')).toBe(false);
    expect(matchesTree(glob('/a/**/x'), '/a/x')).toBe(false);
  });

  it('have a canonical text that means the same', () => {
    fc.assert(
      fc.property(globText, (text) => {
        const own = glob(text);
        expect(glob(own.text)).toEqual(own);
      }),
    );
  });

  it('do not blow up', () => {
    const started = performance.now();
    const path = `/${'a/'.repeat(60)}c`;
    const name = `/${'a'.repeat(250)}`;
    for (const text of ['/**/a'.repeat(32), `/${'*a'.repeat(100)}b`, '/**/*a*a*b'.repeat(20)]) {
      for (let times = 0; times < 1000; times++) {
        matchGlob(glob(text), path);
        matchGlob(glob(text), name);
      }
    }
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
