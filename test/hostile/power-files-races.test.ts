import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PATH_DEPTH_MAX } from '../../src/powers/files/limits.ts';
import { type FilesRig, filesRig, refusalOf } from '../support/files-power.ts';

/** How long each attack goes on, and how long a control may take to show that it would work. */
const ATTACK_MS = 2_000;
const CONTROL_MS_MAX = 20_000;

let rig: FilesRig;
let racer: ChildProcess | undefined;

beforeEach(() => {
  rig = filesRig();
  mkdirSync(join(rig.folder, 'secret'));
  writeFileSync(join(rig.folder, 'secret/file'), 'SECRET');
  writeFileSync(join(rig.folder, 'secret/secret-name'), 'SECRET');
});

afterEach(async () => {
  if (racer !== undefined && racer.exitCode === null) {
    const ended = once(racer, 'exit');
    racer.kill('SIGKILL');
    await ended;
  }
  racer = undefined;
  rig.close();
});

const outside = (path: string): string => join(rig.folder, path);

/** `place` in the tree is `other` every second moment. */
async function race(place: string, other: string): Promise<void> {
  const script = new URL('./support/path-racer.mjs', import.meta.url);
  racer = fork(script, [join(rig.tree, place), outside(other)], { stdio: 'inherit' });
  await once(racer, 'message');
}

/** Everything of the secret folder that a write could change. */
function secretState(): unknown {
  const names = readdirSync(outside('secret')).sort();
  return names.map((name) => {
    const { mtimeMs, mode, nlink, ino } = lstatSync(outside(`secret/${name}`));
    return [name, readFileSync(outside(`secret/${name}`), 'utf8'), mtimeMs, mode, nlink, ino];
  });
}

interface Tally {
  done: number;
  refused: number;
}

/** Does it over and over; gives what came back, and counts the refusals. */
async function attack(ways: readonly (() => Promise<unknown>)[]): Promise<{
  tally: Tally;
  answers: ReadonlySet<string>;
}> {
  const tally = { done: 0, refused: 0 };
  const answers = new Set<string>();
  const ends = Date.now() + ATTACK_MS;
  while (Date.now() < ends) {
    for (const way of ways) {
      try {
        const answer = await way();
        answers.add(
          answer instanceof Uint8Array ? Buffer.from(answer).toString() : JSON.stringify(answer),
        );
        tally.done += 1;
      } catch (error) {
        const { code } = error as { code?: string };
        expect(['file-unknown', 'file-refused']).toContain(code);
        tally.refused += 1;
      }
    }
    await nextTurn();
  }
  return { tally, answers };
}

/** True as soon as a way of reading that looks first and then reads has given the secret. */
async function leaks(read: () => string): Promise<boolean> {
  const ends = Date.now() + CONTROL_MS_MAX;
  while (Date.now() < ends) {
    try {
      if (read().includes('SECRET')) return true;
    } catch {
      // Neither of the two was there just then.
    }
    await nextTurn();
  }
  return false;
}

const plainly = (path: string) => (): string => readFileSync(join(rig.tree, path), 'utf8');
const afterALook = (path: string) => (): string => {
  const full = join(rig.tree, path);
  if (realpathSync(full) !== realpathSync(rig.tree) + path) throw new Error('outside');
  return readFileSync(full, 'utf8');
};

