import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBox } from '../../src/boxes/process/start.ts';
import { type Bench, openBench, runBox, STARTERS } from './box-harness.ts';

let bench: Bench;
beforeAll(() => {
  bench = openBench();
});
afterAll(() => bench.close());

describe.each(STARTERS)('a box started by %s', (starter) => {
  test('is refused in one sentence where user namespaces are', async () => {
    const room = bench.room(starter);
    const ended = await runBox(
      bench,
      room,
      { program: ['true'] },
      // A user namespace of its own, whose limit is then set to none.
      {
        before: [
          'unshare',
          '-Ur',
          'sh',
          '-c',
          'echo 0 > /proc/sys/user/max_user_namespaces; exec "$@"',
          'sh',
        ],
      },
    );
    expect(ended.error?.code).toBe('box-forbidden');
    expect(ended.error?.message).toMatch(
      /^Cannot start a box: this system refuses user namespaces \(.*\)\.$/,
    );
    expect(readdirSync(room.workspace)).toEqual([]);
  });

  test.each(['/', '/usr/x', '/proc', '/dev/shm', '/etc', 'relative', '/a/../usr', '/tmp'])(
    'takes no writable mount at %s',
    async (target) => {
      const room = bench.room(starter);
      const mounts = [{ source: room.workspace, target, access: 'rw' as const }];
      const ended = await runBox(bench, room, { program: ['true'], mounts, cwd: '/' });
      expect(ended.error?.code).toBe('mount-unreadable');
    },
  );

  test('mounts single files and further folders', async () => {
    const room = bench.room(starter);
    for (const name of ['a', 'b']) writeFileSync(join(room.folder, name), name, { mode: 0o666 });
    mkdirSync(join(room.folder, 'more'));
    writeFileSync(join(room.folder, 'more/c'), 'c');
    const ended = await runBox(bench, room, {
      program: [
        'sh',
        '-c',
        'cat ~/a; echo x > ~/a; cat /opt/m/c; touch /opt/m/d; cat ~/b; ls -A ~',
      ],
      mounts: [
        { source: room.workspace, target: room.workspace, access: 'rw' },
        { source: join(room.folder, 'a'), target: '/home/box/a', access: 'ro' },
        { source: join(room.folder, 'b'), target: '/home/box/b', access: 'ro' },
        { source: join(room.folder, 'more'), target: '/opt/m', access: 'ro' },
      ],
    });
    expect(ended.stdout).toBe('acba\nb\n');
    expect(readFileSync(join(room.folder, 'a'), 'utf8')).toBe('a');
    expect(readdirSync(join(room.folder, 'more'))).toEqual(['c']);
  });
});

test('a start that is given up leaves nothing, and its listeners accept nothing here', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'powerbox-abort-'));
  try {
    const workspace = join(folder, 'ws');
    const stateDir = join(folder, 'state');
    mkdirSync(workspace);
    mkdirSync(stateDir);
    const starting = await startBox({
      id: `abort-${process.pid}`,
      stateDir,
      program: ['true'],
      cwd: workspace,
      env: {},
      mounts: [{ source: workspace, target: workspace, access: 'rw' }],
      readOnly: [],
      files: [],
      limits: { pids: 64 },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    expect(existsSync(join(workspace, '.envrc'))).toBe(true);
    expect(starting.listeners).toHaveLength(4);
    for (const { handle } of starting.listeners) {
      expect(handle).not.toBeInstanceOf(Server);
      expect((handle as unknown as { onconnection?: unknown }).onconnection ?? null).toBeNull();
    }
    expect(process.getActiveResourcesInfo()).not.toContain('TCPServerWrap');
    await starting.abort();
    expect(readdirSync(workspace)).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
