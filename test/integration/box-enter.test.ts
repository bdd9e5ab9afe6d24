import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Bench,
  openBench,
  type Room,
  runBox,
  STARTERS,
  type Started,
  USER_ID,
} from './box-harness.ts';

let bench: Bench;
beforeAll(() => {
  bench = openBench();
});
afterAll(() => bench.close());

const ids = (room: Room): { uid?: number; gid?: number } =>
  room.starter === 'user' && process.getuid?.() === 0 ? { uid: USER_ID, gid: USER_ID } : {};

/** The command for a program in a running box. */
function entering(room: Room, box: Started, program: readonly string[]): [string, string[]] {
  const module = JSON.stringify(join(bench.dist, 'boxes/process/enter.js'));
  const target = JSON.stringify({ childPid: box.childPid, startTime: box.startTime });
  const command = JSON.stringify({
    program,
    env: { PATH: '/usr/bin:/bin', MARK: 'entered' },
    cwd: room.workspace,
    stdio: ['inherit', 'inherit', 'inherit'],
  });
  const script = `import(${module}).then((m) => m.enterBox(${target}, ${command})).then(({ status }) => process.exit(status), (e) => { console.error(e.code, e.message); process.exit(99); })`;
  return [process.execPath, ['-e', script]];
}

function enter(
  room: Room,
  box: Started,
  program: readonly string[],
): Promise<{ status: number; stdout: string; stderr: string }> {
  const [node, args] = entering(room, box, program);
  const child = spawn(node, args, {
    ...ids(room),
    cwd: '/',
    env: { PATH: '/usr/bin', HOST_SECRET: 'x' },
  });
  const text = { stdout: '', stderr: '' };
  child.stdout.on('data', (data) => (text.stdout += data));
  child.stderr.on('data', (data) => (text.stderr += data));
  return new Promise((resolve) => {
    child.once('close', (code) => resolve({ status: code ?? -1, ...text }));
  });
}

describe.each(STARTERS)('entering a box started by %s', (starter) => {
  const withBox = async (
    body: (room: Room, box: Started) => Promise<void>,
    limits = {},
  ): Promise<void> => {
    const room = bench.room(starter);
    let failure: unknown;
    const ended = await runBox(
      bench,
      room,
      { program: ['sh', '-c', 'echo of the box > /tmp/note; exec sleep 30'], limits },
      {
        onStart: (box, child: ChildProcess) => {
          body(room, box)
            .catch((error: unknown) => {
              failure = error;
            })
            .finally(() => child.kill('SIGTERM'));
        },
      },
    );
    if (failure !== undefined) throw failure;
    expect(ended.status).toBe(143);
  };

  test('sees what the box sees, with the same authority', async () => {
    await withBox(async (room, box) => {
      const inside = ['pid', 'mnt', 'net', 'user', 'ipc', 'uts', 'cgroup'].map(
        (n) => `/proc/1/ns/${n}`,
      );
      const own = inside.map((path) => path.replace('/1/', '/self/'));
      const ended = await enter(room, box, [
        'sh',
        '-c',
        `until test -e /tmp/note; do sleep 0.01; done; cat /tmp/note; id -u; id -g; env | sort; pwd; ls /proc/self/fd | tr '\\n' ' '; grep -E '^(CapEff|CapBnd|CapPrm|NoNewPrivs|Seccomp):' /proc/self/status; for n in pid net user; do readlink /proc/self/ns/$n; done; hostname`,
      ]);
      void own;
      expect(ended.stderr).toBe('');
      const lines = ended.stdout.split('\n');
      expect(lines.slice(0, 3)).toEqual(['of the box', '1000', '1000']);
      expect(lines).toContain('MARK=entered');
      expect(ended.stdout).not.toContain('HOST_SECRET');
      expect(lines).toContain(room.workspace);
      expect(lines.find((line) => line.startsWith('0 1 2 3 '))).toContain(
        '0 1 2 3 CapPrm:\t0000000000000000',
      );
      expect(ended.stdout).toContain('NoNewPrivs:\t1\nSeccomp:\t2\n');
      expect(ended.stdout.match(/:\t0{16}$/gm)).toHaveLength(3);
      const { readlinkSync } = await import('node:fs');
      for (const name of ['pid', 'net', 'user']) {
        expect(lines).toContain(readlinkSync(`/proc/${box.childPid}/ns/${name}`));
      }
      expect(lines).toContain('box');
    });
  });

  test('passes on status, signal and a missing program', async () => {
    await withBox(async (room, box) => {
      expect((await enter(room, box, ['sh', '-c', 'exit 9'])).status).toBe(9);
      expect((await enter(room, box, ['sh', '-c', 'kill -TERM $$'])).status).toBe(143);
      expect((await enter(room, box, ['no-such-program'])).status).toBe(127);
    });
  });

  test('cannot do what the box cannot', async () => {
    await withBox(async (room, box) => {
      const ended = await enter(room, box, [
        'sh',
        '-c',
        'for deed in "unshare -U true" "mount -t tmpfs x /tmp" "touch /usr/x" "touch .envrc/x" "chroot / true"; do $deed 2>/dev/null && echo done; done; echo tried',
      ]);
      expect(ended.stdout).toBe('tried\n');
    });
  });

  test('ends with its caller', async () => {
    await withBox(async (room, box) => {
      const [node, args] = entering(room, box, ['sh', '-c', 'echo up; exec sleep 61']);
      const child = spawn(node, args, {
        ...ids(room),
        cwd: '/',
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await new Promise((resolve) => child.stdout.once('data', resolve));
      const sleeps = (): string => execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
      expect(sleeps()).toMatch(/^sleep 61$/m);
      child.kill('SIGKILL');
      await expect.poll(sleeps, { timeout: 3000 }).not.toMatch(/^sleep 61$/m);
    });
  });

  test('is held by the limits of the box', async () => {
    await withBox(
      async (room, box) => {
        const ended = await enter(room, box, [
          '/usr/bin/python3',
          '-c',
          'x = bytearray(400 << 20); print(len(x))',
        ]);
        expect(ended.status).not.toBe(0);
        expect(ended.stdout).toBe('');
      },
      { memoryBytes: 128 * 2 ** 20 },
    );
  });

  test('says that a box has ended, also when its process id was given to another', async () => {
    await withBox(async (room, box) => {
      const ended = await enter(room, { ...box, startTime: '1' }, ['true']);
      expect(ended).toMatchObject({ status: 99 });
      expect(ended.stderr).toContain('box-ended');
    });
  });
});
