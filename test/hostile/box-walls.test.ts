import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Bench,
  type Ended,
  openBench,
  type Room,
  runBox,
  STARTERS,
  USER_ID,
} from '../integration/box-harness.ts';

let bench: Bench;
beforeAll(() => {
  bench = openBench();
});
afterAll(() => bench.close());

const PROOF = 'this-is-of-the-host-7f3a';

/** Tricks that must print nothing of the host: each prints PROOF where there is no box. */
const READS: readonly [string, (room: Room) => string][] = [
  ['a file beside the workspace', (room) => `cat ${room.folder}/outside`],
  ['a file beside the workspace by a relative path', () => 'cat ../outside'],
  ['a file beside the workspace by a link', (room) => `ln -s ${room.folder}/outside l; cat l`],
  ['the state folder', (room) => `cat ${room.state}/note`],
  ['the environment of the host', () => 'cat /proc/*/environ 2>/dev/null | tr "\\0" "\\n"; env'],
  [
    'the root of a process of the host',
    (room) => `for p in /proc/[0-9]*; do cat $p/root${room.folder}/outside 2>/dev/null; done`,
  ],
  [
    'the working folder of a process of the host',
    () => 'for p in /proc/[0-9]*; do cat $p/cwd/../outside 2>/dev/null; done',
  ],
  [
    'a stray folder of the caller',
    () =>
      'for f in /proc/self/fd/*; do cat $f/outside 2>/dev/null; done; for n in 3 4 5 6 7 8 9 10 20; do cat /proc/self/fd/$n/outside 2>/dev/null; done; python3 -c "import os\nfor n in range(3, 256):\n  try: print(os.read(os.open(\'outside\', 0, dir_fd=n), 99).decode())\n  except OSError: pass"',
  ],
  [
    'the arguments of a process of the host',
    () => 'cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" " "',
  ],
];

/** Tricks that must fail: what is printed when they succeed, in a box and (where sensible) without. */
const DEEDS: readonly [string, string][] = [
  ['read /etc/shadow', 'test -s /etc/shadow && head -c1 /etc/shadow >/dev/null && echo done'],
  ['see the accounts of the host', 'grep -q "^daemon:" /etc/passwd && echo done'],
  ['see the name of the host', 'test "$(hostname)" != box && echo done'],
  ['write to /usr', 'touch /usr/powerbox-test 2>/dev/null && echo done'],
  ['write to /proc/sys', 'echo x > /proc/sys/kernel/hostname && echo done'],
  [
    'write to the network settings',
    'echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start && echo done',
  ],
  ['trigger the kernel', 'echo h > /proc/sysrq-trigger && echo done'],
  ['mount', 'mount -t tmpfs x /tmp && echo done'],
  ['unmount a guard', 'umount /proc && echo done'],
  ['make a user namespace', 'unshare -Ur true && echo done'],
  ['make a network namespace', 'unshare -rn true && echo done'],
  ['enter a namespace', 'nsenter -t 1 -m true && echo done'],
  ['make a device', 'mknod /tmp/sda b 8 0 && echo done'],
  [
    'find a disk',
    'ls /dev/sd* /dev/vd* /dev/mem /dev/kmsg /dev/fuse /dev/kvm /dev/net/tun 2>/dev/null | grep -q . && echo done',
  ],
  ['take the network down', 'ip link set lo down && echo done'],
  [
    'trace a process',
    "python3 -c \"import ctypes, os, sys; p = os.fork() or os.execlp('sleep', 'sleep', '2'); sys.exit(0 if ctypes.CDLL(None).ptrace(0x4206, p, 0, 0) == 0 else 1)\" && echo done",
  ],
  [
    'write the memory of process 1',
    'dd if=/proc/1/mem of=/dev/null count=1 2>/dev/null && echo done',
  ],
  ['list the root of process 1 as the host has it', 'test -e /proc/1/root/boot && echo done'],
  [
    'gain by a set-id program',
    'for p in su mount passwd; do f=$(command -v $p) && test "$(python3 -c "import subprocess,sys;print(open(\'/proc/self/status\').read().split(\'NoNewPrivs:\')[1].split()[0])")" = 0 && echo done; done',
  ],
  ['make a set-id program', 'cp /bin/true t && chmod u+s t && echo done'],
  ['reach the bus of the system', 'test -S /run/dbus/system_bus_socket && echo done'],
  ['see the hardware', 'ls /sys/class/net 2>/dev/null | grep -q . && echo done'],
  ['become root', 'python3 -c "import os; os.setuid(0)" 2>/dev/null && echo done'],
  ['change the clock', 'date -s 2001-01-01 >/dev/null 2>&1 && echo done'],
];

