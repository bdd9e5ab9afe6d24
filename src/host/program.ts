import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
import { PowerboxError } from '../wire/errors.ts';
import { INSIDE_NAME } from './inside-command.ts';
import { type WantedMount, within } from './mounts.ts';

/** The PATH of every box; folders of mounted programs are put in front of it. */
const BOX_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** What every box sees of the host, read-only. */
const SYSTEM = ['/usr', '/bin', '/sbin', '/lib', '/lib64'];

export interface FoundProgram {
  /** Read-only mounts without which the box could not start it. */
  readonly mounts: readonly WantedMount[];
  /** PATH in the box. */
  readonly path: string;
  /** What to start: the program as it was asked for, or the file that its link leads to. */
  readonly program: string;
}

/**
 * Makes sure that the box will find its program. One that lies outside what the box sees is
 * mounted when `bring` is set (kits do), else refused with the mount that would bring it. Throws
 * `program-missing`.
 */
export function findProgram(
  program: string,
  hostPath: string,
  cwd: string,
  mounts: readonly WantedMount[],
  bring: boolean,
): FoundProgram {
  const visible = (path: string) =>
    SYSTEM.some((folder) => within(path, folder)) ||
    mounts.some((mount) => within(path, mount.target));
  if (program.includes('/')) return findByPath(program, cwd, mounts, visible);
  // The box's own command, whatever the host has under that name.
  if (program === INSIDE_NAME) return { mounts: [], path: BOX_PATH, program };
  const candidates = search(program, `${hostPath}${delimiter}${BOX_PATH}`);
  const seen = candidates.find((path) => visible(path) && visible(realpathSync(path)));
  if (seen !== undefined) return { mounts: [], path: pathWith(dirname(seen)), program };
  const found = candidates[0];
  if (found === undefined) {
    throw new PowerboxError(
      'program-missing',
      `Cannot run "${program}": there is no such program on PATH.`,
    );
  }
  const real = realpathSync(found);
  const needed = bringing(real);
  if (!bring) {
    throw new PowerboxError(
      'program-missing',
      `Cannot run "${program}": ${found} is not visible in the box.`,
      {
        hint: `Add ${needed.map((mount) => `--mount ${mount.source}`).join(' ')}.`,
      },
    );
  }
  // The box has no link at the place where this was found; what it leads to knows its own place.
  const linked = !needed.some((mount) => within(found, mount.target));
  return {
    mounts: needed,
    path: pathWith(dirname(found), dirname(process.execPath)),
    program: linked ? real : program,
  };
}

function findByPath(
  program: string,
  cwd: string,
  mounts: readonly WantedMount[],
  visible: (path: string) => boolean,
): FoundProgram {
  const path = isAbsolute(program) ? program : resolve(cwd, program);
  if (!visible(path)) {
    throw new PowerboxError(
      'program-missing',
      `Cannot run ${path}: it is not visible in the box.`,
      {
        hint: `Add --mount ${dirname(path)}.`,
      },
    );
  }
  const mount = mounts.find((candidate) => within(path, candidate.target));
  const onHost = mount === undefined ? path : join(mount.source, path.slice(mount.target.length));
  if (!isExecutable(onHost)) {
    throw new PowerboxError(
      'program-missing',
      `Cannot run ${program}: it is not an executable file.`,
    );
  }
  return { mounts: [], path: BOX_PATH, program };
}

/** Every file of that name on a PATH, in order. */
function search(program: string, path: string): string[] {
  return path
    .split(delimiter)
    .filter((folder) => isAbsolute(folder))
    .map((folder) => join(folder, program))
    .filter(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** An npm prefix comes whole, with the node beside it; any other program comes as its own file. */
function bringing(real: string): WantedMount[] {
  const sources = new Set<string>();
  const global = real.indexOf('/lib/node_modules/');
  const local = real.lastIndexOf('/node_modules/');
  if (global !== -1) sources.add(real.slice(0, global));
  else if (local !== -1) sources.add(real.slice(0, local + '/node_modules'.length));
  else sources.add(real);
  if (local !== -1 && !SYSTEM.some((folder) => within(process.execPath, folder))) {
    sources.add(process.execPath);
  }
  return [...sources].map((source) => ({ source, target: source, access: 'ro' }));
}

function pathWith(...folders: readonly string[]): string {
  const known = BOX_PATH.split(':');
  const added = [...new Set(folders)].filter((folder) => !known.includes(folder));
  return [...added, BOX_PATH].join(':');
}
