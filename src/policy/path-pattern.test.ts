import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PATTERN_CHARS_MAX, TARGET_CHARS_MAX } from './limits.ts';
import { canonicalPath } from './path.ts';
import { compilePathPattern, matchPath, type PathPattern, variableSpans } from './path-pattern.ts';

function compile(text: string): PathPattern {
  const compiled = compilePathPattern(text);
  if (!compiled.ok) throw new Error(compiled.reason);
  return compiled.pattern;
}

const match = (pattern: string, path: string): string => matchPath(compile(pattern), path);

/** The definition, by trying everything. */
function naive(pattern: readonly string[], path: readonly string[]): boolean {
  const [head, ...rest] = pattern;
  if (head === undefined) return path.length === 0;
  if (head === '**') {
    return path.some((_, index) => naive(rest, path.slice(index))) || naive(rest, []);
  }
  const [segment, ...others] = path;
  if (segment === undefined) return false;
  const same = head.includes('*')
    ? segment !== '' && naiveGlob(tokens(head), tokens(segment))
    : segment === head;
  return same && naive(rest, others);
}

/** Characters, with `%2F` as one, as it is opaque. */
const tokens = (segment: string): readonly string[] => segment.match(/%2F|./g) ?? [];

function naiveGlob(pattern: readonly string[], text: readonly string[]): boolean {
  const [head, ...rest] = pattern;
  if (head === undefined) return text.length === 0;
  const [char, ...others] = text;
  if (head === '*') {
    return (
      naiveGlob(rest, text) || (char !== undefined && char !== '%2F' && naiveGlob(pattern, others))
    );
  }
  return char === head && naiveGlob(rest, others);
}

