import {
  allow,
  allowIfAnyOf,
  assemble,
  EAFNOSUPPORT,
  ENOSYS,
  EPERM,
  type Instruction,
  ifAnyBit,
  ifEqual,
  ifNoBit,
  load,
  mask,
  onNumber,
  prologue,
  refuse,
  refuseIfAnyOf,
} from './bpf.ts';
import { type Processor, type SystemCall, systemCallNumber } from './syscalls.ts';

/**
 * The system call filter of a box, as classic BPF (seccomp(2)). It takes away what leads to more
 * authority or to large, rarely used parts of the kernel. The kernel itself truncates the arguments
 * that are compared here (ioctl's command, socket's domain and type, file modes) to 32 bits or less.
 */

/** Refused with EPERM whatever their arguments are. */
// biome-ignore format: the calls are grouped by the reason for their refusal.
export const REFUSED: readonly SystemCall[] = [
  // Other processes' memory and descriptors.
  'ptrace', 'process_vm_readv', 'process_vm_writev', 'process_madvise', 'kcmp', 'pidfd_getfd',
  // Mounts and roots.
  'mount', 'umount2', 'pivot_root', 'chroot', 'move_mount', 'open_tree', 'open_tree_attr', 'fsopen',
  'fsconfig', 'fsmount', 'fspick', 'mount_setattr',
  // Namespaces; clone is looked at below.
  'unshare', 'setns',
  // Keys of the kernel are not divided by user namespaces.
  'add_key', 'request_key', 'keyctl',
  // Programs and counters in the kernel.
  'bpf', 'perf_event_open', 'userfaultfd', 'io_uring_setup', 'io_uring_enter', 'io_uring_register',
  // Files by handle pass by every mount.
  'open_by_handle_at', 'name_to_handle_at', 'fanotify_init',
  // The machine itself.
  'kexec_load', 'kexec_file_load', 'init_module', 'finit_module', 'delete_module', 'create_module',
  'query_module', 'get_kernel_syms', 'reboot', 'swapon', 'swapoff', 'acct', 'syslog', 'quotactl',
  'quotactl_fd', 'iopl', 'ioperm', 'settimeofday', 'clock_settime', 'clock_adjtime', 'adjtimex',
  'sethostname', 'setdomainname', 'vhangup', 'lookup_dcookie', 'nfsservctl', 'uselib', 'ustat',
  'sysfs', '_sysctl',
];

/**
 * Answered with ENOSYS, so that programs fall back to a call that can be looked at: the flags of
 * clone3 and openat2 lie in memory, where no filter sees them.
 */
export const UNKNOWN: readonly SystemCall[] = ['clone3', 'openat2'];

/** CLONE_NEW{NS,CGROUP,UTS,IPC,USER,PID,NET} */
const CLONE_NAMESPACES = 0x7e02_0000;
const TERMINAL_COMMANDS = [0x5412, 0x541c, 0x541d]; // TIOCSTI, TIOCLINUX, TIOCCONS
const PERSONALITIES = [0, 0xffff_ffff, 0x0004_0000]; // PER_LINUX, a question, ADDR_NO_RANDOMIZE
const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_SEQPACKET = 5;
const SET_ID_BITS = 0o6000;
/** O_CREAT and __O_TMPFILE: the flags with which open(2) reads its mode. */
const OPEN_MAKES = 0o100 | 0o20000000;

export interface FilterOptions {
  /**
   * Whether the box runs as the caller's own uid. Such a box is in the caller's process group, for
   * the terminal's sake, and could otherwise send the group's other members signals.
   */
  readonly sharesUser: boolean;
}

