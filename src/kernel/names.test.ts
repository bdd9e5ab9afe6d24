import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fillStore, grantRow } from '../../test/support/kernel-rows.ts';
import { openMemoryStore } from '../../test/support/memory-store.ts';
import type { KernelStore } from '../store/kernel-store.ts';
import { NAME_CHARS_MAX, NAME_DEPTH_MAX, NAMES_HELD_MAX } from './limits.ts';
import { isName, nameLike, readDirectoryPath } from './name-path.ts';
import { makeNames, type Names } from './names.ts';

let store: KernelStore;
let names: Names;
beforeEach(() => {
  store = openMemoryStore();
  fillStore(store);
  names = makeNames(store);
});
afterEach(() => store.close());

const A = 'gu-a';

function code(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return 'none';
}

describe('a path', () => {
  it('is names with "/" between, and nothing else', () => {
    for (const good of ['a', 'A.b_c-9', 'a/b/c', '0', 'x'.repeat(NAME_CHARS_MAX)]) {
      expect(readDirectoryPath(good)).toEqual(good.split('/'));
    }
    const bad = ['/', '/a', 'a/', 'a//b', '.', '..', 'a/../b', '-a', '_a', '.a', 'a b', 'ä', 'a\0'];
    for (const path of [...bad, 'a\n', 'x'.repeat(NAME_CHARS_MAX + 1)]) {
      expect(code(() => names.list(A, path))).toBe('name-invalid');
      expect(code(() => names.write(A, path, 'gr-a'))).toBe('name-invalid');
    }
    expect(code(() => names.write(A, '', 'gr-a'))).toBe('name-invalid');
    expect(names.list(A, '')).toEqual([]);
  });

  it('is at most NAME_DEPTH_MAX names long', () => {
    const way = Array.from({ length: NAME_DEPTH_MAX }, (_, index) => `d${index}`);
    for (let depth = 1; depth < NAME_DEPTH_MAX; depth += 1) {
      names.makeDirectory(A, way.slice(0, depth).join('/'));
    }
    names.write(A, way.join('/'), 'gr-a');
    expect(names.lookup(A, way.join('/'))).toBe('gr-a');
    expect(names.pathsOf(A, 'gr-a')).toEqual([way.join('/')]);
    expect(code(() => names.write(A, [...way, 'x'].join('/'), 'gr-a'))).toBe('name-invalid');
    // Nor does it get longer by a move or a copy of what lies above.
    names.makeDirectory(A, 'top');
    expect(code(() => names.move(A, 'd0', 'top/d0'))).toBe('name-invalid');
    expect(code(() => names.copy(A, 'd0', 'top/d0'))).toBe('name-invalid');
    names.move(A, 'd0', 'e0');
    expect(names.lookup(A, ['e0', ...way.slice(1)].join('/'))).toBe('gr-a');
  });

  it('never reads a name that names could not have been written with', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (text) => {
        expect(isName(nameLike(text))).toBe(true);
        if (isName(text)) expect(text).not.toMatch(/[/\\\0]|^\.|^-/);
      }),
    );
  });
});

