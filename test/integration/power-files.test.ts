import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  CALLS_AT_ONCE_MAX,
  CHUNK_BYTES,
  LEFTOVER_MS_MIN,
  LIST_ENTRIES_MAX,
  READ_BYTES_MAX,
} from '../../src/powers/files/limits.ts';
import { WRITING_PREFIX } from '../../src/powers/files/path.ts';
import {
  type FilesRig,
  filesRig,
  liveOf,
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

describe('reading', () => {
  it('gives a file, or a part of it, and spends its bytes', async () => {
    make().write('a/b.txt', 'hello world');
    expect(await rig.use('read', 'a/b.txt')).toEqual(bytes('hello world'));
    expect(await rig.use('read', '/a/b.txt', { offset: 6, length: 3 })).toEqual(bytes('wor'));
    expect(await rig.use('read', 'a/b.txt', { offset: 9, length: 100 })).toEqual(bytes('ld'));
    expect(await rig.use('read', 'a/b.txt', { offset: 100 })).toEqual(bytes(''));
    expect(await rig.text('a/b.txt')).toBe('hello world');
    expect(sum(rig.spent)).toBe(11 + 3 + 2 + 11);
  });

  it('keeps every character of a text, and refuses what is none', async () => {
    make();
    writeFileSync(inTree('mark'), '\ufeffx\r\n');
    writeFileSync(inTree('latin'), Buffer.from([0x61, 0xe9]));
    expect(await rig.text('mark')).toBe('\ufeffx\r\n');
    expect(await refusalOf(rig.text('latin'))).toMatch(/^file-refused: .*not UTF-8/);
  });

  it('reads long files in parts, as many bytes as one call may', async () => {
    make().write('long', '');
    truncateSync(inTree('long'), READ_BYTES_MAX);
    expect(await rig.use('read', 'long')).toHaveLength(READ_BYTES_MAX);
    truncateSync(inTree('long'), READ_BYTES_MAX + 1);
    expect(await refusalOf(rig.use('read', 'long'))).toMatch(
      /^limit-exceeded: .*offset and length/,
    );
    expect(await rig.use('read', 'long', { offset: 1 })).toHaveLength(READ_BYTES_MAX);
  });

  it('stops when the budget or the grant ends', async () => {
    make({ budget: 2.5 * CHUNK_BYTES }).write('long', '');
    truncateSync(inTree('long'), 8 * CHUNK_BYTES);
    expect(await refusalOf(rig.use('read', 'long'))).toMatch(/^budget-spent/);
    expect(sum(rig.spent)).toBe(2 * CHUNK_BYTES);
    rig.close();
    make().write('long', '');
    truncateSync(inTree('long'), 8 * CHUNK_BYTES);
    const reading = rig.use('read', 'long');
    rig.grant.abort();
    expect(await refusalOf(reading)).toMatch(/^grant-revoked/);
    expect(sum(rig.spent)).toBe(CHUNK_BYTES);
  });

  it('says what is not there, without a path of the host', async () => {
    make().write('file');
    const told = await Promise.all(
      [
        rig.text('none'),
        rig.text('no/thing'),
        rig.text('file/below'),
        rig.text('/'),
        rig.use('stat', 'none'),
        rig.use('list', 'file'),
        rig.use('subdirectory', 'none'),
      ].map(refusalOf),
    );
    expect(told).toEqual([
      'file-unknown: Cannot readText /none: there is no such file or directory.',
      'file-unknown: Cannot readText /no/thing: there is no such file or directory.',
      'file-refused: Cannot readText /file/below: /file is no directory.',
      'file-refused: Cannot readText /: it is a directory.',
      'file-unknown: Cannot stat /none: there is none.',
      'file-refused: Cannot list /file: /file is no directory.',
      'file-unknown: Cannot subdirectory /none: there is no such file or directory.',
    ]);
  });

  it('tells of files and directories', async () => {
    make().write('a/b', 'xyz');
    utimesSync(inTree('a/b'), 1_000, 2_000);
    expect(await rig.use('stat', 'a/b')).toEqual({ type: 'file', size: 3, modified: 2_000_000 });
    expect(await rig.use('stat', 'a')).toMatchObject({ type: 'directory', size: 0 });
    expect(await rig.use('stat', '/')).toMatchObject({ type: 'directory' });
  });

  it('goes on in a directory that was made anew', async () => {
    make().write('a', '1');
    expect(await rig.text('a')).toBe('1');
    rmSync(rig.tree, { recursive: true });
    expect(await refusalOf(rig.text('a'))).toMatch(/^power-invalid: .*no such directory/);
    mkdirSync(rig.tree);
    rig.write('a', '2');
    expect(await rig.text('a')).toBe('2');
  });
});

describe('listing', () => {
  it('gives names and types in order', async () => {
    make().write('b');
    rig.write('a/x');
    symlinkSync('b', inTree('link'));
    writeFileSync(Buffer.concat([bytes(`${rig.tree}/bad`), Buffer.from([0xff])]), '');
    writeFileSync(inTree('back\\slash'), '');
    expect(await rig.use('list', '/')).toEqual([
      { name: 'a', type: 'directory' },
      { name: 'b', type: 'file' },
      { name: 'back\\slash', type: 'unreadable' },
      { name: 'bad\ufffd', type: 'unreadable' },
      { name: 'link', type: 'link' },
    ]);
  });

  it('shows only what may be read, and the way to it', async () => {
    make({ only: ['read /src/**/*.ts', 'read /docs', 'write /out/**'] });
    for (const path of ['src/a.ts', 'src/a.js', 'src/deep/b.ts', 'docs/x', 'out/y', 'src.ts', 'z'])
      rig.write(path);
    expect(await rig.use('list', '')).toEqual([
      { name: 'docs', type: 'directory' },
      { name: 'src', type: 'directory' },
    ]);
    expect(await rig.use('list', 'src')).toEqual([
      { name: 'a.ts', type: 'file' },
      { name: 'deep', type: 'directory' },
    ]);
    expect(await rig.use('list', 'docs')).toEqual([]);
    expect(await refusalOf(rig.use('list', 'out'))).toMatch(/^narrowing-refused/);
  });

  it('does not tell a hidden file from none', async () => {
    make({ only: ['read /src/*/*.ts'] }).write('src/file');
    expect(await refusalOf(rig.use('stat', 'src/file'))).toMatch(/^file-unknown: .*there is none/);
    expect(await refusalOf(rig.use('stat', 'src/none'))).toMatch(/^file-unknown: .*there is none/);
  });

  it('is bounded', async () => {
    make();
    for (let index = 0; index < LIST_ENTRIES_MAX; index++) writeFileSync(inTree(`${index}`), '');
    expect(await rig.use('list', '/')).toHaveLength(LIST_ENTRIES_MAX);
    rig.write('more');
    expect(await refusalOf(rig.use('list', '/'))).toMatch(/^limit-exceeded: .*more than 10000/);
  });
});

describe('writing', () => {
  it('makes, replaces and extends files, and spends their bytes', async () => {
    make();
    await rig.use('makeDirectory', 'd');
    await rig.use('write', 'd/a', 'one');
    await rig.use('write', 'd/a', bytes('two'));
    await rig.use('write', 'd/a', ' three', { append: true });
    await rig.use('write', 'd/new', 'x', { append: true });
    expect(readFileSync(inTree('d/a'), 'utf8')).toBe('two three');
    expect(readdirSync(inTree('d')).sort()).toEqual(['a', 'new']);
    expect(sum(rig.spent)).toBe(3 + 3 + 6 + 1);
  });

  it('makes no file, or only a new one, when that is said', async () => {
    make().write('old', '1');
    expect(await refusalOf(rig.use('write', 'new', 'x', { create: false }))).toMatch(
      /^file-unknown/,
    );
    for (const append of [false, true]) {
      const options = { append, exclusive: true };
      expect(await refusalOf(rig.use('write', 'old', 'x', options))).toMatch(/there already/);
      await rig.use('write', `new${append}`, 'x', options);
    }
    await rig.use('write', 'old', '2', { create: false });
    expect(readFileSync(inTree('old'), 'utf8')).toBe('2');
    expect(readdirSync(rig.tree).sort()).toEqual(['newfalse', 'newtrue', 'old']);
  });

  it('keeps the mode of a file and none that gives others more', async () => {
    make().write('run', '1');
    chmodSync(inTree('run'), 0o4750);
    await rig.use('write', 'run', '2');
    expect(statSync(inTree('run')).mode & 0o7777).toBe(0o750);
  });

  it('changes no file under another name of it', async () => {
    make().write('own', 'text');
    writeFileSync(join(rig.folder, 'outside'), 'text');
    linkSync(join(rig.folder, 'outside'), inTree('linked'));
    expect(await refusalOf(rig.use('write', 'linked', 'x', { append: true }))).toMatch(
      /hard links/,
    );
    await rig.use('write', 'linked', 'new');
    expect(readFileSync(join(rig.folder, 'outside'), 'utf8')).toBe('text');
    expect(readFileSync(inTree('linked'), 'utf8')).toBe('new');
  });

  it('is whole or not at all when the grant ends in the middle', async () => {
    make().write('a', 'old');
    const writing = rig.use('write', 'a', new Uint8Array(8 * CHUNK_BYTES));
    rig.grant.abort();
    expect(await refusalOf(writing)).toMatch(/^grant-revoked/);
    expect(readFileSync(inTree('a'), 'utf8')).toBe('old');
    expect(readdirSync(rig.tree)).toEqual(['a']);
  });

  it('hides and removes what a process that died left half-written', async () => {
    make().write('a');
    const names = ['old', 'new'].map((name) => `${WRITING_PREFIX}${name}`);
    for (const name of names) rig.write(name, 'half');
    const past = (Date.now() - LEFTOVER_MS_MIN - 1000) / 1000;
    utimesSync(inTree(`${WRITING_PREFIX}old`), past, past);
    expect(await rig.use('list', '/')).toEqual([{ name: 'a', type: 'file' }]);
    expect(readdirSync(rig.tree)).toEqual([`${WRITING_PREFIX}new`, 'a']);
  });

  it('removes files, links themselves and empty directories', async () => {
    make().write('file');
    rig.write('full/x', 'kept');
    mkdirSync(inTree('empty'));
    symlinkSync('full/x', inTree('link'));
    for (const path of ['file', 'empty', 'link']) await rig.use('remove', path);
    expect(await refusalOf(rig.use('remove', 'full'))).toMatch(/^file-refused: .*not empty/);
    expect(await refusalOf(rig.use('remove', 'none'))).toMatch(/^file-unknown/);
    expect(await refusalOf(rig.use('remove', '/'))).toMatch(/^file-refused/);
    expect(readFileSync(inTree('full/x'), 'utf8')).toBe('kept');
    expect(readdirSync(rig.tree)).toEqual(['full']);
  });

  it('moves files and directories', async () => {
    make().write('d/a', '1');
    rig.write('b', '2');
    await rig.use('rename', 'd/a', 'b');
    await rig.use('rename', 'd', 'e');
    expect(readFileSync(inTree('b'), 'utf8')).toBe('1');
    expect(readdirSync(rig.tree).sort()).toEqual(['b', 'e']);
    expect(await refusalOf(rig.use('rename', 'e', 'e/f'))).toMatch(/^file-refused/);
    expect(await refusalOf(rig.use('rename', 'none', 'f'))).toMatch(/^file-unknown/);
  });

  it('moves no directory that the grant covers in part', async () => {
    make({ only: ['read /a/*', 'write /a/*'] }).write('a/d/secret', 'x');
    rig.write('a/file');
    expect(await refusalOf(rig.use('rename', 'a/d', 'a/e'))).toMatch(
      /^file-refused: .*only a part/,
    );
    await rig.use('rename', 'a/file', 'a/moved');
    expect(existsSync(inTree('a/d/secret'))).toBe(true);
    rig.close();
    make({ only: ['below /a'] }).write('a/d/x');
    await rig.use('rename', 'a/d', 'a/e');
    expect(existsSync(inTree('a/e/x'))).toBe(true);
  });

  it('cannot be done through a power for reading only', async () => {
    make({ config: { access: 'ro' } }).write('a', 'x');
    const changes: [string, ...unknown[]][] = [
      ['write', 'a', 'y'],
      ['write', 'b', 'y', { append: true }],
      ['makeDirectory', 'd'],
      ['rename', 'a', 'b'],
      ['remove', 'a'],
    ];
    for (const [method, ...args] of changes) {
      expect(await refusalOf(rig.use(method, ...args))).toMatch(/^narrowing-refused/);
    }
    expect(readdirSync(rig.tree)).toEqual(['a']);
    expect(await rig.text('a')).toBe('x');
  });
});

describe('a directory below', () => {
  it('has the same methods, on its own paths', async () => {
    make().write('a/b/c', 'x');
    const a = liveOf(await rig.use('subdirectory', 'a'));
    const b = liveOf(await rig.useOf(a, 'subdirectory', '/b'));
    expect(b).toMatchObject({ facet: 'directory', at: { path: '/a/b', readOnly: false } });
    expect(await rig.useOf(b, 'readText', 'c')).toBe('x');
    await rig.useOf(b, 'write', 'd', 'y');
    expect(readFileSync(inTree('a/b/d'), 'utf8')).toBe('y');
    for (const path of ['..', '../..', '/../a']) {
      expect(await refusalOf(rig.useOf(b, 'list', path))).toMatch(/^call-invalid/);
    }
    b.close();
    expect(await rig.useOf(a, 'readText', 'b/c')).toBe('x');
  });

  it('stays for reading only once it is', async () => {
    make().write('a/b', 'x');
    const top = liveOf(await rig.use('readOnly'));
    const a = liveOf(await rig.useOf(top, 'subdirectory', 'a'));
    expect(await rig.useOf(a, 'readText', 'b')).toBe('x');
    const again = liveOf(await rig.useOf(a, 'readOnly'));
    for (const object of [top, a, again]) {
      expect(await refusalOf(rig.useOf(object, 'write', 'b', 'y'))).toMatch(/^narrowing-refused/);
    }
  });
});

describe('a files power', () => {
  it('refuses calls beyond those it can hold at once', async () => {
    make().write('a', '');
    truncateSync(inTree('a'), 2 * CHUNK_BYTES);
    const all = Array.from({ length: CALLS_AT_ONCE_MAX + 1 }, () => rig.use('read', 'a'));
    const refused = (await Promise.allSettled(all)).filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(1);
    expect(await rig.use('stat', 'a')).toMatchObject({ type: 'file' });
  });

  it('lets go of every descriptor', async () => {
    const open = (): number => readdirSync('/proc/self/fd').length;
    const before = open();
    make({ config: { quotaBytes: 1e6 } }).write('d/a', 'x');
    symlinkSync('/etc', inTree('l'));
    await rig.use('watch', 'd', () => undefined);
    for (const path of ['d/a', 'd', 'none', 'l/x', 'l', '/', 'd/a/b']) {
      for (const method of ['read', 'list', 'stat', 'write', 'remove', 'makeDirectory']) {
        await rig.use(method, path, ...(method === 'write' ? ['x'] : [])).catch(() => undefined);
      }
      await rig.use('rename', path, 'd/z').catch(() => undefined);
      await rig.use('watch', path, () => undefined).catch(() => undefined);
    }
    rig.close();
    expect(open()).toBeLessThanOrEqual(before + 1);
    make();
    await rig.use('list', '/');
    rig.close();
    make();
  });

  it('refuses after its end', async () => {
    make().write('d/a');
    const d = liveOf(await rig.use('subdirectory', 'd'));
    rig.close();
    expect(await refusalOf(rig.useOf(d, 'list', '/'))).toMatch(/^reference-closed/);
    make();
  });

  it('opens no link, no file, nothing that shows the machine, and nothing of Powerbox', async () => {
    make().write('file');
    symlinkSync(rig.tree, join(rig.folder, 'link'));
    mkdirSync(join(rig.folder, 'home/state'), { recursive: true });
    symlinkSync('home', join(rig.folder, 'home-link'));
    const open = async (root: string, excluded: readonly string[] = []): Promise<string> => {
      const other = filesRig({ config: { root }, excluded });
      try {
        return await refusalOf(other.use('list', '/'));
      } finally {
        other.close();
      }
    };
    expect(await open(join(rig.folder, 'link'))).toMatch(/^power-invalid: .*is a link/);
    expect(await open(join(rig.folder, 'link/x'))).toMatch(/^power-invalid: .*is a link/);
    expect(await open(inTree('file'))).toMatch(/^power-invalid: .*is no directory/);
    expect(await open(inTree('none'))).toMatch(/^power-invalid: .*no such directory/);
    expect(await open('/proc')).toMatch(/^power-invalid: .*the machine itself/);
    expect(await open('/proc/self/fd')).toMatch(/^power-invalid/);
    expect(await open('/sys')).toMatch(/^power-invalid: .*the machine itself/);
    const home = join(rig.folder, 'home-link');
    for (const root of ['home', 'home/state', '.']) {
      expect(await open(join(rig.folder, root), [home])).toMatch(/^mount-exposes-state/);
    }
    expect(await rig.use('list', '/')).toHaveLength(1);
  });
});