describe('a directory that is swapped with a link to a secret one', () => {
  beforeEach(async () => {
    rig.write('d/file', 'public');
    rig.write('d/kept', 'public');
    symlinkSync(outside('secret'), outside('other'));
    await race('d', 'other');
  });

  it('would let whoever follows the path read the secret, even after a look at it', async () => {
    expect(await leaks(plainly('/d/file'))).toBe(true);
    expect(await leaks(afterALook('/d/file'))).toBe(true);
  });

  it('never gives a byte or a name of it', async () => {
    const seen: string[] = [];
    const watching = (): Promise<unknown> =>
      rig
        .use('watch', 'd', ({ path }: { path: string }) => seen.push(path))
        .then((watcher) => setTimeout(() => (watcher as { close(): void }).close(), 5))
        .then(() => writeFileSync(outside('secret/secret-name'), 'SECRET'));
    const { tally, answers } = await attack([
      () => rig.use('read', 'd/file'),
      () => rig.text('d/file'),
      () => rig.use('stat', 'd/secret-name'),
      () => rig.use('list', 'd'),
      () => rig.use('subdirectory', 'd').then(() => 'a directory'),
      () => watching().then(() => 'a watch'),
    ]);
    expect([...answers].join('\n')).toContain('public');
    expect([...answers].join('\n')).not.toMatch(/SECRET|secret-name|"link"/);
    expect(seen.join('\n')).not.toContain('secret-name');
    expect(tally.done).toBeGreaterThan(20);
    expect(tally.refused).toBeGreaterThan(20);
  });

  it('never lets anything be written, moved or removed in it', async () => {
    const before = secretState();
    const { tally } = await attack([
      () => rig.use('write', 'd/file', 'public'),
      () => rig.use('write', 'd/secret-name', 'x'),
      () => rig.use('write', 'd/secret-name', 'x', { append: true }),
      () => rig.use('write', 'd/large', new Uint8Array(200_000)),
      () => rig.use('makeDirectory', 'd/new'),
      () => rig.use('remove', 'd/new'),
      () => rig.use('rename', 'd/kept', 'd/moved'),
      () => rig.use('rename', 'd/moved', 'd/kept'),
      () => rig.use('remove', 'd/secret-name'),
    ]);
    expect(secretState()).toEqual(before);
    expect(tally.done).toBeGreaterThan(20);
    expect(tally.refused).toBeGreaterThan(20);
  });
});

describe('a file that is swapped with a link to a secret one', () => {
  beforeEach(async () => {
    rig.write('file', 'public');
    symlinkSync(outside('secret/file'), outside('other'));
    await race('file', 'other');
  });

  it('would let whoever follows the path read the secret, even after a look at it', async () => {
    expect(await leaks(plainly('/file'))).toBe(true);
    expect(await leaks(afterALook('/file'))).toBe(true);
  });

  it('never gives a byte of it, and never takes one', async () => {
    const before = secretState();
    const { tally, answers } = await attack([
      () => rig.text('file'),
      () => rig.use('read', 'file', { length: 6 }),
      () => rig.use('stat', 'file').then(() => 'a stat'),
      () => rig.use('write', 'file', '!', { append: true }),
      () =>
        rig.use('watch', 'file', () => undefined).then((it) => (it as { close(): void }).close()),
    ]);
    expect([...answers].join('\n')).toContain('public');
    expect([...answers].join('\n')).not.toContain('SECRET');
    expect(secretState()).toEqual(before);
    expect(tally.done).toBeGreaterThan(20);
    expect(tally.refused).toBeGreaterThan(20);
  });
});

describe('a file that is swapped with a pipe that nobody serves', () => {
  it('never makes anyone wait', async () => {
    rig.write('file', 'public');
    execFileSync('mkfifo', [outside('other')]);
    await race('file', 'other');
    const slowest = { ms: 0 };
    const timed = async (act: () => Promise<unknown>): Promise<unknown> => {
      const started = performance.now();
      try {
        return await act();
      } finally {
        slowest.ms = Math.max(slowest.ms, performance.now() - started);
      }
    };
    const { tally } = await attack([
      () => timed(() => rig.text('file')),
      () => timed(() => rig.use('write', 'file', '!', { append: true })),
    ]);
    expect(tally.done).toBeGreaterThan(20);
    expect(tally.refused).toBeGreaterThan(20);
    expect(slowest.ms).toBeLessThan(ATTACK_MS);
  });
});

