import { type Dirent, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { parseText } from '../confine/source/parse.ts';
import { loadTypeScript, stripTypes } from '../confine/source/typescript.ts';
import { type CodeNeeds, readCode } from '../policy/code/read-code.ts';
import { exportedTexts } from '../policy/code/texts.ts';
import type { SyntaxNode } from '../policy/code/tree.ts';
import { joinNeeds, type Needs } from '../policy/needs.ts';
import { PowerboxError } from '../wire/errors.ts';
import { CODE_BYTES_MAX, CODE_DEPTH_MAX, CODE_FILES_MAX } from './limits.ts';
import { readOrdinary } from './read-ordinary.ts';

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
  const { files, passed } = isFolder ? sourcesBelow(start) : { files: [start], passed: [] };
  if (files.length === 0) throw unreadable(path, 'there is no JavaScript or TypeScript in it');
  const programs = new Map<string, Parsed>();
  const waiting = [...files];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (programs.has(file)) continue;
    if (programs.size >= CODE_FILES_MAX) {
      throw unreadable(path, `it is more than ${CODE_FILES_MAX} files`);
    }
    const parsed = parseFile(file, relative(cwd, file));
    programs.set(file, parsed);
    waiting.push(...parsed.next.values());
  }
  const imports = new Map([...programs].map(([file, { next }]) => [file, [...next.values()]]));
  const read = new Map([...programs].map(([file, own]) => [file, readParsed(own, programs)]));
  const entries = isFolder ? entriesOf(files, imports) : [start];
  const notes = passed.map((file) => ({
    text: 'may need more: a link, and what is no plain JavaScript or TypeScript, is not read',
    at: { file: relative(cwd, file), line: 1 },
  }));
  return entries.map((entry, index) => {
    const parts: Needs[] = reached(entry, imports).map((file) => read.get(file) as CodeNeeds);
    if (index === 0) parts.push({ found: [], notes });
    return { name: entryName(entry), needs: joinNeeds(parts) };
  });
}

/** `passed` are those that look like programs and are not read. */
function sourcesBelow(folder: string): {
  readonly files: readonly string[];
  readonly passed: readonly string[];
} {
  const files: string[] = [];
  const passed: string[] = [];
  const look = (at: string, depth: number): void => {
    if (depth > CODE_DEPTH_MAX)
      throw unreadable(folder, `it is deeper than ${CODE_DEPTH_MAX} folders`);
    for (const entry of readdirSync(at, { withFileTypes: true }).sort(byName)) {
      if (entry.name === 'node_modules' || entry.name.startsWith('.')) continue;
      const path = join(at, entry.name);
      // A link may lead anywhere, and round in a circle.
      if (entry.isDirectory()) look(path, depth + 1);
      else if (entry.isFile() && isProgram(entry.name)) files.push(path);
      else if (isProgram(entry.name) || /\.[jt]sx$/.test(entry.name)) passed.push(path);
      if (files.length > CODE_FILES_MAX) {
        throw unreadable(folder, `it has more than ${CODE_FILES_MAX} files`);
      }
    }
  };
  look(folder, 0);
  return { files, passed };
}

function byName(a: Dirent, b: Dirent): number {
  return a.name < b.name ? -1 : 1;
}

/** Tests and declarations are no programs that anybody would give something to. */
function isProgram(name: string): boolean {
  return SOURCE.test(name) && !/\.(?:test|spec|d)\.[cm]?[jt]s$/.test(name);
}

/** A file, and the files that its relative imports lead to. */
interface Parsed {
  readonly shown: string;
  readonly text: string;
  readonly program: SyntaxNode;
  readonly next: ReadonlyMap<string, string>;
  readonly constants: ReadonlyMap<string, string>;
}

function parseFile(file: string, shown: string): Parsed {
  const text = readSource(file, shown);
  const script = text.replace(/^#!.*/, (line) => ' '.repeat(line.length));
  const code = /ts$/.test(file) ? stripTypes(script, shown) : script;
  const parsed = parseText(code, shown);
  const program = parsed.ast as unknown as SyntaxNode;
  const next = new Map<string, string>();
  for (const specifier of readCode(program, parsed.text, shown).follows) {
    const target = found(file, specifier);
    if (target !== null) next.set(specifier, target);
  }
  return { shown, text: parsed.text, program, next, constants: exportedTexts(program) };
}

function readSource(file: string, shown: string): string {
  let text: ReturnType<typeof readOrdinary>;
  try {
    text = readOrdinary(file, CODE_BYTES_MAX);
  } catch {
    throw unreadable(shown, 'the file cannot be read');
  }
  if (typeof text === 'string') return text;
  throw unreadable(shown, `it is ${text.why}`);
}

function readParsed(own: Parsed, programs: ReadonlyMap<string, Parsed>): CodeNeeds {
  const { shown, text, program, next } = own;
  const needs = readCode(program, text, shown, (source, name) => {
    const target = next.get(source);
    return (target === undefined ? null : programs.get(target)?.constants.get(name)) ?? null;
  });
  const missing = needs.follows.filter((specifier) => !next.has(specifier));
  const notes = missing.map((specifier) => ({
    text: `imports ${specifier}, which is no program that can be read`,
    at: { file: shown, line: 1 },
  }));
  return { ...needs, notes: [...needs.notes, ...notes] };
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
