import type { Requirement } from './requirement.ts';

/** What a box can do to the machine and its files. */
export const BOX: readonly Requirement[] = [
  {
    id: 'G1',
    promise:
      'A box has user, mount, pid, ipc, uts, cgroup and network namespaces of its own, no capability, and can gain none.',
    verifiedBy: [
      ['test/integration/box-start.test.ts', 'is an ordinary user without capabilities'],
      ['test/hostile/box-walls.test.ts', 'sees and reaches no process of the host'],
    ],
  },
  {
    id: 'G2',
    promise: 'Started by root, a box never runs as host uid 0, nor as the uid of another box.',
    verifiedBy: [['test/integration/box-start.test.ts', 'on an own host uid']],
  },
  {
    id: 'G3',
    promise:
      'The system calls that open kernel attack surface (ptrace, mounts, namespaces, keys, bpf, perf, io_uring, userfaultfd, kexec, modules, handles, raw, packet, netlink and vsock sockets) are refused.',
    verifiedBy: [
      ['test/hostile/box-system-calls.test.ts', 'are refused, each one that the filter names'],
      ['test/hostile/box-system-calls.test.ts', 'the positive control'],
    ],
  },
  {
    id: 'G4',
    promise:
      'No file descriptor of the starter but the three standard streams reaches the box, and none of those is a folder.',
    verifiedBy: [['test/hostile/box-walls.test.ts', 'cannot %s']],
  },
  {
    id: 'G5',
    promise: 'The box cannot push characters into the terminal that it shares with the person.',
    verifiedBy: [['test/integration/box-terminal.test.ts', 'cannot be typed into by the program']],
  },
  {
    id: 'G6',
    promise:
      'Nothing of a box survives its end, or the kill -9 of the command line that started it.',
    verifiedBy: [
      ['test/hostile/box-walls.test.ts', 'leaves no process behind when its starter is killed'],
      ['test/integration/cli-run.test.ts', 'that was killed with its starter is told of, once'],
    ],
  },
  {
    id: 'G7',
    promise:
      'Memory, processes, processors and space are bounded where they were asked to be, and `powerbox inspect` says how.',
    verifiedBy: [
      ['test/integration/box-limits.test.ts', 'the limits of a box started by'],
      ['test/integration/cli-run.test.ts', 'is listed, entered, read and stopped'],
    ],
  },
  {
    id: 'G8',
    promise:
      'Of a workspace that a box may write, it can write neither the hooks and settings of the git repositories that are there when it starts, nor powerbox.json, nor editor and shell start-up files; it cannot put them there where they are missing, nor others in the place of the folders that they lie in.',
    verifiedBy: [
      ['test/integration/box-protect.test.ts', 'is guarded where there was none'],
      ['test/integration/box-protect.test.ts', 'cannot %s'],
      ['test/integration/box-protect.test.ts', 'is guarded as a bare one'],
      ['test/integration/box-protect.test.ts', 'shows no file of the host'],
      ['test/integration/box-protect.test.ts', 'works with git as before'],
    ],
  },
  {
    id: 'G9',
    promise:
      'Secret files of the workspace, as they are when the box starts, are seen with their values replaced by placeholders of the same length.',
    verifiedBy: [
      ['test/integration/cli-run.test.ts', 'masks .env files'],
      ['src/vault/env-file.test.ts', 'keeps the length and the names, and no run of a value'],
    ],
  },
  {
    id: 'G10',
    promise: 'No mount can expose the vault or the state folder.',
    verifiedBy: [
      ['src/host/mounts.test.ts', 'refuses %s'],
      ['test/integration/cli-bad-input.test.ts', 'a workspace that holds the state folder'],
    ],
  },
  {
    id: 'G11',
    promise:
      "Taking a copy's changes into the real folder never follows a link that the box made, and never overwrites what the host has changed meanwhile.",
    verifiedBy: [
      ['test/integration/box-copy.test.ts', 'follows no link when it applies'],
      ['test/integration/box-copy.test.ts', 'refuses what the host changed meanwhile'],
    ],
  },
  {
    id: 'G26',
    promise:
      'A masked or guarded file that a program of the host replaces while the box runs is covered again, or the box is stopped.',
    verifiedBy: [
      ['test/hostile/replaced-files.test.ts', 'and that holds secrets is not seen in its new form'],
      ['test/hostile/replaced-files.test.ts', 'ends the box, since a link cannot be covered'],
    ],
  },
];