describe('path patterns', () => {
  test.each([
    ['/', '/'],
    ['/a/b', '/a/b'],
    ['/a/*', '/a/b'],
    ['/a/*/c', '/a/b/c'],
    ['/v*/x', '/v1/x'],
    ['/v*/x', '/v/x'],
    ['/*.json', '/a.json'],
    ['/a*b*c', '/axbxc'],
    ['/repos/acme/**', '/repos/acme'],
    ['/repos/acme/**', '/repos/acme/'],
    ['/repos/acme/**', '/repos/acme/x/y/z'],
    ['/**', '/'],
    ['/**', '/a/b'],
    ['/**/end', '/end'],
    ['/**/end', '/a/end/b/end'],
    ['/a/**/b/**/c', '/a/x/b/y/b/c'],
    ['/a/**/', '/a/'],
    ['/@scope%2Fname', '/@scope%2Fname'],
    ['/@scope%2f*', '/@scope%2Fname'],
    ['/pkg/**', '/pkg/@scope%2Fname'],
    ['/%61', '/a'],
    ['/a;x=1', '/a;x=1'],
  ])('%s matches %s', (pattern, path) => {
    expect(match(pattern, path)).toBe('match');
  });

  test.each([
    ['/', '/a'],
    ['/a', '/a/'],
    ['/a', '/A'],
    ['/a/*', '/a'],
    ['/a/*', '/a/'],
    ['/a/*', '/a/b/c'],
    ['/v*/x', '/w/x'],
    ['/aba*aba', '/aba'],
    ['/a*b*b', '/ab'],
    ['/repos/acme/**', '/repos/acmex'],
    ['/repos/acme/**', '/repos'],
    ['/repos/acme/**', '/repos%2Facme/x'],
    ['/a/*', '/a/b%2Fc'],
    ['/a/*F', '/a/%2F'],
    ['/a/b*c', '/a/b%2Fc'],
    ['/a/b', '/a%2Fb'],
    ['/a%2Fb', '/a/b'],
    ['/admin', '/admin;x=1'],
    ['/**/end', '/end/x'],
  ])('%s does not match %s', (pattern, path) => {
    expect(match(pattern, path)).toBe('miss');
  });

  test.each(['//admin', '/a//b', '/a/;x/b', '/%252e%252e/b', '/a/%2561'])(
    '%s is ambiguous under any pattern',
    (path) => {
      expect(match('/**', path)).toBe('ambiguous');
    },
  );

  test.each([
    ['', 0],
    ['a', 0],
    ['/a?b', 2],
    ['/a b', 2],
    ['/a/../b', 3],
    ['/a//b', 2],
    ['/a/%252e', 3],
    ['/a**', 1],
    ['/**a', 1],
    ['/***', 1],
    ['/a\\b', 2],
    ['/a%zz', 2],
  ])('%j is no pattern, from character %i', (text, at) => {
    expect(compilePathPattern(text)).toMatchObject({ ok: false, at });
  });

  test('bounds the pattern', () => {
    const longest = `/${'a'.repeat(PATTERN_CHARS_MAX - 1)}`;
    expect(compilePathPattern(longest).ok).toBe(true);
    expect(compilePathPattern(`${longest}a`).ok).toBe(false);
  });

  const segment = fc
    .array(fc.constantFrom('a', 'b', 'ab', '*', '%2F'), { maxLength: 4 })
    .map((pieces) => pieces.join('').replace(/\*{2,}/g, '*'));
  const patternText = fc
    .array(fc.oneof(fc.constant('**'), segment), { minLength: 1, maxLength: 5 })
    .map((segments) => `/${segments.join('/')}`);
  const pathText = fc
    .array(fc.array(fc.constantFrom('a', 'b', '%2F'), { maxLength: 4 }), {
      minLength: 1,
      maxLength: 6,
    })
    .map((segments) => `/${segments.map((pieces) => pieces.join('')).join('/')}`);

  test('match as their definition says', () => {
    let matches = 0;
    fc.assert(
      fc.property(patternText, pathText, (text, path) => {
        const compiled = compilePathPattern(text);
        if (!compiled.ok || path.includes('//')) return;
        const expected = naive(text.slice(1).split('/'), path.slice(1).split('/'));
        if (expected) matches += 1;
        expect(matchPath(compiled.pattern, path)).toBe(expected ? 'match' : 'miss');
      }),
      { seed: 8, numRuns: 20_000 },
    );
    expect(matches).toBeGreaterThan(500);
  });

  test('the canonical text means the same', () => {
    fc.assert(
      fc.property(patternText, (text) => {
        const compiled = compilePathPattern(text);
        if (!compiled.ok) return;
        expect(compilePathPattern(compiled.pattern.text)).toEqual(compiled);
      }),
      { seed: 9, numRuns: 1000 },
    );
  });

  test('a pattern without wildcards matches its own text only', () => {
    fc.assert(
      fc.property(pathText, pathText, (text, path) => {
        const compiled = compilePathPattern(text);
        if (!compiled.ok || canonicalPath(path).ok === false || path.includes('//')) return;
        expect(matchPath(compiled.pattern, path) === 'match').toBe(text === path);
      }),
      { seed: 10, numRuns: 1000 },
    );
  });

  test('do not blow up on hostile paths', () => {
    const started = performance.now();
    for (const pattern of [
      '/**/a'.repeat(200),
      `/${'*a'.repeat(500)}b`,
      '/**/*a*a*a*a*b'.repeat(70),
    ]) {
      for (const piece of ['/a', 'a', '/aaaaaaaa']) {
        match(
          pattern,
          `/${piece.repeat(Math.floor(TARGET_CHARS_MAX / piece.length) - 2).slice(1)}`,
        );
      }
    }
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

describe('patterns with variables', () => {
  test.each([
    ['/repos/{owner}/{repo}', '/repos/{owner}/{repo}'],
    ['/{a=x|%79}/**/**', '/{a=x|y}/**'],
    ['/f/{name}.json', '/f/{name}.json'],
  ])('%s reads back to itself', (text, canonical) => {
    expect(compile(text).text).toBe(canonical);
    expect(compile(canonical).text).toBe(canonical);
  });

  test.each([
    '/{',
    '/}',
    '/{}',
    '/{1a}',
    '/{a b}',
    '/{a}{b}',
    '/{a}*',
    '/{a}/{a}',
    '/{a=}',
    '/{a=x||y}',
    '/{a=*}',
    '/{a=x/y}',
    `/{${'a'.repeat(65)}}`,
  ])('%s is none', (text) => {
    expect(compilePathPattern(text)).toMatchObject({ ok: false });
  });

  test('pins limit a variable further, and only one that is there', () => {
    const pinned = (text: string, pins: Record<string, readonly string[]>) => {
      const compiled = compilePathPattern(text, pins);
      return compiled.ok ? matchPath(compiled.pattern, '/x/y') : compiled.reason;
    };
    expect(pinned('/{a}/{b}', { a: ['x'], b: ['y', 'z'] })).toBe('match');
    expect(pinned('/{a}/{b}', { b: ['z'] })).toBe('miss');
    expect(pinned('/{a=w|x}/{b}', { a: ['x'] })).toBe('match');
    expect(pinned('/{a=w}/{b}', { a: ['x'] })).toBe('miss');
    expect(pinned('/{a}/{b}', { a: [] })).toBe('miss');
    expect(pinned('/{a}/{b}', { c: ['x'] })).toContain('no variable c');
    expect(pinned('/x/y', { a: ['x'] })).toContain('no variable a');
  });

  test('a variable allows no more than a wildcard, and its values no more than it', () => {
    const part = fc.constantFrom('a', 'b', 'ab', '%2F', 'a%2Fb', '', ';x');
    fc.assert(
      fc.property(
        fc.array(part, { minLength: 1, maxLength: 3 }),
        fc.constantFrom('', 'a'),
        fc.constantFrom('', 'b'),
        fc.constantFrom('', '/**'),
        (segments, before, after, rest) => {
          const path = `/${segments.join('/')}`;
          const values = match(`/${before}{v=a|b|ab}${after}${rest}`, path);
          const variable = match(`/${before}{v}${after}${rest}`, path);
          const star = match(`/${before}*${after}${rest}`, path);
          if (values === 'match') expect(variable).toBe('match');
          if (variable === 'match') expect(star).toBe('match');
        },
      ),
      { seed: 10, numRuns: 2000 },
    );
  });
});

describe('places of variables', () => {
  function places(text: string, path: string): Record<string, string> {
    const compiled = compilePathPattern(text);
    if (!compiled.ok) throw new Error(compiled.reason);
    expect(matchPath(compiled.pattern, path)).toBe('match');
    const spans = variableSpans(compiled.pattern, path);
    return Object.fromEntries(
      [...spans].map(([name, { start, end }]) => [name, path.slice(start, end)]),
    );
  }

  test.each([
    ['/a/b', '/a/b', {}],
    ['/{a}', '/x', { a: 'x' }],
    ['/{a}/{b}.json', '/x/yy.json', { a: 'x', b: 'yy' }],
    ['/bot{t}/**', '/bot1:2', { t: '1:2' }],
    ['/bot{t}/**', '/bot1:2/a/b', { t: '1:2' }],
    ['/**/x-{a}/{b}', '/x-1/x-2/x-3/z', { a: '3', b: 'z' }],
    ['/{a}/**/{b}', '/x/m/n/y', { a: 'x', b: 'y' }],
    ['/{a}/**/{c}/**/{b}', '/x/m/n/y', { a: 'x', b: 'y' }],
    ['/*/{a}/*', '/x/y/z', { a: 'y' }],
  ])('%s in %s', (text, path, expected) => {
    expect(places(text, path)).toEqual(expected);
  });
});
