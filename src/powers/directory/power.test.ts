import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { optional, someOf, testNarrowingLaws } from '../../../test/support/narrowing-laws.ts';
import type { UseContext } from '../../ocap/live.ts';
import { isFound } from './found.ts';
import { PATH_CHARS_MAX } from './limits.ts';
import { openDirectory } from './live.ts';
import { matchPath, reaches } from './path.ts';
import { type DirectoryCall, type DirectoryRule, directoryPower } from './power.ts';

const config = directoryPower.readConfig('host/tools:rw');
const callOf = (method: string, ...args: readonly unknown[]): DirectoryCall =>
  directoryPower.callOf(config, { facet: 'root', at: null, method, args });

const path = fc
  .array(fc.constantFrom('a', 'b', 'ab'), { minLength: 1, maxLength: 3 })
  .map((names) => names.join('/'));
const rule: fc.Arbitrary<DirectoryRule> = fc.record({
  access: optional(fc.constantFrom('ro', 'rw')),
  below: optional(fc.oneof(path, fc.constant(''))),
  names: optional(someOf('a', 'a/*', 'a/**', '*', '**', 'a*/b', 'b/*b/**')),
});
const call: fc.Arbitrary<DirectoryCall> = fc
  .tuple(fc.constantFrom('list', 'lookup', 'makeDirectory', 'move', 'copy', 'remove'), path, path)
  .map(([method, from, to]) =>
    method === 'move' || method === 'copy' ? callOf(method, from, to) : callOf(method, from),
  );

describe('the kind directory', () => {
  testNarrowingLaws(directoryPower, { config, rule, call });

  it.each(['host', 'host/tools', 'host:rw', 'gu-1/a/b:rw'])('reads the power %s', (text) => {
    const read = directoryPower.readConfig(text);
    expect(directoryPower.config.parse(read)).toEqual(read);
    expect(directoryPower.describeConfig(read)).toBe(`directory:${text}`);
  });

  it.each(['', '/tools', 'host/', 'host/..', 'host/a//b', 'host/-a', 'host:wo', 'Host', 'host a'])(
    'refuses the power %s',
    (text) => {
      expect(() => directoryPower.readConfig(text)).toThrow(
        expect.objectContaining({ code: 'power-invalid' }),
      );
    },
  );

  it.each([
    ['lookup', ['a'], 'ro', true],
    ['remove', ['a'], 'ro', false],
    ['lookup', ['a/b'], 'below=a', true],
    ['lookup', ['a'], 'below=a', false],
    ['lookup', ['ab'], 'below=a', false],
    ['list', ['a'], 'below=a', true],
    ['list', [''], 'below=a', true],
    ['list', ['b'], 'below=a', false],
    ['move', ['a/b', 'a/c'], 'below=a', true],
    ['move', ['a/b', 'c'], 'below=a', false],
    ['move', ['c', 'a/b'], 'below=a', false],
    ['remove', ['a'], 'below=a', false],
    ['lookup', ['a'], 'name=a', true],
    ['lookup', ['a/b'], 'name=a', false],
    ['lookup', ['a/b'], 'name=a/**', true],
    ['remove', ['a'], 'name=a', false],
    ['remove', ['a/b'], 'name=a/**', true],
    ['list', ['a'], 'name=a/*', true],
    ['list', ['a/b'], 'name=a/*', false],
    ['list', ['a/b/c'], 'name=a/**', true],
  ])('%s %j under --only %s: %s', (method, args, only, allowed) => {
    const narrowing = directoryPower.readNarrowing([only], config);
    expect(directoryPower.permits(narrowing, callOf(method, ...args)).allow).toBe(allowed);
  });

  it.each(['name=../a', 'name=a/**/b', 'name=**a', 'name=', 'below=a/', 'below=..', 'x'])(
    'cannot read --only %s',
    (only) => {
      expect(() => directoryPower.readNarrowing([only], config)).toThrow(
        expect.objectContaining({ code: 'narrowing-invalid' }),
      );
    },
  );

  it.each([
    ['lookup', ['']],
    ['lookup', ['..']],
    ['lookup', ['a/../b']],
    ['lookup', ['a/']],
    ['lookup', ['a'.repeat(PATH_CHARS_MAX + 1)]],
    ['move', ['a']],
    ['remove', ['a', { force: true }]],
    ['write', ['a']],
    ['list', []],
  ])('refuses the call %s %j', (method, args) => {
    expect(() => callOf(method, ...args)).toThrow(
      expect.objectContaining({ code: 'call-invalid' }),
    );
  });

  it('changes nothing through a power that is ro', () => {
    const of = directoryPower.readConfig('host');
    const change = () =>
      directoryPower.callOf(of, { facet: 'root', at: null, method: 'remove', args: ['a'] });
    expect(change).toThrow(expect.objectContaining({ code: 'narrowing-refused' }));
    expect(directoryPower.effect(callOf('remove', 'a'))).toBe('write');
    expect(directoryPower.effect(callOf('lookup', 'a'))).toBe('read');
  });
});

