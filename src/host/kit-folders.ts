import { lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Mount } from '../boxes/contract.ts';
import type { BoundSecret } from '../egress/protocol.ts';
import type { Kit } from '../kits/kit.ts';
import { holdsCredential } from '../kits/settings.ts';
import { madeContent } from '../kits/use-kit.ts';

const BOX_HOME = '/home/box';
/** Settings are small; anything larger is not one. */
const SETTING_BYTES_MAX = 1_048_576;

/**
 * Gives the box copies of the program's settings. Only the files that the kit names are taken, and
 * no link is followed, so that a login never comes along under another name; settings that hold a
 * credential stay behind. Files that the kit makes hold the placeholder of the box's own secret.
 */
export function seedKitFolders(
  kit: Kit | null,
  hostHome: string,
  boxFolder: string,
  bound: readonly BoundSecret[],
): Mount[] {
  if (kit === null) return [];
  return kit.folders.map((folder, index) => {
    const source = join(boxFolder, `kit-${index}`);
    mkdirSync(source, { mode: 0o700 });
    for (const file of folder.files) {
      copySetting(join(hostHome, folder.path, file), join(source, file), bound);
    }
    for (const file of folder.made ?? []) {
      const content = madeContent(file, bound);
      if (content !== null) writeSetting(join(source, file.path), content);
    }
    return { source, target: join(BOX_HOME, folder.path), access: 'rw' as const, guarded: false };
  });
}

function copySetting(from: string, to: string, bound: readonly BoundSecret[]): void {
  let text: string;
  try {
    const stat = lstatSync(from);
    if (!stat.isFile() || stat.size > SETTING_BYTES_MAX) return;
    text = readFileSync(from, 'utf8');
  } catch {
    // The host has no such setting.
    return;
  }
  if (holdsCredential(text) || bound.some(({ value }) => text.includes(value))) return;
  writeSetting(to, text);
}

function writeSetting(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, text, { mode: 0o600, flag: 'wx' });
}
