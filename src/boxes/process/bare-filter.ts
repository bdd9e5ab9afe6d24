import {
  allow,
  allowIfAnyOf,
  assemble,
  EACCES,
  EAFNOSUPPORT,
  ENOSYS,
  EPERM,
  type Instruction,
  ifAnyBit,
  ifEqual,
  ifNoBit,
  load,
  loadHigh,
  onNumber,
  prologue,
  refuse,
} from './bpf.ts';
import type { Processor } from './syscalls.ts';

/**
 * The filter of bare walls names what a running Node needs, and nothing else is let through: no
 * sockets, no new processes, no files but for reading, no signals, no memory of others. Numbers are
 * those of [x86_64, aarch64], null where the processor has no such call, from the kernel's
 * syscall_64.tbl and asm-generic/unistd.h. What is not named does not exist (ENOSYS), which
 * libraries expect of older kernels.
 */
export const ALLOWED: Readonly<Record<string, readonly [number | null, number | null]>> = {
  // Streams that are open already; files of the box, which are read only.
  read: [0, 63],
  write: [1, 64],
  readv: [19, 65],
  writev: [20, 66],
  pread64: [17, 67],
  close: [3, 57],
  lseek: [8, 62],
  fstat: [5, 80],
  stat: [4, null],
  lstat: [6, null],
  newfstatat: [262, 79],
  statx: [332, 291],
  access: [21, null],
  faccessat: [269, 48],
  faccessat2: [439, 439],
  readlink: [89, null],
  readlinkat: [267, 78],
  getcwd: [79, 17],
  shutdown: [48, 210],
  getsockname: [51, 204],
  getpeername: [52, 205],
  getsockopt: [55, 209],
  pipe2: [293, 59],
  eventfd2: [290, 19],
  epoll_create1: [291, 20],
  epoll_ctl: [233, 21],
  epoll_wait: [232, null],
  epoll_pwait: [281, 22],
  epoll_pwait2: [441, 441],
  poll: [7, null],
  ppoll: [271, 73],
  // Memory of its own.
  brk: [12, 214],
  mmap: [9, 222],
  mprotect: [10, 226],
  munmap: [11, 215],
  mremap: [25, 216],
  madvise: [28, 233],
  membarrier: [324, 283],
  pkey_mprotect: [329, 288],
  pkey_alloc: [330, 289],
  pkey_free: [331, 290],
  // Threads of its own; `clone` is looked at below.
  exit: [60, 93],
  exit_group: [231, 94],
  futex: [202, 98],
  gettid: [186, 178],
  set_tid_address: [218, 96],
  set_robust_list: [273, 99],
  rseq: [334, 293],
  arch_prctl: [158, null],
  sched_yield: [24, 124],
  sched_getaffinity: [204, 123],
  rt_sigaction: [13, 134],
  rt_sigprocmask: [14, 135],
  rt_sigreturn: [15, 139],
  sigaltstack: [131, 132],
  restart_syscall: [219, 128],
  // The start: bubblewrap becomes Node, and its process 1 waits for it.
  execve: [59, 221],
  wait4: [61, 260],
  // Questions about itself, the clock and the machine's size.
  getpid: [39, 172],
  getppid: [110, 173],
  getuid: [102, 174],
  geteuid: [107, 175],
  getgid: [104, 176],
  getegid: [108, 177],
  capget: [125, 90],
  getrusage: [98, 165],
  sysinfo: [99, 179],
  uname: [63, 160],
  getcpu: [309, 168],
  getrandom: [318, 278],
  gettimeofday: [96, 169],
  time: [201, null],
  clock_gettime: [228, 113],
  clock_getres: [229, 114],
  nanosleep: [35, 101],
  clock_nanosleep: [230, 115],
};

const CLONE_THREAD = 0x1_0000;
/** CLONE_NEW{NS,CGROUP,UTS,IPC,USER,PID,NET} */
const CLONE_NAMESPACES = 0x7e02_0000;
/** O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND and __O_TMPFILE. */
const OPEN_WRITES = 0o20003103;
/** FIONBIO, FIONREAD, FIOCLEX; whether a stream is a terminal is answered without the kernel. */
const COMMANDS = [0x5421, 0x541b, 0x5451];
const ENOTTY = 25;
/** F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC: none that sends signals. */
const FCNTL_COMMANDS = [0, 1, 2, 3, 4, 1030];
/** PR_SET_NAME, PR_GET_NAME, PR_SET_VMA: names of threads and of memory. */
const PRCTL_OPTIONS = [15, 16, 0x5356_4d41];
/** Signals with which a thread of the program ends the program: SIGILL, SIGTRAP, SIGABRT. */
const OWN_SIGNALS = [4, 5, 6];

export const CHECKED = {
  clone: [56, 220],
  ioctl: [16, 29],
  fcntl: [72, 25],
  prctl: [157, 167],
  prlimit64: [302, 261],
  open: [2, null],
  openat: [257, 56],
  tgkill: [234, 131],
  socket: [41, 198],
} as const;

export function bareFilter(target: Processor): Buffer {
  const index = target === 'x64' ? 0 : 1;
  const check = (name: keyof typeof CHECKED, body: readonly Instruction[]): Instruction[] =>
    onNumber(CHECKED[name][index], body);
  const readOnly = (flags: number): Instruction[] => [
    load(flags),
    ...ifAnyBit(OPEN_WRITES, [refuse(EACCES)]),
    allow(),
  ];
  return assemble([
    ...prologue(target),
    ...Object.values(ALLOWED).flatMap((numbers) => onNumber(numbers[index], [allow()])),
    ...check('clone', [
      load(0),
      ...ifNoBit(CLONE_THREAD, [refuse(EPERM)]),
      ...ifAnyBit(CLONE_NAMESPACES, [refuse(EPERM)]),
      allow(),
    ]),
    ...check('ioctl', [load(1), ...allowIfAnyOf(COMMANDS), refuse(ENOTTY)]),
    ...check('fcntl', [load(1), ...allowIfAnyOf(FCNTL_COMMANDS), refuse(EPERM)]),
    ...check('prctl', [load(0), ...allowIfAnyOf(PRCTL_OPTIONS), refuse(EPERM)]),
    ...check('prlimit64', onlyAsks()),
    ...check('open', readOnly(1)),
    ...check('openat', readOnly(2)),
    ...check('tgkill', [load(2), ...allowIfAnyOf(OWN_SIGNALS), refuse(EPERM)]),
    ...check('socket', [refuse(EAFNOSUPPORT)]),
    refuse(ENOSYS),
  ]);
}

/** Limits may be asked for, and not set: the third argument points to new ones. */
function onlyAsks(): Instruction[] {
  return [
    loadHigh(2),
    ...ifEqual(0, [load(2), ...ifEqual(0, [allow()]), refuse(EPERM)]),
    refuse(EPERM),
  ];
}
