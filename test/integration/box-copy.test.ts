import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Mount } from '../../src/boxes/contract.ts';
import { applyCopy, diffCopy, discardCopy } from '../../src/boxes/process/copy.ts';
import { type Bench, openBench, type Room, runBox, STARTERS, USER_ID } from './box-harness.ts';

let bench: Bench;
beforeAll(() => {
  bench = openBench();
});
afterAll(() => bench.close());

describe.each(STARTERS)('a copy in a box started by %s', (starter) => {
  const put = (room: Room, path: string, content: string): void => {
    const at = join(room.workspace, path);
    const folder = join(at, '..');
    const made = mkdirSync(folder, { recursive: true });
    writeFileSync(at, content);
    if (starter === 'user' && process.getuid?.() === 0) {
      if (made !== undefined) chownSync(made, USER_ID, USER_ID);
      chownSync(folder, USER_ID, USER_ID);
      chownSync(at, USER_ID, USER_ID);
    }
  };
  const prepared = (): { room: Room; mount: Mount } => {
    const room = bench.room(starter);
    put(room, 'kept', 'kept\n');
    put(room, 'old', 'one\ntwo\n');
    put(room, 'gone', 'gone\n');
    put(room, 'dir/a', 'a\n');
    put(room, 'dir/b', 'b\n');
    const mount: Mount = {
      source: room.workspace,
      target: room.workspace,
      access: 'copy',
      copyDir: join(room.state, 'copy'),
    };
    return { room, mount };
  };
  const run = async (room: Room, mount: Mount, script: string): Promise<void> => {
    const ended = await runBox(bench, room, { program: ['sh', '-ec', script], mounts: [mount] });
    expect(ended).toMatchObject({ status: 0, stderr: '' });
  };

  test('keeps the host as it was, and shows and applies what the box did', async () => {
    const { room, mount } = prepared();
    await run(
      room,
      mount,
      'echo three >> old; rm gone; mkdir -p new/deep; echo x > new/deep/f; chmod 755 new/deep/f; ln -s old link; rm -r dir; mkdir dir; echo c > dir/c; touch kept; echo bin | tr b "\\0" > binary',
    );
    expect(readFileSync(join(room.workspace, 'old'), 'utf8')).toBe('one\ntwo\n');
    expect(existsSync(join(room.workspace, 'gone'))).toBe(true);
    const { changes, text } = diffCopy(mount);
    expect(changes.map(({ change, path }) => `${change} ${path}`)).toEqual([
      'added binary',
      'removed dir/a',
      'removed dir/b',
      'added dir/c',
      'removed gone',
      'added link',
      'added new',
      'added new/deep',
      'added new/deep/f',
      'changed old',
    ]);
    expect(text).toContain('--- a/old\n+++ b/old\n@@ -1,2 +1,3 @@\n one\n two\n+three\n');
    expect(text).toContain('+-> old');
    const { applied, refused } = applyCopy(mount);
    expect(applied).toHaveLength(10);
    expect(refused).toEqual([]);
    expect(readFileSync(join(room.workspace, 'old'), 'utf8')).toBe('one\ntwo\nthree\n');
    expect(existsSync(join(room.workspace, 'gone'))).toBe(false);
    expect(existsSync(join(room.workspace, 'dir/a'))).toBe(false);
    expect(readFileSync(join(room.workspace, 'dir/c'), 'utf8')).toBe('c\n');
    expect(readlinkSync(join(room.workspace, 'link'))).toBe('old');
    const owner = statSync(room.workspace);
    for (const path of ['new/deep/f', 'old', 'link', 'new']) {
      expect(lstatSync(join(room.workspace, path))).toMatchObject({
        uid: owner.uid,
        gid: owner.gid,
      });
    }
    expect(lstatSync(join(room.workspace, 'new/deep/f')).mode & 0o7777).toBe(0o755);
    expect(diffCopy(mount).changes).toEqual([]);
    discardCopy(mount);
    expect(existsSync(join(room.state, 'copy/upper'))).toBe(false);
  });

  test('refuses what the host changed meanwhile, whole, and takes it when forced', async () => {
    const { room, mount } = prepared();
    await run(room, mount, 'echo box > old; echo new > new');
    put(room, 'old', 'host\n');
    expect(() => applyCopy(mount)).toThrow(/"old"/);
    expect(existsSync(join(room.workspace, 'new'))).toBe(false);
    applyCopy(mount, { force: true });
    expect(readFileSync(join(room.workspace, 'old'), 'utf8')).toBe('box\n');
  });

  test('never applies what the host would obey', async () => {
    const { room, mount } = prepared();
    await run(
      room,
      mount,
      'mkdir -p .git/hooks .vscode sub/.git; echo evil > .git/hooks/pre-commit; echo evil > .vscode/tasks.json; echo evil > .envrc; echo evil > powerbox.json; echo evil > sub/.git/config; mkfifo pipe; echo good > good',
    );
    const { refused } = applyCopy(mount);
    expect(refused).toEqual([
      '.envrc',
      '.git',
      '.git/hooks',
      '.git/hooks/pre-commit',
      '.vscode',
      '.vscode/tasks.json',
      'pipe',
      'powerbox.json',
      'sub/.git',
      'sub/.git/config',
    ]);
    for (const path of ['.git', '.vscode', '.envrc', 'powerbox.json', 'pipe', 'sub/.git']) {
      expect(existsSync(join(room.workspace, path))).toBe(false);
    }
    expect(readFileSync(join(room.workspace, 'good'), 'utf8')).toBe('good\n');
  });

  test('follows no link when it applies', async () => {
    const { room, mount } = prepared();
    const outside = join(room.folder, 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'a'), 'outside\n');
    await run(room, mount, 'echo evil > dir/a; echo evil > old; echo evil > dir/new; rm gone');
    // What an attacker with the workspace in hand would do between the box's end and the apply.
    const at = (path: string): string => join(room.workspace, path);
    const { renameSync, rmSync } = await import('node:fs');
    renameSync(at('dir'), at('moved'));
    symlinkSync(outside, at('dir'));
    rmSync(at('old'));
    symlinkSync(join(outside, 'a'), at('old'));
    expect(() => applyCopy(mount, { force: true })).not.toThrow(/outside/);
    expect(readFileSync(join(outside, 'a'), 'utf8')).toBe('outside\n');
    expect(existsSync(join(outside, 'new'))).toBe(false);
  });
});
