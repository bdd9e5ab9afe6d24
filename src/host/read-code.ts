import { type Dirent, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { parseText } from '../confine/source/parse.ts';
import { loadTypeScript, stripTypes } from '../confine/source/typescript.ts';
import { type CodeNeeds, readCode } from '../policy/code/read-code.ts';
import type { SyntaxNode } from '../policy/code/tree.ts';
import { joinNeeds, type Needs } from '../policy/needs.ts';
import { PowerboxError } from '../wire/errors.ts';
import { CODE_DEPTH_MAX, CODE_FILES_MAX } from './limits.ts';

/** A program: one file, with all that it imports by a relative path. */
export interface EntryNeeds {
  /** What a compartment for it would be called: the name of its file. */
  readonly name: string;
  readonly needs: Needs;
}

const SOURCE = /\.(?:[cm]?js|[cm]?ts)$/;

/**
 * Reads the programs of a file or a folder: each file that no other one imports is the entry of
 * one. Places are shown from `cwd`. Throws `source-invalid` and `usage`.
 */
export async function readEntries(path: string, cwd: string): Promise<readonly EntryNeeds[]> {
  const start = resolve(cwd, path);
  const isFolder = statSync(start, { throwIfNoEntry: false })?.isDirectory();
  if (isFolder === undefined) throw unreadable(path, 'it is missing');
  await loadTypeScript();
  const files = isFolder ? sourcesBelow(start) : [start];
  if (files.length === 0) throw unreadable(path, 'there is no JavaScript or TypeScript in it');
  const read = new Map<string, CodeNeeds>();
  const imports = new Map<string, readonly string[]>();
  const waiting = [...files];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (read.has(file)) continue;
    if (read.size >= CODE_FILES_MAX)
      throw unreadable(path, `it is more than ${CODE_FILES_MAX} files`);
    const needs = readFile(file, relative(cwd, file));
    const next = needs.follows.map((specifier) => found(file as string, specifier));
    read.set(file, withMissing(needs, next, relative(cwd, file)));
    imports.set(
      file,
      next.filter((one) => one !== null),
    );
    waiting.push(...(imports.get(file) ?? []));
  }
  const entries = isFolder ? entriesOf(files, imports) : [start];
  return entries.map((entry) => ({
    name: entryName(entry),
    needs: joinNeeds(reached(entry, imports).map((file) => read.get(file) as CodeNeeds)),
  }));
}

function sourcesBelow(folder: string): readonly string[] {
  const files: string[] = [];
  const look = (at: string, depth: number): void => {
    if (depth > CODE_DEPTH_MAX)
      throw unreadable(folder, `it is deeper than ${CODE_DEPTH_MAX} folders`);
    for (const entry of readdirSync(at, { withFileTypes: true }).sort(byName)) {
      if (entry.name === 'node_modules' || entry.name.startsWith('.')) continue;
      // A link may lead anywhere, and round in a circle.
      if (entry.isDirectory()) look(join(at, entry.name), depth + 1);
      else if (entry.isFile() && isProgram(entry.name)) files.push(join(at, entry.name));
      if (files.length > CODE_FILES_MAX) {
        throw unreadable(folder, `it has more than ${CODE_FILES_MAX} files`);
      }
    }
  };
  look(folder, 0);
  return files;
}

function byName(a: Dirent, b: Dirent): number {
  return a.name < b.name ? -1 : 1;
}

/** Tests and declarations are no programs that anybody would give something to. */
function isProgram(name: string): boolean {
  return SOURCE.test(name) && !/\.(?:test|spec|d)\.[cm]?[jt]s$/.test(name);
}

function readFile(file: string, shown: string): CodeNeeds {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw unreadable(shown, 'the file cannot be read');
  }
  const script = text.replace(/^#!.*/, (line) => ' '.repeat(line.length));
  const code = /ts$/.test(file) ? stripTypes(script, shown) : script;
  const parsed = parseText(code, shown);
  return readCode(parsed.ast as unknown as SyntaxNode, parsed.text, shown);
}

/** As programs resolve what they import: the file itself, with an ending, or the index of a folder. */
function found(from: string, specifier: string): string | null {
  const path = resolve(dirname(from), specifier);
  const bare = path.replace(/\.([cm]?)js$/, '.$1ts');
  const endings = ['.ts', '.js', '.mts', '.mjs', '/index.ts', '/index.js'];
  const candidates = [path, bare, ...endings.map((ending) => `${path}${ending}`)];
  const isSource = (one: string): boolean =>
    SOURCE.test(one) && statSync(one, { throwIfNoEntry: false })?.isFile() === true;
  return candidates.find(isSource) ?? null;
}

function withMissing(needs: CodeNeeds, next: readonly (string | null)[], shown: string): CodeNeeds {
  const missing = needs.follows.filter((_, index) => next[index] === null);
  const notes = missing.map((specifier) => ({
    text: `imports ${specifier}, which is no program that can be read`,
    at: { file: shown, line: 1 },
  }));
  return { ...needs, notes: [...needs.notes, ...notes] };
}

/** Files that no other file imports; in a circle of files, the first of them. */
function entriesOf(
  files: readonly string[],
  imports: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  const imported = new Set(
    [...imports].flatMap(([file, others]) => others.filter((one) => one !== file)),
  );
  const entries = files.filter((file) => !imported.has(file));
  const seen = new Set(entries.flatMap((entry) => reached(entry, imports)));
  for (const file of files) {
    if (seen.has(file)) continue;
    entries.push(file);
    for (const one of reached(file, imports)) seen.add(one);
  }
  return entries.sort();
}

function reached(
  entry: string,
  imports: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  const seen = new Set([entry]);
  // A set gives what is added to it while it is gone through.
  for (const file of seen) for (const one of imports.get(file) ?? []) seen.add(one);
  return [...seen];
}

/** `search-tool` for `search-tool.ts`, and the folder's name for its `index.ts`. */
function entryName(file: string): string {
  const own = basename(file).replace(SOURCE, '');
  const name = /^(?:index|main)$/.test(own) ? basename(dirname(file)) : own;
  const plain = name.replaceAll(/[^A-Za-z0-9._-]/g, '-').slice(0, 64);
  return /^[A-Za-z0-9]/.test(plain) ? plain : `c${plain}`.slice(0, 64);
}

function unreadable(path: string, why: string): PowerboxError {
  return new PowerboxError('usage', `Cannot read the code of ${path}: ${why}.`, {
    hint: 'Name a file of JavaScript or TypeScript, or a folder of them.',
  });
}