/** The filter for a processor: 8 bytes an instruction, as `bwrap --seccomp` reads it. */
export function seccompFilter(target: Processor, options: FilterOptions): Buffer {
  const instructions = [
    ...prologue(target),
    ...refusals(target),
    ...cloneCheck(target),
    ...onCall(target, 'ioctl', [load(1), ...refuseIfAnyOf(TERMINAL_COMMANDS, EPERM), allow()]),
    ...onCall(target, 'personality', [load(0), ...allowIfAnyOf(PERSONALITIES), refuse(EPERM)]),
    ...onCall(target, 'socket', socketCheck()),
    ...onCall(target, 'socketpair', [load(0), ...allowIfAnyOf([AF_UNIX]), refuse(EAFNOSUPPORT)]),
    ...modeChecks(target),
    ...(options.sharesUser ? groupChecks(target) : []),
    allow(),
  ];
  return assemble(instructions);
}

function refusals(target: Processor): Instruction[] {
  return [
    ...REFUSED.flatMap((name) => onCall(target, name, [refuse(EPERM)])),
    ...UNKNOWN.flatMap((name) => onCall(target, name, [refuse(ENOSYS)])),
  ];
}

function cloneCheck(target: Processor): Instruction[] {
  const check = [load(0), ...ifAnyBit(CLONE_NAMESPACES, [refuse(EPERM)])];
  return onCall(target, 'clone', [...check, allow()]);
}

function socketCheck(): Instruction[] {
  const type = [load(1), mask(0xf)];
  const internet = [...type, ...allowIfAnyOf([SOCK_STREAM, SOCK_DGRAM]), refuse(EAFNOSUPPORT)];
  const unix = [
    ...type,
    ...allowIfAnyOf([SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET]),
    refuse(EAFNOSUPPORT),
  ];
  return [
    load(0),
    ...ifEqual(AF_UNIX, unix),
    ...ifEqual(AF_INET, internet),
    ...ifEqual(AF_INET6, internet),
    refuse(EAFNOSUPPORT),
  ];
}

/**
 * A box's files belong on disk to the owner of the workspace; with a set-id bit they would lend
 * that owner's authority to whoever runs them on the host.
 */
function modeChecks(target: Processor): Instruction[] {
  const mode = (index: number): Instruction[] => [
    load(index),
    ...ifAnyBit(SET_ID_BITS, [refuse(EPERM)]),
    allow(),
  ];
  const opens = (flags: number): Instruction[] => [
    load(flags),
    ...ifNoBit(OPEN_MAKES, [allow()]),
    ...mode(flags + 1),
  ];
  return [
    ...onCall(target, 'chmod', mode(1)),
    ...onCall(target, 'fchmod', mode(1)),
    ...onCall(target, 'fchmodat', mode(2)),
    ...onCall(target, 'fchmodat2', mode(2)),
    ...onCall(target, 'creat', mode(1)),
    ...onCall(target, 'mknod', mode(1)),
    ...onCall(target, 'mknodat', mode(2)),
    ...onCall(target, 'open', opens(1)),
    ...onCall(target, 'openat', opens(2)),
  ];
}

/** Refuses what reaches every process of the caller's group, which has no number in the box. */
function groupChecks(target: Processor): Instruction[] {
  const unless = (argument: number, value: number): Instruction[] => [
    load(argument),
    ...refuseIfAnyOf([value], EPERM),
    allow(),
  ];
  const PIDFD_SIGNAL_PROCESS_GROUP = 4;
  return [
    ...onCall(target, 'kill', unless(0, 0)),
    ...onCall(target, 'pidfd_send_signal', [
      load(3),
      ...ifAnyBit(PIDFD_SIGNAL_PROCESS_GROUP, [refuse(EPERM)]),
      allow(),
    ]),
    ...onCall(target, 'setpriority', unless(0, 1)), // PRIO_PGRP
    ...onCall(target, 'ioprio_set', unless(0, 2)), // IOPRIO_WHO_PGRP
  ];
}

function onCall(target: Processor, name: SystemCall, body: readonly Instruction[]): Instruction[] {
  return onNumber(systemCallNumber(name, target), body);
}
