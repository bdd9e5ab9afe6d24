import { type Dirent, lstatSync, readdirSync } from 'node:fs';
import { PowerboxError } from '../../wire/errors.ts';

/**
 * The entries of a folder of the host that is searched before a box may see it. A folder that is
 * gone, and one of somebody else that this user may not read, has none: the box, which is no more
 * than this user, cannot read it either. One's own closed folder is refused with
 * `mount-unreadable`: a box could open it again, and what lies in it would be neither masked nor
 * guarded.
 */
export function readFolder(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    const owner = lstatSync(path, { throwIfNoEntry: false })?.uid;
    if (code === 'EACCES' && owner !== process.getuid?.()) return [];
    throw new PowerboxError(
      'mount-unreadable',
      `Cannot search ${path} for secret files and repositories: it cannot be read (${code}).`,
      { hint: `Run \`chmod u+rx ${path}\`, or mount a folder without it.` },
    );
  }
}