describe('names', () => {
  it('lead to grants, each holder having its own', () => {
    names.write(A, 'github', 'gr-a');
    names.write('gu-b', 'github', 'gr-b');
    expect(names.lookup(A, 'github')).toBe('gr-a');
    expect(names.lookup('gu-b', 'github')).toBe('gr-b');
    expect(code(() => names.lookup('host', 'github'))).toBe('name-unknown');
    expect(names.list(A, '')).toEqual([{ name: 'github', type: 'grant', id: 'gr-a' }]);
  });

  it('are not given twice, nor to what the holder does not hold', () => {
    names.write(A, 'x', 'gr-a');
    expect(code(() => names.write(A, 'x', 'gr-a'))).toBe('name-taken');
    expect(code(() => names.makeDirectory(A, 'x'))).toBe('name-taken');
    expect(code(() => names.write(A, 'y', 'gr-b'))).toBe('grant-unknown');
    expect(code(() => names.write(A, 'y', 'gr-none'))).toBe('grant-unknown');
    expect(names.list(A, '')).toHaveLength(1);
  });

  it('of a directory lead on, and are no grant', () => {
    names.makeDirectory(A, 'work');
    names.makeDirectory(A, 'work/inner');
    names.write(A, 'work/inner/x', 'gr-a');
    expect(names.list(A, 'work')).toMatchObject([{ name: 'inner', type: 'directory' }]);
    expect(code(() => names.lookup(A, 'work'))).toBe('name-unknown');
    expect(code(() => names.lookup(A, 'work/none'))).toBe('name-unknown');
    expect(code(() => names.list(A, 'work/inner/x'))).toBe('name-unknown');
    expect(code(() => names.write(A, 'none/x', 'gr-a'))).toBe('name-unknown');
    expect(code(() => names.makeDirectory(A, 'none/x'))).toBe('name-unknown');
  });

  it('move, with all that lies below', () => {
    names.makeDirectory(A, 'a');
    names.makeDirectory(A, 'b');
    names.write(A, 'a/x', 'gr-a');
    names.move(A, 'a', 'b/c');
    expect(names.pathsOf(A, 'gr-a')).toEqual(['b/c/x']);
    names.move(A, 'b/c/x', 'y');
    expect(names.lookup(A, 'y')).toBe('gr-a');
    expect(code(() => names.move(A, 'y', 'b'))).toBe('name-taken');
    expect(code(() => names.move(A, 'none', 'z'))).toBe('name-unknown');
    expect(code(() => names.move(A, 'y', 'none/z'))).toBe('name-unknown');
    expect(names.lookup(A, 'y')).toBe('gr-a');
  });

  it('do not move or copy a directory into itself', () => {
    names.makeDirectory(A, 'a');
    names.makeDirectory(A, 'a/b');
    for (const to of ['a/x', 'a/b/x']) {
      expect(code(() => names.move(A, 'a', to))).toBe('name-invalid');
      expect(code(() => names.copy(A, 'a', to))).toBe('name-invalid');
    }
    names.move(A, 'a/b', 'a/c');
    expect(names.list(A, 'a').map(({ name }) => name)).toEqual(['c']);
  });

  it('copy, and the copy is its own', () => {
    names.makeDirectory(A, 'a');
    names.makeDirectory(A, 'a/b');
    names.write(A, 'a/b/x', 'gr-a');
    names.copy(A, 'a', 'copy');
    names.remove(A, 'a', true);
    expect(names.lookup(A, 'copy/b/x')).toBe('gr-a');
    names.copy(A, 'copy/b/x', 'y');
    expect(names.pathsOf(A, 'gr-a').toSorted()).toEqual(['copy/b/x', 'y']);
  });

  it('of a directory go only when it is empty, unless all of it is to go', () => {
    names.makeDirectory(A, 'a');
    names.makeDirectory(A, 'a/b');
    names.write(A, 'a/b/x', 'gr-a');
    expect(code(() => names.remove(A, 'a'))).toBe('name-invalid');
    names.remove(A, 'a', true);
    expect(names.list(A, '')).toEqual([]);
    expect(store.names.count(A)).toBe(0);
    expect(code(() => names.remove(A, 'a'))).toBe('name-unknown');
  });

  it('change within the transaction that runs, and with it', () => {
    const work = (): void =>
      store.transaction(() => {
        names.write(A, 'x', 'gr-a');
        throw new Error('stop');
      });
    expect(work).toThrow('stop');
    expect(names.list(A, '')).toEqual([]);
  });

  it('are at most NAMES_HELD_MAX of one holder', () => {
    store.transaction(() => {
      for (let index = 1; index < NAMES_HELD_MAX; index += 1) {
        const target = { type: 'grant', id: 'gr-a' } as const;
        store.names.put({ holder: A, directory: A, name: `n${index}`, target });
      }
    });
    names.makeDirectory(A, 'last');
    for (const work of [
      () => names.write(A, 'more', 'gr-a'),
      () => names.makeDirectory(A, 'more'),
      () => names.copy(A, 'n1', 'more'),
    ]) {
      expect(code(work)).toBe('limit-exceeded');
    }
    names.move(A, 'n1', 'last/n1');
    names.write('gu-b', 'x', 'gr-b');
  });
});

describe('freeName()', () => {
  it('is the wanted one while that is free, then one like it', () => {
    expect(names.freeName(A, 'github')).toBe('github');
    for (let index = 0; index < 20; index += 1) {
      const free = names.freeName(A, 'github');
      expect(free).toMatch(index === 0 ? /^github$/ : /^github-\d+$/);
      names.write(A, free, 'gr-a');
    }
    names.makeDirectory(A, 'work');
    expect(names.freeName(A, 'work/github')).toBe('work/github');
    expect(names.freeName(A, 'work')).toBe('work-2');
  });

  it('is a name, whatever is wanted', () => {
    expect(names.freeName(A, 'https://api.example.com/**')).toBe('api.example.com');
    expect(names.freeName(A, '../../etc')).toBe('etc');
    expect(names.freeName(A, 'none/x')).toBe('none-x');
    expect(names.freeName(A, '')).toBe('power');
    const long = 'x'.repeat(NAME_CHARS_MAX);
    names.write(A, names.freeName(A, long), 'gr-a');
    names.write(A, names.freeName(A, long), 'gr-a');
    expect(names.list(A, '').map(({ name }) => name.length)).toEqual([64, 64]);
  });
});

describe('any run of changes', () => {
  it('leaves every name on one way from the root, and pathsOf agrees with lookup', () => {
    const step = fc.record({
      verb: fc.constantFrom('write', 'makeDirectory', 'move', 'copy', 'remove'),
      from: path(),
      to: path(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const own = openMemoryStore();
        fillStore(own);
        own.grants.insert(grantRow('gr-c', { to: A, parent: 'gr-root' }));
        const tried = makeNames(own);
        for (const { verb, from, to } of steps) {
          code(() => {
            if (verb === 'write') tried.write(A, from, 'gr-c');
            else if (verb === 'remove') tried.remove(A, from, true);
            else if (verb === 'makeDirectory') tried.makeDirectory(A, from);
            else tried[verb as 'move' | 'copy'](A, from, to);
          });
        }
        const reached = walk(tried, '');
        expect(reached.length).toBe(own.names.count(A));
        const grants = reached.filter(({ isGrant }) => isGrant).map((each) => each.path);
        expect(tried.pathsOf(A, 'gr-c').toSorted()).toEqual(grants.toSorted());
      }),
    );
  });
});

function path(): fc.Arbitrary<string> {
  const part = fc.constantFrom('a', 'b', 'c');
  return fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
}

function walk(tried: Names, at: string): { readonly path: string; readonly isGrant: boolean }[] {
  return tried.list(A, at).flatMap(({ name, type }) => {
    const here = at === '' ? name : `${at}/${name}`;
    const below = type === 'directory' ? walk(tried, here) : [];
    return [{ path: here, isGrant: type === 'grant' }, ...below];
  });
}
