import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../../..');
const CACHE = join(ROOT, 'node_modules/.cache');

/**
 * The compiled command line of the sources as they are now. Builds are kept by the hash of what
 * they are made of, so that the files of a test run share one.
 */
export function builtPowerbox(): string {
  const folder = join(CACHE, `hostile-${hashOfSources()}`);
  if (!existsSync(folder)) {
    const own = `${folder}-${process.pid}-${Math.random().toString(36).slice(2)}`;
    mkdirSync(own, { recursive: true });
    build(own);
    try {
      renameSync(own, folder);
    } catch {
      // Another file of this run was first; the two are the same.
      rmSync(own, { recursive: true, force: true });
    }
  }
  return join(folder, 'cli/main.js');
}

function build(folder: string): void {
  try {
    const args = ['-p', 'tsconfig.json', '--outDir', folder];
    execFileSync(join(ROOT, 'node_modules/.bin/tsc'), args, { cwd: ROOT, stdio: 'pipe' });
  } catch {
    // Errors of types are `npm run check`'s matter; the output is written all the same.
  }
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  const assets = [join(ROOT, 'scripts/assets.mjs'), join(ROOT, 'src'), folder];
  execFileSync(process.execPath, assets, { stdio: 'pipe' });
}

function hashOfSources(): string {
  const hash = createHash('sha256');
  const entries = readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.test.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
  for (const file of files.sort()) hash.update(file).update(readFileSync(file));
  return hash.digest('hex').slice(0, 16);
}
