import { lstatSync, readlinkSync } from 'node:fs';
import type { BoxSpec } from '../contract.ts';
import { BOX_HOME, BOX_HOSTNAME, BOX_UID, hostEtcEntries } from './etc.ts';
import { DISK_BYTES_DEFAULT } from './limits.ts';

/** Something that bubblewrap binds: where the start has put it, and where the box sees it. */
export interface Binding {
  readonly source: string;
  readonly target: string;
  readonly writable: boolean;
}

/** Folders at the root of the host that belong to the read-only system. */
const SYSTEM_LINKS: readonly string[] = ['/bin', '/lib', '/lib32', '/lib64', '/libx32', '/sbin'];

/** The arguments of bubblewrap that make the view of a box. `bindings` are applied in order. */
export function viewArguments(spec: BoxSpec, bindings: readonly Binding[]): string[] {
  if (spec.walls === 'bare') return bareView(spec, bindings);
  const size = String(spec.limits.diskBytes ?? DISK_BYTES_DEFAULT);
  const tmpfs = (path: string, mode: string): string[] => [
    '--perms',
    mode,
    '--size',
    size,
    '--tmpfs',
    path,
  ];
  return [
    ...namespaces(),
    ...['--proc', '/proc', '--dev', '/dev'],
    ...tmpfs('/dev/shm', '1777'),
    ...['--remount-ro', '/dev'],
    ...['--ro-bind', '/usr', '/usr'],
    ...systemLinks(),
    ...tmpfs('/tmp', '1777'),
    ...tmpfs('/var/tmp', '1777'),
    ...tmpfs('/run', '0755'),
    ...['--symlink', '/run', '/var/run'],
    ...tmpfs(BOX_HOME, '0700'),
    ...hostEtcEntries().flatMap((path) => hostEntry(path)),
    ...bindings.flatMap(binding),
    ...lastArguments(spec),
  ];
}

/** Not even /proc, /dev or /tmp: a box in which there is nothing to write to, and nobody to see. */
function bareView(spec: BoxSpec, bindings: readonly Binding[]): string[] {
  return [...namespaces(), ...bindings.flatMap(binding), ...lastArguments(spec)];
}

function binding({ source, target, writable }: Binding): string[] {
  return [writable ? '--bind' : '--ro-bind', source, target];
}

function lastArguments({ cwd, env }: BoxSpec): string[] {
  return [
    // What bubblewrap built to hold the mounts is not for the box to write.
    ...['--remount-ro', '/'],
    ...['--chdir', cwd],
    '--clearenv',
    ...Object.entries(env).flatMap(([name, value]) => ['--setenv', name, value]),
  ];
}

function namespaces(): string[] {
  // No --new-session: job control needs the caller's terminal. What that would protect against,
  // typing into the terminal, the system call filter refuses.
  return [
    '--unshare-user',
    '--unshare-pid',
    '--unshare-ipc',
    '--unshare-uts',
    '--unshare-cgroup',
    '--disable-userns',
    '--die-with-parent',
    ...['--cap-drop', 'ALL'],
    ...['--uid', String(BOX_UID), '--gid', String(BOX_UID)],
    ...['--hostname', BOX_HOSTNAME],
  ];
}

function systemLinks(): string[] {
  return SYSTEM_LINKS.flatMap((path) => {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return [];
    return stat.isSymbolicLink()
      ? ['--symlink', readlinkSync(path), path]
      : ['--ro-bind', path, path];
  });
}

function hostEntry(path: string): string[] {
  // A link is kept as one: its aim below /usr or /etc exists in the box, others lead nowhere.
  return lstatSync(path).isSymbolicLink()
    ? ['--symlink', readlinkSync(path), path]
    : ['--ro-bind-try', path, path];
}
