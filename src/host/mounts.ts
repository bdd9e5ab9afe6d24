import { realpathSync, statSync } from 'node:fs';
import { isAbsolute, relative, resolve } from 'node:path';
import type { Access, Mount } from '../boxes/contract.ts';
import type { Home } from '../store/home.ts';
import { PowerboxError } from '../wire/errors.ts';

/** A mount as it was asked for: paths resolved and checked, no copy folder chosen yet. */
export type WantedMount = Omit<Mount, 'copyDir'>;

/** Kernel interfaces that would open the host to the box. */
const KERNEL = ['/proc', '/sys', '/dev', '/run'];
/** Places in the box that Powerbox itself builds. */
const BUILT = [
  '/',
  '/bin',
  '/dev',
  '/etc',
  '/lib',
  '/lib64',
  '/proc',
  '/run',
  '/sbin',
  '/sys',
  '/tmp',
  '/usr',
];

/** Reads `SRC[:DST][:ro|rw|copy]`. Without an access it is `ro`, without DST its own path. */
export function parseMount(text: string, cwd: string, home: Home): WantedMount {
  const parts = text.split(':');
  let access: Access = 'ro';
  const last = parts.at(-1);
  if (parts.length > 1 && (last === 'ro' || last === 'rw' || last === 'copy')) {
    access = last;
    parts.pop();
  }
  if (parts.length > 2 || parts[0] === '' || parts[1] === '') {
    throw new PowerboxError(
      'usage',
      `Cannot read the mount "${text}": it is not SRC[:DST][:ro|rw|copy].`,
    );
  }
  const source = resolve(cwd, parts[0] as string);
  const target = parts[1] ?? source;
  if (!isAbsolute(target)) {
    throw new PowerboxError(
      'usage',
      `Cannot read the mount "${text}": the path in the box is not absolute.`,
    );
  }
  return checkMount({ source, target: resolve(target), access }, home);
}

export function workspaceMount(cwd: string, access: Access, home: Home): WantedMount {
  return checkMount({ source: cwd, target: cwd, access }, home);
}

function checkMount(mount: WantedMount, home: Home): WantedMount {
  let source: string;
  try {
    source = realpathSync(mount.source);
    const stat = statSync(source);
    if (!stat.isDirectory() && !stat.isFile()) throw new Error('not a file or folder');
    if (mount.access === 'copy' && !stat.isDirectory())
      throw new Error('only a folder can be a copy');
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    throw new PowerboxError('mount-unreadable', `Cannot mount ${mount.source}: ${why}.`);
  }
  if (within(home.root, source) || within(source, home.root)) {
    throw new PowerboxError(
      'mount-exposes-state',
      `Cannot mount ${source}: the box would see the state folder ${home.root}.`,
      { hint: 'Run in a project folder, or set POWERBOX_HOME to a folder elsewhere.' },
    );
  }
  if (source === '/' || KERNEL.some((path) => within(source, path))) {
    throw new PowerboxError(
      'mount-exposes-state',
      `Cannot mount ${source}: it would open the host itself to the box.`,
      {
        hint: 'Mount the folder that the program needs.',
      },
    );
  }
  if (
    BUILT.includes(mount.target) ||
    ['/proc', '/sys', '/dev'].some((path) => within(mount.target, path))
  ) {
    throw new PowerboxError(
      'usage',
      `Cannot mount at ${mount.target}: the box has its own there.`,
      {
        hint: 'Choose another path in the box: --mount SRC:DST.',
      },
    );
  }
  return { ...mount, source };
}

/** True when `path` is `folder` or lies below it. */
export function within(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === '' || (way !== '..' && !way.startsWith('../') && !isAbsolute(way));
}