describe('patterns of names', () => {
  it('reach a directory that holds what they stand for', () => {
    const patterns = fc.constantFrom('a', 'a/*', 'a/**', '*/b', '**', 'a*/b/**');
    fc.assert(
      fc.property(patterns, path, (pattern, whole) => {
        if (!matchPath(pattern, whole)) return;
        const parts = whole.split('/');
        for (let depth = 0; depth < parts.length; depth += 1) {
          expect(reaches(pattern, parts.slice(0, depth).join('/'))).toBe(true);
        }
      }),
    );
    expect(reaches('a/*', 'b')).toBe(false);
    expect(reaches('a', 'a')).toBe(false);
  });
});

describe('openDirectory()', () => {
  const done: unknown[] = [];
  const entries: Record<string, readonly { name: string; type: 'grant' | 'directory' }[]> = {
    tools: [
      { name: 'github', type: 'grant' },
      { name: 'git', type: 'directory' },
      { name: 'mail', type: 'grant' },
    ],
  };
  const note =
    (method: string) =>
    (...args: readonly unknown[]): void => {
      done.push([method, ...args]);
    };
  const power = openDirectory(config, {
    names: {
      list: (_, at) => entries[at] ?? [],
      lookup: (holder, at) => `grant of ${holder} at ${at}`,
      makeDirectory: note('makeDirectory'),
      move: note('move'),
      copy: note('copy'),
      remove: note('remove'),
    },
    kindOf: () => 'http',
  });
  const use = (method: string, args: readonly unknown[], ...only: readonly string[]) => {
    const narrowings = only.map((text) => directoryPower.readNarrowing([text], config));
    const { signal } = new AbortController();
    return power.call(method, args, { narrowings, signal, spend() {} } satisfies UseContext);
  };

  it('gives a grant that the kernel makes a reference of', () => {
    const given = use('lookup', ['github']);
    expect(isFound(given)).toBe(true);
    expect(given).toEqual({ grant: 'grant of host at tools/github', kind: 'http' });
  });

  it('shows the names that may be used, and the directories that lead to some', () => {
    expect(use('list', [''])).toEqual(entries.tools);
    const names = (...only: readonly string[]) =>
      (use('list', [''], ...only) as { name: string }[]).map(({ name }) => name);
    expect(names('name=github')).toEqual(['github']);
    expect(names('name=git/*')).toEqual(['git']);
    expect(names('below=git')).toEqual(['git']);
    expect(names('name=git*,git/**', 'name=github')).toEqual(['github']);
  });

  it('changes names below its own root only', () => {
    use('makeDirectory', ['new']);
    use('move', ['a', 'new/a']);
    use('copy', ['new/a', 'b']);
    use('remove', ['new', { recursive: true }]);
    expect(done).toEqual([
      ['makeDirectory', 'host', 'tools/new'],
      ['move', 'host', 'tools/a', 'tools/new/a'],
      ['copy', 'host', 'tools/new/a', 'tools/b'],
      ['remove', 'host', 'tools/new', true],
    ]);
  });
});
