import { chmodSync, copyFileSync, lstatSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Mount } from '../boxes/contract.ts';
import type { Kit } from '../kits/kit.ts';

const BOX_HOME = '/home/box';
/** Settings are small; anything larger is not one. */
const SETTING_BYTES_MAX = 1_048_576;

/**
 * Gives the box copies of the program's settings. Only the files that the kit names are taken, and
 * no link is followed, so that a login never comes along under another name.
 */
export function seedKitFolders(kit: Kit | null, hostHome: string, boxFolder: string): Mount[] {
  if (kit === null) return [];
  return kit.folders.map((folder, index) => {
    const source = join(boxFolder, `kit-${index}`);
    mkdirSync(source, { mode: 0o700 });
    for (const file of folder.files) {
      copySetting(join(hostHome, folder.path, file), join(source, file));
    }
    return { source, target: join(BOX_HOME, folder.path), access: 'rw' as const, guarded: false };
  });
}

function copySetting(from: string, to: string): void {
  try {
    const stat = lstatSync(from);
    if (!stat.isFile() || stat.size > SETTING_BYTES_MAX) return;
    mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
    copyFileSync(from, to);
    chmodSync(to, 0o600);
  } catch {
    // The host has no such setting.
  }
}
