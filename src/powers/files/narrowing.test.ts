import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HeldGrant } from '../../ocap/grant.ts';
import { judgeGrant } from '../../ocap/judge.ts';
import { type FilesCall, filesCall, TOP } from './call.ts';
import type { FilesConfig } from './config.ts';
import { filesPower } from './kind.ts';
import { GLOB_CHARS_MAX, GLOBS_MAX } from './limits.ts';
import { type FilesNarrowing, filesNarrowing, mayUse, mayUseTree, permits } from './narrowing.ts';
import { describeNarrowing, readNarrowing } from './narrowing-text.ts';
import { childPath } from './path.ts';

const call = (method: string, ...args: unknown[]): FilesCall => filesCall(TOP, method, args);
const allows = (narrowing: FilesNarrowing, tried: FilesCall): boolean =>
  permits(narrowing, tried).allow;
const only = (...texts: string[]): FilesNarrowing => readNarrowing(texts);

const GRANT: HeldGrant<FilesConfig, FilesNarrowing> = {
  id: 'g',
  kind: 'files',
  config: { root: '/srv/data', access: 'rw', quotaBytes: null },
  narrowings: [],
  chain: ['g'],
  text: 'files:/srv/data',
  notBefore: null,
  expires: null,
  asks: false,
};

const segment = fc.constantFrom('a', 'b', '*', 'a*', '**');
const globText = fc
  .array(segment, { maxLength: 3 })
  .map((parts) => `/${parts.join('/')}`.replaceAll('**/**', '**').replaceAll('**/**', '**'));
const globs = fc.option(fc.uniqueArray(globText, { maxLength: 3 }), { nil: null });
const narrowings: fc.Arbitrary<FilesNarrowing> = fc.record({
  read: globs,
  write: globs,
  maxBytes: fc.option(fc.nat({ max: 20 }), { nil: null }),
});
const path = fc
  .array(fc.constantFrom('a', 'b', 'ab'), { maxLength: 3 })
  .map((parts) => `/${parts.join('/')}`);
const calls: fc.Arbitrary<FilesCall> = fc.oneof(
  fc
    .tuple(fc.constantFrom('readText', 'list', 'stat', 'watch', 'subdirectory'), path)
    .map(([method, at]) => call(method, at)),
  fc.tuple(path, fc.nat({ max: 30 })).map(([at, length]) => call('read', at, { length })),
  fc.tuple(path, fc.nat({ max: 30 })).map(([at, n]) => call('write', at, 'x'.repeat(n))),
  fc
    .tuple(fc.constantFrom('remove', 'makeDirectory'), path)
    .map(([method, at]) => call(method, at)),
  fc.tuple(path, path).map(([from, to]) => call('rename', from, to)),
  fc.constant(call('readOnly')),
);

