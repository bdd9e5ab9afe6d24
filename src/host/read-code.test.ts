import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CODE_BYTES_MAX, CODE_DEPTH_MAX, CODE_FILES_MAX } from './limits.ts';
import { readEntries } from './read-code.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'read-code-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

const fetchOf = (host: string): string => `fetch('https://${host}.example/');\n`;

/** Hosts by entry. */
async function hosts(path = '.'): Promise<Record<string, readonly string[]>> {
  const entries = await readEntries(path, folder);
  return Object.fromEntries(
    entries.map(({ name, needs }) => {
      const asked = needs.found.flatMap(({ need }) => (need.kind === 'http' ? [need.origin] : []));
      return [name, asked.map((origin) => origin?.replace(/^https:\/\/|\.example$/g, '') ?? '')];
    }),
  );
}

describe('readEntries', () => {
  test('joins each entry with what it imports, by every way to write it', async () => {
    write({
      'one.ts': `import './lib/a.ts'; import './lib/b.js'; import './lib'; ${fetchOf('one')}`,
      'two.mjs': `export { x } from './lib/a.ts'; await import('./three.cjs'); ${fetchOf('two')}`,
      'lib/a.ts': fetchOf('a'),
      'lib/b.ts': fetchOf('b'),
      'lib/index.js': fetchOf('index'),
      'three.cjs': `require('./lib/b.ts'); ${fetchOf('three')}`,
      'node_modules/x/index.js': fetchOf('evil'),
      '.hidden/x.js': fetchOf('evil'),
      'one.test.ts': fetchOf('evil'),
      'types.d.ts': 'export type A = 1;',
    });
    const found = await hosts();
    expect(Object.keys(found)).toEqual(['one', 'two']);
    expect(found.one?.toSorted()).toEqual(['a', 'b', 'index', 'one']);
    expect(found.two?.toSorted()).toEqual(['a', 'b', 'three', 'two']);
  });

  test('takes files that import each other in a circle, and names by the folder', async () => {
    write({
      'b.js': `import './c.js'; ${fetchOf('b')}`,
      'c.js': `import './b.js'; ${fetchOf('c')}`,
      'search tool/index.js': `#!/usr/bin/env node\n${fetchOf('index')}`,
      '_x.js': fetchOf('x'),
    });
    expect(await hosts()).toEqual({ c_x: ['x'], b: ['b', 'c'], 'search-tool': ['index'] });
  });

  test('waits for no file that is none, and reads none that is too large', async () => {
    execFileSync('mkfifo', [join(folder, 'pipe.js')]);
    write({ 'large.js': ' '.repeat(CODE_BYTES_MAX + 1) });
    const why = (path: string) => readEntries(path, folder).catch(String);
    expect(await why('pipe.js')).toContain('it is no ordinary file');
    expect(await why('large.js')).toContain('it is too large');
  });

  test('says what it does not read, and follows no link', async () => {
    write({ 'a.js': "import './gone.js';\n", 'view.tsx': '<a/>', 'note.md': 'x' });
    symlinkSync(folder, join(folder, 'round'));
    symlinkSync('/etc/passwd', join(folder, 'link.js'));
    const [entry] = await readEntries('.', folder);
    const told = entry?.needs.notes.map(({ text, at }) => `${at?.file}: ${text}`) ?? [];
    expect(told.map((line) => line.slice(0, 30))).toEqual([
      'a.js: imports ./gone.js, which',
      'link.js: may need more: a link',
      'view.tsx: may need more: a lin',
    ]);
  });

  test('is bounded in files and depth', async () => {
    write({ [`${'d/'.repeat(CODE_DEPTH_MAX)}a.js`]: '' });
    expect(Object.keys(await hosts())).toEqual(['a']);
    write({ [`${'d/'.repeat(CODE_DEPTH_MAX + 1)}a.js`]: '' });
    await expect(hosts()).rejects.toThrow('deeper than');
    write({ 'many/0.js': '' });
    for (let at = 1; at <= CODE_FILES_MAX; at++)
      writeFileSync(join(folder, 'many', `${at}.js`), '');
    await expect(hosts('many')).rejects.toThrow(`more than ${CODE_FILES_MAX} files`);
  });

  test.each([
    ['missing', 'it is missing'],
    ['empty', 'there is no JavaScript or TypeScript in it'],
  ])('refuses %s', async (path, words) => {
    mkdirSync(join(folder, 'empty'));
    await expect(readEntries(path, folder)).rejects.toThrow(words);
  });
});
