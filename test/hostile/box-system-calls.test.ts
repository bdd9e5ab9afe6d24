import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { processor } from '../../src/boxes/process/plan.ts';
import { REFUSED, UNKNOWN } from '../../src/boxes/process/seccomp.ts';
import { type SystemCall, systemCallNumber } from '../../src/boxes/process/syscalls.ts';
import { type Bench, openBench, runBox, STARTERS } from '../integration/box-harness.ts';

let bench: Bench;
beforeAll(() => {
  bench = openBench();
});
afterAll(() => bench.close());

const number = (name: SystemCall): number | null => systemCallNumber(name, processor());
const perl = (lines: readonly string[]): string[] => ['/usr/bin/perl', '-e', lines.join('\n')];
/** Prints `name errno` for a call; arguments are numbers that make it harmless where it is let in. */
const attempt = (name: string, nr: number, args: readonly (number | string)[]): string =>
  `{ my @a = (${args.map((a) => (typeof a === 'string' ? JSON.stringify(a) : a)).join(', ')}); $! = 0; my $r = syscall(${nr}, @a); print "${name} ", ($r == -1 ? $! + 0 : 0), "\\n"; }`;
const results = (text: string): Record<string, number> =>
  Object.fromEntries(
    text
      .trim()
      .split('\n')
      .map((line) => [line.split(' ')[0], Number(line.split(' ')[1])]),
  );

const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;
const ARGUMENTS = [-1, -1, -1, -1, -1, -1];

// Cases that depend on arguments: what is tried, and the errno in a box.
const CASES: readonly [string, SystemCall, readonly (number | string)[], number][] = [
  ['clone-new-user', 'clone', [0x1000_0000, 0, 0, 0, 0], EPERM],
  ['clone-new-net', 'clone', [0x4000_0000, 0, 0, 0, 0], EPERM],
  ['ioctl-TIOCSTI', 'ioctl', [-1, 0x5412, 0], EPERM],
  ['ioctl-TIOCLINUX', 'ioctl', [-1, 0x541c, 0], EPERM],
  ['ioctl-TIOCSTI-high-bits', 'ioctl', [-1, 0x1_0000_5412, 0], EPERM],
  ['personality', 'personality', [0x0200_0000], EPERM],
  ['socket-netlink', 'socket', [16, 3, 0], EAFNOSUPPORT],
  ['socket-packet', 'socket', [17, 3, 0], EAFNOSUPPORT],
  ['socket-vsock', 'socket', [40, 1, 0], EAFNOSUPPORT],
  ['socket-alg', 'socket', [38, 5, 0], EAFNOSUPPORT],
  ['socket-raw', 'socket', [2, 3, 1], EAFNOSUPPORT],
  ['socket-raw6', 'socket', [10, 3, 58], EAFNOSUPPORT],
  ['socket-packet-type', 'socket', [2, 10, 0], EAFNOSUPPORT],
  ['socketpair-inet', 'socketpair', [2, 1, 0, 0], EAFNOSUPPORT],
  ['fchmod-setuid', 'fchmod', [-1, 0o4755], EPERM],
  ['fchmodat-setgid', 'fchmodat', [-1, 'x', 0o2755], EPERM],
  ['fchmodat2-setuid', 'fchmodat2', [-1, 'x', 0o4755, 0], EPERM],
  ['openat-setuid', 'openat', [-1, 'x', 0o101, 0o4755], EPERM],
  ['openat-tmpfile-setuid', 'openat', [-1, '.', 0o20200002, 0o4755], EPERM],
  ['mknodat-setuid', 'mknodat', [-1, 'x', 0o104755, 0], EPERM],
];

describe.each(STARTERS)('the system calls of a box started by %s', (starter) => {
  const present = (names: readonly SystemCall[]): SystemCall[] =>
    names.filter((name) => number(name) !== null);

  test('are refused, each one that the filter names', async () => {
    const script = perl(
      present([...REFUSED, ...UNKNOWN]).map((name) => attempt(name, number(name) ?? -1, ARGUMENTS)),
    );
    const ended = await runBox(bench, bench.room(starter), { program: script });
    expect(ended).toMatchObject({ status: 0, stderr: '' });
    const expected = Object.fromEntries([
      ...present(REFUSED).map((name) => [name, EPERM]),
      ...present(UNKNOWN).map((name) => [name, ENOSYS]),
    ]);
    expect(results(ended.stdout)).toEqual(expected);
  });

  test('are refused by their arguments', async () => {
    const cases = CASES.filter(([, name]) => number(name) !== null);
    const script = perl([
      ...cases.map(([title, name, args]) => attempt(title, number(name) ?? -1, args)),
    ]);
    const ended = await runBox(bench, bench.room(starter), { program: script });
    expect(ended).toMatchObject({ status: 0, stderr: '' });
    expect(results(ended.stdout)).toEqual(
      Object.fromEntries(cases.map(([title, , , errno]) => [title, errno])),
    );
  });

  test('that programs need are let in', async () => {
    const ended = await runBox(bench, bench.room(starter), {
      program: ['/usr/bin/python3', '-c', NEEDED],
    });
    expect(ended).toMatchObject({
      status: 0,
      stderr: '',
      stdout: 'thread\nchild\npool [1, 4]\nok\n',
    });
  });
});

// The same calls without the filter: were they refused there as well, the tests above would prove
// nothing. Only those that are harmless with such arguments, and may be had by this user.
test('the positive control: without a box the same calls are not refused like this', () => {
  const harmless: SystemCall[] = [
    'ptrace',
    'process_vm_readv',
    'kcmp',
    'unshare',
    'setns',
    'keyctl',
    'add_key',
    'request_key',
    'bpf',
    'io_uring_setup',
    'io_uring_enter',
    'io_uring_register',
    'userfaultfd',
    'clone3',
    'openat2',
    'name_to_handle_at',
  ];
  const script = perl([
    ...harmless.map((name) => attempt(name, number(name) ?? -1, ARGUMENTS)),
    ...CASES.filter(([title]) =>
      /^(socket-(netlink|vsock)|socketpair|ioctl|personality|fchmod|openat|mknodat)/.test(title),
    ).map(([title, name, args]) => attempt(title, number(name) ?? -1, args)),
  ]);
  const [program = '', ...args] = script;
  const found = results(execFileSync(program, args, { encoding: 'utf8' }));
  const refusedAlike = Object.entries(found)
    .filter(
      ([name, errno]) =>
        errno === EPERM ||
        errno === ENOSYS ||
        (name.startsWith('socket-') && errno === EAFNOSUPPORT),
    )
    .map(([name]) => name);
  expect(refusedAlike).toEqual([]);
});

const NEEDED = `
import threading, subprocess, multiprocessing, socket, os
t = threading.Thread(target=lambda: print('thread', flush=True)); t.start(); t.join()
print(subprocess.run(['echo', 'child'], capture_output=True, text=True).stdout, end='', flush=True)
def square(n): return n * n
with multiprocessing.Pool(2) as pool: print('pool', pool.map(square, [1, 2]), flush=True)
a, b = socket.socketpair(); socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); socket.socket(socket.AF_INET6, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
open('f', 'w'); os.chmod('f', 0o755); os.mkdir('d', 0o1777)
print('ok')
`;