describe('permits()', () => {
  it.each([
    ['read /src/**', call('read', '/src/a'), true],
    ['read /src/**', call('read', '/other'), false],
    ['read /src/**', call('write', '/src/a', ''), false],
    ['read /src/**', call('list', '/'), true],
    ['read /src/**', call('list', '/other'), false],
    ['read /src/*.ts', call('list', '/src'), true],
    ['read /src/*.ts', call('read', '/src/a/b.ts'), false],
    ['write /out/*.txt', call('write', '/out/a.txt', 'x'), true],
    ['write /out/*.txt', call('write', '/out/a.md', 'x'), false],
    ['write /out/*.txt', call('read', '/out/a.txt'), false],
    ['write /out/*.txt', call('list', '/out'), false],
    ['write /out/*.txt', call('subdirectory', '/out'), true],
    ['write /out/*.txt', call('subdirectory', '/in'), false],
    ['write /out/**', call('rename', '/out/a', '/out/b'), false],
    ['below /out', call('rename', '/out/a', '/out/b'), true],
    ['below /out', call('rename', '/in', '/out/b'), false],
    ['below /out', call('rename', '/out/b', '/in'), false],
    ['ro', call('read', '/a'), true],
    ['ro', call('remove', '/a'), false],
    ['ro below /docs', call('read', '/docs/a'), true],
    ['ro below /docs', call('read', '/a'), false],
    ['ro below /docs', call('write', '/docs/a', ''), false],
    ['nothing', call('stat', '/'), false],
    ['nothing', call('readOnly'), false],
    ['max=3', call('write', '/a', 'four'), false],
    ['max=3', call('write', '/a', 'for'), true],
    ['max=3', call('read', '/a', { length: 4 }), false],
    ['max=3', call('read', '/a'), true],
  ])('of %s, in case %#', (text, tried, expected) => {
    expect(permits(only(text), tried)).toMatchObject(
      expected ? { allow: true } : { allow: false, code: 'narrowing-refused' },
    );
  });

  it('says what is allowed instead', () => {
    expect(permits(only('read /src/**'), call('read', '/etc/x'))).toMatchObject({
      reason: 'read /etc/x is not allowed: only /src/** may be read.',
    });
    expect(permits(only('ro'), call('write', '/a', 'x'))).toMatchObject({
      reason: 'write /a is not allowed: nothing may be written.',
    });
    const many = only(...Array.from({ length: 12 }, (_, index) => `read /${index}`));
    expect(permits(many, call('read', '/x'))).toMatchObject({
      reason: expect.stringMatching(/: only \/0, .*, \/7 and others may be read\.$/),
    });
  });

  it('allows everything with nulls, and nothing with empty lists', () => {
    fc.assert(
      fc.property(calls, (tried) => {
        expect(allows({ read: null, write: null, maxBytes: null }, tried)).toBe(true);
        expect(allows({ read: [], write: [], maxBytes: null }, tried)).toBe(false);
      }),
    );
  });

  it('allows nothing for a pattern that does not compile', () => {
    const broken: FilesNarrowing = { read: ['/../x', 'y'], write: ['/a**'], maxBytes: null };
    expect(filesNarrowing.safeParse(broken).success).toBe(false);
    fc.assert(
      fc.property(calls, (tried) => {
        expect(allows(broken, tried)).toBe(false);
      }),
    );
  });

  it('only narrows: with fewer patterns or fewer bytes nothing more is allowed', () => {
    let refused = 0;
    fc.assert(
      fc.property(narrowings, fc.nat(), fc.nat(), fc.nat(), calls, (wide, r, w, m, tried) => {
        const fewer = (list: readonly string[] | null, seed: number): readonly string[] =>
          (list ?? ['/a/**', '/*']).filter((_, index) => (seed >> index) % 2 === 0);
        const narrow: FilesNarrowing = {
          read: fewer(wide.read, r),
          write: fewer(wide.write, w),
          maxBytes: Math.min(wide.maxBytes ?? Number.MAX_SAFE_INTEGER, m % 20),
        };
        if (allows(narrow, tried)) expect(allows(wide, tried)).toBe(true);
        else refused += 1;
      }),
      { seed: 5, numRuns: 5000 },
    );
    expect(refused).toBeGreaterThan(100);
  });

  it('only narrows: what a child permits, each of its ancestors permits', () => {
    const judged = (chain: readonly FilesNarrowing[], tried: FilesCall): boolean =>
      judgeGrant(filesPower, { ...GRANT, narrowings: chain }, tried, 0).allow;
    const seen = { allowed: 0, refused: 0 };
    fc.assert(
      fc.property(fc.array(narrowings, { minLength: 1, maxLength: 4 }), calls, (chain, tried) => {
        const child = judged(chain, tried);
        seen[child ? 'allowed' : 'refused'] += 1;
        for (let depth = 0; child && depth < chain.length; depth += 1) {
          expect(judged(chain.slice(0, depth), tried)).toBe(true);
        }
      }),
      { seed: 7, numRuns: 2000 },
    );
    expect(seen.allowed).toBeGreaterThan(20);
    expect(seen.refused).toBeGreaterThan(20);
  });

  it('allows with two texts what one of them allows; a move may need both', () => {
    const text = fc
      .tuple(fc.constantFrom('read ', 'write ', 'below '), globText)
      .map(([word, at]) => `${word}${word === 'below ' ? at.replaceAll('*', 'b') : at}`);
    let allowed = 0;
    fc.assert(
      fc.property(text, text, calls, (one, other, tried) => {
        const either = allows(only(one), tried) || allows(only(other), tried);
        const both = allows(only(one, other), tried);
        if (either) allowed += 1;
        if (either) expect(both).toBe(true);
        if (tried.method !== 'rename') expect(both).toBe(either);
      }),
      { seed: 6, numRuns: 5000 },
    );
    expect(allowed).toBeGreaterThan(300);
  });

  it('shows a directory exactly when it may show it or something in it', () => {
    fc.assert(
      fc.property(narrowings, path, fc.constantFrom('a', 'b', 'ab'), (narrowing, at, name) => {
        if (mayUse(narrowing, 'list', childPath(at, name))) {
          expect(mayUse(narrowing, 'list', at)).toBe(true);
        }
        if (mayUse(narrowing, 'read', at)) expect(mayUse(narrowing, 'list', at)).toBe(true);
        if (mayUse(narrowing, 'list', at)) expect(mayUse(narrowing, 'enter', at)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  it('says of a tree what holds for all that is in it', () => {
    fc.assert(
      fc.property(
        narrowings,
        path,
        path,
        fc.constantFrom('write', 'take'),
        (narrowing, at, below, access) => {
          if (!mayUseTree(narrowing, access as 'write', at)) return;
          const inner = below === '/' ? at : `${at === '/' ? '' : at}${below}`;
          expect(mayUse(narrowing, access as 'write', inner)).toBe(true);
        },
      ),
      { numRuns: 3000 },
    );
  });
});

describe('the texts of a narrowing', () => {
  it.each([
    [['read /src/**', 'write /out/*.txt'], { read: ['/src/**'], write: ['/out/*.txt'] }],
    [['ro'], { read: null, write: [] }],
    [['below /docs'], { read: ['/docs/**'], write: ['/docs/**'] }],
    [['below /docs/'], { read: ['/docs/**'], write: ['/docs/**'] }],
    [['below /'], { read: null, write: null }],
    [['ro below /docs', 'max=1K'], { read: ['/docs/**'], write: [], maxBytes: 1024 }],
    [['read /My Files/*'], { read: ['/My Files/*'], write: [] }],
    [['read /a', 'read /a'], { read: ['/a'], write: [] }],
    [['nothing'], { read: [], write: [] }],
    [['max=5M'], { read: null, write: null, maxBytes: 5 * 1024 ** 2 }],
    [[], { read: null, write: null }],
  ])('%j', (texts, expected) => {
    expect(readNarrowing(texts)).toEqual({ maxBytes: null, ...expected });
  });

  it.each([
    [[''], /a rule of files is/],
    [['read'], /a rule of files is/],
    [['read src'], /does not begin with \//],
    [['read /a/../b'], /dot segment/],
    [['ro /a'], /a rule of files is/],
    [['below /a*'], /no wildcards/],
    [['ro', 'below /a'], /`ro below PATH`/],
    [['max=1', 'max=2'], /twice/],
    [['max=many'], /not a number of bytes/],
    [['max=-1'], /not a number of bytes/],
    [['delete /a'], /a rule of files is/],
  ])('%j is refused', (texts, message) => {
    expect(() => readNarrowing(texts)).toThrow(message);
    expect(() => readNarrowing(texts)).toThrow(
      expect.objectContaining({ code: 'narrowing-invalid' }),
    );
  });

  it('are read back to the same', () => {
    fc.assert(
      fc.property(narrowings, (narrowing) => {
        const texts = describeNarrowing(narrowing);
        const again = readNarrowing(texts);
        expect(describeNarrowing(again)).toEqual(
          describeNarrowing(readNarrowing(describeNarrowing(again))),
        );
        fc.assert(
          fc.property(calls, (tried) => {
            expect(allows(again, tried)).toBe(allows(narrowing, tried));
          }),
          { numRuns: 20 },
        );
      }),
      { numRuns: 300 },
    );
  });

  it('are bounded, as is the data', () => {
    const texts = Array.from({ length: GLOBS_MAX }, (_, index) => `read /${index}`);
    expect(readNarrowing(texts).read).toHaveLength(GLOBS_MAX);
    expect(() => readNarrowing([...texts, 'read /x'])).toThrow(/more than 64 patterns/);
    const many = Array.from({ length: GLOBS_MAX + 1 }, (_, index) => `/${index}`);
    for (const read of [many, [`/${'x'.repeat(GLOB_CHARS_MAX)}`], ['x'], [1]]) {
      const data = { read, write: null, maxBytes: null };
      expect(filesPower.narrowing.safeParse(data).success).toBe(false);
    }
    expect(filesNarrowing.safeParse({ read: null, write: null }).success).toBe(false);
    expect(
      filesNarrowing.safeParse({ read: null, write: null, maxBytes: null, more: 1 }).success,
    ).toBe(false);
  });
});
