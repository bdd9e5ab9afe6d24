import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench, type Room, runBox, STARTERS, USER_ID } from './box-harness.ts';

let bench: Bench;
beforeAll(() => {
  bench = openBench();
});
afterAll(() => bench.close());

const IDENTITY = ['-c', 'user.name=a', '-c', 'user.email=a@example.com'];

describe.each(STARTERS)('a repository in a box started by %s', (starter) => {
  const ids = starter === 'user' && process.getuid?.() === 0 ? { uid: USER_ID, gid: USER_ID } : {};
  const host = (room: Room, ...args: string[]): string =>
    execFileSync('git', [...IDENTITY, ...args], {
      cwd: room.workspace,
      encoding: 'utf8',
      env: { PATH: '/usr/bin:/bin', HOME: room.folder, GIT_CONFIG_NOSYSTEM: '1' },
      ...ids,
    });
  const repository = (): Room => {
    const room = bench.room(starter);
    host(room, 'init', '-q', '-b', 'main', '.');
    execFileSync('sh', ['-c', 'echo one > a'], { cwd: room.workspace, ...ids });
    host(room, 'add', 'a');
    host(room, 'commit', '-q', '-m', 'first');
    return room;
  };
  /** Everything below a folder, with its content. */
  const tree = (folder: string): Record<string, string> =>
    Object.fromEntries(
      readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry) => {
        const path = join(entry.parentPath ?? entry.path, entry.name);
        return [path, entry.isFile() ? readFileSync(path, 'latin1') : '/'];
      }),
    );
  const inBox = (room: Room, script: string) =>
    runBox(bench, room, {
      program: ['sh', '-ec', script],
      env: {
        PATH: '/usr/bin:/bin',
        HOME: '/home/box',
        GIT_AUTHOR_NAME: 'b',
        GIT_AUTHOR_EMAIL: 'b@example.com',
        GIT_COMMITTER_NAME: 'b',
        GIT_COMMITTER_EMAIL: 'b@example.com',
      },
    });

  test('works with git as before, and the stand-ins are not seen', async () => {
    const room = repository();
    const ended = await inBox(
      room,
      `git status --porcelain; echo two > b; git add -A; git status --porcelain; git commit -qm second
       git checkout -q -b topic; echo three >> b; git commit -qam third; git log --format=%s
       git branch; git stash list; git worktree list | wc -l; git rev-parse --git-common-dir; git gc -q; git fsck
       git init -q --bare /tmp/r.git; git push -q /tmp/r.git topic; git fetch -q /tmp/r.git topic; git tag v1; git merge -q topic; git rebase -q main; git rm -q b; git commit -qm fourth`,
    );
    expect(ended.stderr).toBe('');
    expect(ended).toMatchObject({ status: 0 });
    expect(ended.stdout).toBe(
      `A  b\nthird\nsecond\nfirst\n  main\n* topic\n1\n${room.workspace}/.git\n`,
    );
    expect(host(room, 'log', '--format=%s', 'topic')).toBe('fourth\nthird\nsecond\nfirst\n');
    expect(host(room, 'status', '--porcelain')).toBe('');
    expect(readdirSync(room.workspace).sort()).toEqual(['.git', 'a']);
    expect(existsSync(join(room.workspace, '.git/commondir'))).toBe(false);
  });

  test('is on disk as it was after a box that only looked', async () => {
    const room = repository();
    const before = tree(room.workspace);
    const ended = await inBox(room, 'ls -A >/dev/null');
    expect(ended.status).toBe(0);
    expect(tree(room.workspace)).toEqual(before);
  });

  test.each([
    ['write a hook', 'echo evil > .git/hooks/pre-commit'],
    ['change the configuration', 'git config core.fsmonitor evil'],
    ['append to the configuration', 'echo "[core] fsmonitor = evil" >> .git/config'],
    ['make a configuration of the worktree', 'echo evil > .git/config.worktree'],
    ['name another common folder', 'echo /tmp > .git/commondir'],
    ['put its own commondir in place', 'echo /tmp > .git/x; mv -f .git/x .git/commondir'],
    ['move the repository away', 'mv .git elsewhere'],
    ['move the hooks away', 'mv .git/hooks .git/elsewhere'],
    ['remove the hooks', 'rm -rf .git/hooks'],
    ['remove the repository', 'rm -rf .git; mkdir .git/hooks2; exit 1'],
    ['write the policy', 'echo "{}" > powerbox.json'],
    ['remove the policy', 'rm -f powerbox.json'],
    ['make an editor task', 'echo evil > .vscode/tasks.json'],
    ['write an .envrc', 'echo evil > .envrc'],
    ['replace an .envrc', 'echo evil > x; mv -f x .envrc'],
    ['link over an .envrc', 'ln -sfn x .envrc'],
    ['undo the mount', 'umount .git/hooks || unshare -rm umount .git/hooks'],
    ['write to a nested repository', 'echo evil > nested/.git/hooks/x'],
    ['write to a submodule', 'echo evil >> .git/modules/m/config'],
    ['move a submodule away', 'mv .git/modules/m .git/modules/n'],
    ['move all submodules away', 'mv .git/modules .git/elsewhere'],
    ['move a nested repository away', 'mv nested elsewhere'],
    ["put another folder in the place of an agent's", 'mv .claude x; mkdir .claude'],
  ])('cannot %s', async (_, script) => {
    const room = repository();
    host(room, 'init', '-q', 'nested');
    host(room, 'init', '-q', '--bare', '.git/modules/m');
    const settings = 'mkdir .claude && echo {} > .claude/settings.json';
    execFileSync('sh', ['-c', settings], { cwd: room.workspace, ...ids });
    const guarded = (): unknown[] => [
      readFileSync(join(room.workspace, '.git/config'), 'utf8'),
      readFileSync(join(room.workspace, '.git/modules/m/config'), 'utf8'),
      readFileSync(join(room.workspace, '.claude/settings.json'), 'utf8'),
      readdirSync(join(room.workspace, '.git/hooks')),
      readdirSync(join(room.workspace, 'nested/.git/hooks')),
      ['.git/config.worktree', '.git/commondir', 'powerbox.json', '.vscode', '.envrc'].map((path) =>
        existsSync(join(room.workspace, path)),
      ),
    ];
    const before = guarded();
    const ended = await inBox(room, script);
    expect(ended.status).not.toBe(0);
    expect(guarded()).toEqual(before);
  });

  test('is guarded where there was none', async () => {
    const room = bench.room(starter);
    const ended = await inBox(
      room,
      'git init -q . 2>/dev/null && echo made; mkdir .git 2>/dev/null && echo made; git rev-parse 2>&1 | head -1; echo x > x',
    );
    expect(ended.stdout).toMatch(/^fatal: not a git repository/);
    expect(readdirSync(room.workspace)).toEqual(['x']);
  });

  test('is refused with a guarded name that is a link', async () => {
    const room = repository();
    symlinkSync('a', join(room.workspace, '.envrc'));
    const ended = await inBox(room, 'true');
    expect(ended.error).toMatchObject({ code: 'mount-unreadable' });
    expect(ended.error?.message).toContain('.envrc');
  });

  test('shows no file of the host that an earlier box put a link to', async () => {
    const room = repository();
    const aim = `/tmp/powerbox-aim-${randomUUID()}`;
    const link = relative(join(room.workspace, '.git/info'), aim);
    writeFileSync(aim, 'of the host');
    try {
      const before = await inBox(
        room,
        `mv .git/info .git/x; mkdir .git/info; ln -s ${link} .git/info/exclude`,
      );
      expect(before).toMatchObject({ status: 0 });
      // The link is followed where nothing is in its way.
      expect(readFileSync(join(room.workspace, '.git/info/exclude'), 'utf8')).toBe('of the host');
      const after = await inBox(room, `cat .git/info/exclude ${aim}`);
      expect(after.stdout).toBe('');
      expect(after.status).not.toBe(0);
    } finally {
      rmSync(aim);
    }
  });

  test('is refused where a link stands for the folder of the submodules', async () => {
    const room = repository();
    symlinkSync('/', join(room.workspace, '.git/modules'));
    const ended = await inBox(room, 'true');
    expect(ended.error).toMatchObject({ code: 'mount-unreadable' });
  });

  test('is guarded as a bare one, which a box cannot make look like another folder', async () => {
    const room = bench.room(starter);
    host(room, 'init', '-q', '--bare', '.');
    const hidden = await inBox(room, 'mv HEAD x; mv refs y || mv objects z');
    expect(hidden.status).not.toBe(0);
    const ended = await inBox(room, 'echo evil >> config');
    expect(ended.status).not.toBe(0);
    expect(readFileSync(join(room.workspace, 'config'), 'utf8')).not.toContain('evil');
  });

  test('is refused with a closed folder of its owner, which root can search', async () => {
    const room = repository();
    execFileSync('sh', ['-c', 'mkdir d && chmod 0 d'], { cwd: room.workspace, ...ids });
    const { error } = await inBox(room, 'chmod 700 d');
    expect(error?.code).toBe(starter === 'user' ? 'mount-unreadable' : undefined);
  });

  test('has other mounts within a folder that is held in place', async () => {
    const room = repository();
    host(room, 'init', '-q', 'vendor/nested');
    const other = join(room.folder, 'other');
    mkdirSync(other);
    writeFileSync(join(other, 'f'), 'seen');
    const ended = await runBox(bench, room, {
      program: ['cat', 'vendor/other/f'],
      mounts: [
        { source: room.workspace, target: room.workspace, access: 'rw' },
        { source: other, target: join(room.workspace, 'vendor/other'), access: 'ro' },
      ],
    });
    expect(ended.stdout).toBe('seen');
  });

  test('keeps the paths of the spec read-only, also those that are missing', async () => {
    const room = bench.room(starter);
    mkdirSync(join(room.workspace, 'd'), { mode: 0o777 });
    writeFileSync(join(room.workspace, 'd/f'), 'kept');
    const ended = await runBox(bench, room, {
      program: ['sh', '-c', 'echo x > d/f; echo x > missing; rm -f missing; cat d/f'],
      readOnly: [join(room.workspace, 'd'), join(room.workspace, 'missing')],
    });
    expect(ended.stdout).toBe('kept');
    expect(readdirSync(room.workspace)).toEqual(['d']);
  });

  test('has its stand-ins removed by a later sweep when all was killed', async () => {
    const room = repository();
    const running = runBox(
      bench,
      room,
      { program: ['sleep', '60'] },
      { onStart: (_, child) => child.kill('SIGKILL') },
    );
    await running;
    expect(existsSync(join(room.workspace, '.envrc'))).toBe(true);
    writeFileSync(join(room.workspace, '.zshrc'), 'written by the person meanwhile');
    const { removeStandIns } = await import('../../src/boxes/process/stand-in.ts');
    await expect.poll(() => removeStandIns(room.state), { timeout: 5000 }).toBe(true);
    expect(readdirSync(room.workspace).sort()).toEqual(['.git', '.zshrc', 'a']);
  });
});
