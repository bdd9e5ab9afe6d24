import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT: string = join(import.meta.dirname, '../..');

/** Every file of the repository, tracked or new but not ignored, relative to its root. */
export function repositoryFiles(): readonly string[] {
  const flags = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const listed = execFileSync('git', flags, { cwd: ROOT, encoding: 'utf8' }).split('\0');
  const there = listed.filter((file) => file !== '' && existsSync(join(ROOT, file)));
  return there.filter((file) => lstatSync(join(ROOT, file)).isFile());
}

export function readRepositoryFile(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}