describe.each(STARTERS)('a hostile program in a box started by %s', (starter) => {
  const own = (path: string): void => {
    if (starter === 'user' && process.getuid?.() === 0) chownSync(path, USER_ID, USER_ID);
  };
  const room = (): Room => {
    const made = bench.room(starter);
    for (const path of [join(made.folder, 'outside'), join(made.state, 'note')]) {
      writeFileSync(path, `${PROOF}\n`);
      own(path);
    }
    return made;
  };
  const inBox = (where: Room, script: string): Promise<Ended> =>
    runBox(bench, where, { program: ['sh', '-c', script] }, { env: { HOST_SECRET: PROOF } });
  const outOfBox = (where: Room, script: string): string =>
    spawnSync('sh', ['-c', script], {
      encoding: 'utf8',
      cwd: where.workspace,
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOST_SECRET: PROOF },
      stdio: ['ignore', 'pipe', 'ignore', openSync(where.folder, 'r')],
    }).stdout;

  test.each(READS)('cannot read %s', async (_, script) => {
    const where = room();
    const ended = await inBox(where, script(where));
    expect(ended.stdout).not.toContain(PROOF);
    expect(ended.stderr).not.toContain(PROOF);
  });

  test.each(READS.filter(([name]) => !name.includes('arguments')))(
    'the positive control: without a box it reads %s',
    (_, script) => {
      const where = room();
      expect(outOfBox(where, script(where))).toContain(PROOF);
    },
  );

  test.each(DEEDS)('cannot %s', async (_, script) => {
    const ended = await inBox(room(), script);
    expect(ended.error).toBeUndefined();
    expect(ended.stdout).toBe('');
  });

  test('sees and reaches no process of the host', async () => {
    const where = room();
    const victim = spawn(
      'sleep',
      ['62'],
      starter === 'user' && process.getuid?.() === 0 ? { uid: USER_ID, gid: USER_ID } : {},
    );
    try {
      const ended = await inBox(
        where,
        `ps -e --no-headers | wc -l; kill -9 ${victim.pid} && echo killed; ls -d /proc/[0-9]* | wc -l`,
      );
      const [count, seen] = ended.stdout.trim().split('\n').map(Number);
      expect(count).toBeLessThan(7);
      expect(seen).toBeLessThan(7);
      expect(ended.stdout).not.toContain('killed');
      expect(victim.exitCode).toBeNull();
      expect(
        Number(execFileSync('sh', ['-c', 'ps -e --no-headers | wc -l'], { encoding: 'utf8' })),
      ).toBeGreaterThan(7);
    } finally {
      victim.kill('SIGKILL');
    }
  });

  test('cannot send signals to the group of its caller', async () => {
    const ended = await inBox(
      room(),
      'python3 -c "import os, signal; os.kill(0, signal.SIGCONT)"; setpriority=$(python3 -c "import os; os.setpriority(os.PRIO_PGRP, 0, 5)" 2>&1); echo "$setpriority" | tail -1',
    );
    if (starter === 'root') return;
    expect(ended.stderr).toContain('PermissionError');
    expect(ended.stdout).toContain('PermissionError');
  });

  test('writes nothing outside its workspace that lasts', async () => {
    const where = room();
    const ended = await inBox(
      where,
      `for d in / /etc /home /home/box /root /var /var/tmp /tmp /run /opt /srv ${where.folder} ${where.state}; do echo x > $d/powerbox-trace 2>/dev/null; done; echo x > ok`,
    );
    expect(ended.status).toBe(0);
    expect(existsSync(join(where.workspace, 'ok'))).toBe(true);
    for (const folder of [
      '/',
      '/etc',
      '/home',
      '/root',
      '/var',
      '/var/tmp',
      '/tmp',
      '/run',
      '/opt',
      where.folder,
      where.state,
    ]) {
      expect(existsSync(join(folder, 'powerbox-trace'))).toBe(false);
    }
  });

  test('cannot read what another owner keeps in the workspace', async () => {
    if (process.getuid?.() !== 0) return;
    const where = room();
    const path = join(where.workspace, 'of-another');
    writeFileSync(path, PROOF);
    chownSync(path, 4321, 4321);
    chmodSync(path, 0o600);
    const ended = await inBox(where, 'cat of-another; echo x >> of-another; chmod 777 of-another');
    expect(ended.stdout).toBe('');
    expect(readFileSync(path, 'utf8')).toBe(PROOF);
  });

  test.each([
    ['a stray folder', 20],
    ['a stray folder at a high number', 200],
  ])('is not given %s that its caller has open', async (_, number) => {
    const where = room();
    const driver = join(bench.dist, '../driver.mjs');
    const { specOf } = await import('../integration/box-harness.ts');
    const spec = specOf(where, { program: ['ls', '-l', '/proc/self/fd'] });
    const result = spawnSync(
      'bash',
      [
        '-c',
        `exec ${number}< "$1" 3> /dev/null; exec "$2" "$3" "$4" "$5"`,
        'bash',
        where.folder,
        process.execPath,
        driver,
        bench.dist,
        JSON.stringify(spec),
      ],
      {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
        cwd: where.folder,
        ...(starter === 'user' && process.getuid?.() === 0 ? { uid: USER_ID, gid: USER_ID } : {}),
      },
    );
    expect(result.stdout).not.toContain(where.folder);
    expect(result.stdout.match(/ -> /g)).toHaveLength(4);
  });

  test('leaves no process behind when its starter is killed, at any moment', async () => {
    const marker = `powerbox-survivor-${process.pid}-${starter}`;
    const script = `import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for f in (0, 1, 2): os.close(f)
        time.sleep(300)
        sys.exit()
time.sleep(300)`;
    const count = (): string => execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
    for (const delay of [0, 5, 15, 40, 120]) {
      const where = room();
      const id = `killed-${process.pid}-${starter}-${delay}`;
      await runBox(
        bench,
        where,
        { id, program: ['/usr/bin/python3', '-c', script, marker], limits: { pids: 50 } },
        {
          onStart: (_, child) => setTimeout(() => child.kill('SIGKILL'), delay),
        },
      );
      await expect.poll(count, { timeout: 5000 }).not.toContain(marker);
      const { sweepBox } = await import('../../src/boxes/process/sweep.ts');
      await expect.poll(() => sweepBox(id, where.state), { timeout: 5000 }).toBe(true);
      expect(existsSync(`/sys/fs/cgroup/pids/powerbox-${id}`)).toBe(false);
    }
  });

  test('leaves no process behind when its program ends', async () => {
    const marker = `powerbox-daemon-${process.pid}-${starter}`;
    const ended = await inBox(
      room(),
      `(setsid sh -c 'sleep 63; : ${marker}' >/dev/null 2>&1 &) ; sleep 0.2; ps -e | grep -c sleep`,
    );
    expect(Number(ended.stdout)).toBeGreaterThan(0);
    expect(execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })).not.toContain(marker);
  });

  test('is not started with a mount that is missing', async () => {
    const where = room();
    const ended = await runBox(bench, where, {
      program: ['true'],
      mounts: [{ source: join(where.folder, 'missing'), target: '/m', access: 'ro' }],
    });
    expect(ended.error?.code).toBe('mount-unreadable');
    expect(ended.started).toBeUndefined();
  });
});

describe('the positive controls of the deeds', () => {
  const possible = DEEDS.filter(([name]) =>
    /accounts|name of the host|set-id program$|hardware|gain by|user namespace|trace a process/.test(
      name,
    ),
  );
  test.each(possible)('without a box it can %s', (_, script) => {
    const room = bench.room(STARTERS.at(-1) ?? 'user');
    const ids = process.getuid?.() === 0 ? { uid: USER_ID, gid: USER_ID } : {};
    const { stdout } = spawnSync('sh', ['-c', script], {
      encoding: 'utf8',
      cwd: room.workspace,
      ...ids,
    });
    expect(stdout).toMatch(/done/);
  });
});
