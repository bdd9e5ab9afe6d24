import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Longest content that is looked at: a flood is a change, whatever is in it. */
const BYTES_MAX = 1024 * 1024;

/** Plain files below a folder with what is in them, as bytes; links are not followed. */
export function filesBelow(folder: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const stat = lstatSync(join(folder, path));
    if (!stat.isFile()) continue;
    const text =
      stat.size > BYTES_MAX ? `${stat.size} bytes` : readFileSync(join(folder, path), 'latin1');
    found.set(path, text);
  }
  return found;
}
