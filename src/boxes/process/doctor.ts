import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeControlGroups } from './cgroup.ts';
import { nameless } from './nameless.ts';
import { namespaceSteps } from './namespaces.ts';
import { addressSteps, redirectSteps } from './network.ts';
import { call, encodePlan, processor, type Step, step } from './plan.ts';
import { PERL, PLAYER, PLAYER_ENVIRONMENT } from './program.ts';
import { seccompFilter } from './seccomp.ts';
import { overlay, privateMounts, takeMount } from './stage.ts';

/** One thing that boxes need of a machine, tried and not merely looked up. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** False where boxes start without it and only do less. */
  readonly needed: boolean;
  readonly found: string;
  /** The command that mends it. */
  readonly mend?: string;
}

const BUBBLEWRAP = '/usr/bin/bwrap';
const MEND_NAMESPACES =
  'sysctl -w kernel.unprivileged_userns_clone=1 user.max_user_namespaces=15000 kernel.apparmor_restrict_unprivileged_userns=0';

/** Tries everything that a box is made of. Takes a tenth of a second and changes nothing. */
export async function diagnose(): Promise<Check[]> {
  const folder = mkdtempSync(join(tmpdir(), 'powerbox-doctor-'));
  try {
    return [
      program('perl', PERL, ['-e', 'print $^V'], 'apt-get install perl-base'),
      program('bubblewrap', BUBBLEWRAP, ['--version'], 'apt-get install bubblewrap'),
      processorCheck(),
      ...(existsSync(PERL) && isKnownProcessor() ? kernelChecks(folder) : []),
      await controlGroups(),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function kernelChecks(folder: string): Check[] {
  const uid = process.getuid?.() ?? 0;
  const own = namespaceSteps(uid, process.getgid?.() ?? 0);
  const needed = (name: string, steps: readonly Step[], mend: string): Check =>
    probe(folder, name, steps, true, mend);
  const checks = [
    needed('user namespaces', own, MEND_NAMESPACES),
    boxCheck(folder),
    needed(
      'a network in which every address is local',
      [...own, ...addressSteps()],
      'modprobe ipv6',
    ),
    probe(
      folder,
      'transparent proxying of every port (nf_tables, tproxy)',
      [...own, ...addressSteps(), ...redirectSteps(true)],
      false,
      'modprobe -a nf_tables nft_tproxy',
    ),
    probe(
      folder,
      'copies (overlay in a user namespace)',
      [...own, ...copySteps(folder)],
      false,
      'modprobe overlay',
    ),
  ];
  if (uid !== 0) return checks;
  const mapped = [...privateMounts(), ...takeMount('probe', folder, 0x7000_0000)];
  const mend =
    'use a kernel of 5.12 or later and a file system such as ext4, xfs or btrfs, or start as an ordinary user';
  return [...checks, needed('mounts that map owners, for boxes that root starts', mapped, mend)];
}

function copySteps(folder: string): Step[] {
  const at = (name: string): string => join(folder, name);
  for (const name of ['lower', 'upper', 'work', 'merged']) mkdirSync(at(name));
  return [overlay(at('lower'), at('upper'), at('work'), at('merged'))];
}

/** Runs a plan to its end in a process of its own. */
function probe(
  folder: string,
  name: string,
  steps: readonly Step[],
  needed: boolean,
  mend: string,
): Check {
  const plan = nameless(folder, encodePlan([...steps, step('exec', '/bin/true')], processor()));
  try {
    const { status, stderr } = spawnSync(PERL, [PLAYER, '3'], {
      env: PLAYER_ENVIRONMENT,
      stdio: ['ignore', 'ignore', 'pipe', plan],
      encoding: 'utf8',
    });
    if (status === 0) return { name, ok: true, needed, found: 'works' };
    return { name, ok: false, needed, found: firstLine(stderr).replace(/^powerbox: /, ''), mend };
  } finally {
    closeSync(plan);
  }
}

/** A whole box, as an ordinary user: /proc, the filter and the nested namespaces together. */
function boxCheck(folder: string): Check {
  const name = 'a box (bubblewrap with /proc, nested namespaces and the filter)';
  const filter = nameless(folder, seccompFilter(processor(), { sharesUser: true }));
  const plan = nameless(
    folder,
    encodePlan(
      [
        ...(process.getuid?.() === 0
          ? [
              call('drop groups', 'setgroups', 0, 0),
              call('drop the group', 'setresgid', 65534, 65534, 65534),
              call('drop the user', 'setresuid', 65534, 65534, 65534),
            ]
          : []),
        step('exec', BUBBLEWRAP, ...boxArguments()),
      ],
      processor(),
    ),
  );
  try {
    const { status, stderr } = spawnSync(PERL, [PLAYER, '3'], {
      env: PLAYER_ENVIRONMENT,
      stdio: ['ignore', 'ignore', 'pipe', plan, filter],
      encoding: 'utf8',
      cwd: '/',
    });
    if (status === 0) return { name, ok: true, needed: true, found: 'works' };
    return { name, ok: false, needed: true, found: firstLine(stderr), mend: MEND_NAMESPACES };
  } finally {
    closeSync(plan);
    closeSync(filter);
  }
}

function boxArguments(): string[] {
  return [
    ...['--unshare-all', '--unshare-user', '--disable-userns', '--die-with-parent'],
    ...['--ro-bind', '/', '/', '--proc', '/proc', '--dev', '/dev', '--tmpfs', '/tmp'],
    ...['--uid', '1000', '--gid', '1000', '--cap-drop', 'ALL', '--seccomp', '4', '/bin/true'],
  ];
}

async function controlGroups(): Promise<Check> {
  const groups = makeControlGroups(`doctor-${process.pid}`, {
    memoryBytes: 2 ** 26,
    cpus: 1,
    pids: 16,
  });
  await groups.remove();
  const missing = (['memory', 'cpu', 'pids'] as const).filter((name) => !groups.keeps.has(name));
  const name = 'control groups for memory, processors and processes';
  if (missing.length === 0) {
    return { name, ok: true, needed: false, found: `works (cgroup v${groups.version})` };
  }
  return {
    name,
    ok: false,
    needed: false,
    found: `not to be had here: ${missing.join(', ')}; rlimits are used instead`,
    mend: 'systemd-run --user --scope -p Delegate=yes powerbox run …',
  };
}

function program(name: string, path: string, args: readonly string[], mend: string): Check {
  const { status, stdout } = spawnSync(path, args, { encoding: 'utf8', env: PLAYER_ENVIRONMENT });
  if (status === 0) return { name, ok: true, needed: true, found: `${path} ${firstLine(stdout)}` };
  return { name, ok: false, needed: true, found: `${path} is missing or does not run`, mend };
}

function processorCheck(): Check {
  const ok = isKnownProcessor();
  return {
    name: 'processor',
    ok,
    needed: true,
    found: process.arch,
    ...(ok ? {} : { mend: 'use a machine with an x86_64 or aarch64 processor' }),
  };
}

function isKnownProcessor(): boolean {
  return process.arch === 'x64' || process.arch === 'arm64';
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0] ?? '';
}
