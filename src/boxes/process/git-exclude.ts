import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { at, holdFolder, release, within } from './held-folder.ts';
import { EXCLUDE_BYTES_MAX } from './limits.ts';
import type { Guards } from './protect.ts';

/**
 * The repository's own list of ignored names with the stand-ins added, as the box is to see it;
 * undefined where there is none. A box may have written the list: it is read only where it is a
 * plain file of a bounded size that no link leads to, or the box would be shown a file of the host.
 */
export function excludeWith(root: string, guards: Guards): string | undefined {
  if (!guards.pinned.includes('.git')) return undefined;
  const own = readExclude(root);
  if (own === undefined) return undefined;
  const names = guards.missing.filter(({ path }) => !path.startsWith('.git/'));
  return `${own.replace(/\n?$/, '\n')}${names.map(({ path }) => `/${path}\n`).join('')}`;
}

function readExclude(root: string): string | undefined {
  const held = holdFolder(root);
  try {
    return within(held, ['.git', 'info'], (folder) => {
      const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
      const fd = openSync(at(folder, 'exclude'), flags);
      try {
        const stat = fstatSync(fd);
        if (!stat.isFile() || stat.size > EXCLUDE_BYTES_MAX) return undefined;
        return readFileSync(fd, 'utf8');
      } finally {
        closeSync(fd);
      }
    });
  } catch {
    return undefined;
  } finally {
    release(held);
  }
}