describe('a path that is to lead out', () => {
  const WAYS = [
    '../secret/file',
    '/../secret/file',
    'd/../../secret/file',
    'd/./../../secret/file',
    'd//../../secret/file',
    '..\\secret\\file',
    '../secret/file\0.txt',
    'up/secret/file',
    'top/secret/file',
    'there/file',
    'file-link',
    'self/cwd/file',
  ];

  it.each(WAYS)('%j is refused', async (way) => {
    rig.write('d/x');
    symlinkSync('..', join(rig.tree, 'up'));
    symlinkSync(rig.folder, join(rig.tree, 'top'));
    symlinkSync(outside('secret'), join(rig.tree, 'there'));
    symlinkSync('../secret/file', join(rig.tree, 'file-link'));
    symlinkSync('/proc/self', join(rig.tree, 'self'));
    const before = secretState();
    for (const [method, ...args] of [
      ['readText'],
      ['list'],
      ['stat'],
      ['write', 'x'],
      ['remove'],
    ]) {
      // A link itself may be removed: that changes nothing outside.
      if (method === 'remove' && way === 'file-link') continue;
      const refusal = await refusalOf(rig.use(method ?? '', way, ...args));
      expect(refusal).toMatch(/^(call-invalid|file-refused): /);
      expect(refusal).not.toContain(rig.folder);
    }
    expect(secretState()).toEqual(before);
  });

  it.each(['%2e%2e/secret/file', '..%2fsecret/file', '/etc/passwd', '/proc/self/environ', '~/x'])(
    '%j is a name like any other',
    async (way) => {
      expect(await refusalOf(rig.text(way))).toMatch(/^file-unknown: /);
      rig.write(way, 'own');
      expect(await rig.text(way)).toBe('own');
    },
  );

  it('would be followed by whoever joins it to the folder', () => {
    rig.write('d/x');
    expect(readFileSync(join(rig.tree, WAYS[0] ?? ''), 'utf8')).toBe('SECRET');
    expect(readFileSync(`${rig.tree}/${WAYS[2]}`, 'utf8')).toBe('SECRET');
  });

  it('does not leave by a link to itself, or by a mount', async () => {
    symlinkSync('loop', join(rig.tree, 'loop'));
    symlinkSync('b/x', join(rig.tree, 'a'));
    symlinkSync('a/x', join(rig.tree, 'b'));
    for (const way of ['loop', 'loop/x', 'a', 'a/y']) {
      expect(await refusalOf(rig.text(way))).toMatch(/^file-refused: .*is a link/);
    }
    const top = filesRig({ config: { root: '/' } });
    expect(await refusalOf(top.text('proc/self/environ'))).toMatch(/\/proc is another file system/);
    expect(await refusalOf(top.use('list', 'proc'))).toMatch(/\/proc is another file system/);
    top.close();
  });
});

describe('a tree that somebody filled with traps', () => {
  it('has pipes, sockets and huge files that cost nobody anything', async () => {
    execFileSync('mkfifo', [join(rig.tree, 'pipe')]);
    const server = createServer().listen(join(rig.tree, 'socket'));
    await once(server, 'listening');
    rig.write('huge');
    truncateSync(join(rig.tree, 'huge'), 2 ** 40);
    const started = performance.now();
    for (const name of ['pipe', 'socket']) {
      for (const options of [{}, { append: true }, { exclusive: true }]) {
        expect(await refusalOf(rig.use('write', name, 'x', options))).toMatch(/^file-refused/);
      }
      for (const method of ['read', 'readText', 'stat', 'watch']) {
        const refusal = refusalOf(rig.use(method, name, method === 'watch' ? () => 0 : undefined));
        expect(await refusal).toMatch(/^(file-refused|call-invalid): /);
      }
    }
    expect(await refusalOf(rig.text('huge'))).toMatch(/^limit-exceeded/);
    expect(await rig.use('read', 'huge', { offset: 2 ** 39, length: 3 })).toEqual(
      new Uint8Array(3),
    );
    expect(performance.now() - started).toBeLessThan(2_000);
    server.close();
  });

  it('is never deeper than a path may be', async () => {
    const deepest = Array.from({ length: PATH_DEPTH_MAX }, () => 'd').join('/');
    rig.write(deepest.slice(0, -2).concat('/x'), 'deep');
    expect(await rig.text(deepest.slice(0, -2).concat('/x'))).toBe('deep');
    mkdirSync(join(rig.tree, deepest), { recursive: true });
    expect(await rig.use('list', deepest)).toEqual([]);
    expect(await refusalOf(rig.use('list', `${deepest}/d`))).toMatch(/^call-invalid: .*deeper/);
  });

  it('cannot be moved from under a write to where it would do harm', async () => {
    rig.write('d/x', 'old');
    const writing = rig.use('write', 'd/x', new Uint8Array(8_000_000));
    // The directory is held by now; another one takes its name.
    renameSync(join(rig.tree, 'd'), join(rig.tree, 'was'));
    symlinkSync(outside('secret'), join(rig.tree, 'd'));
    const before = secretState();
    await writing;
    expect(secretState()).toEqual(before);
    expect(readdirSync(join(rig.tree, 'was'))).toEqual(['x']);
  });
});
