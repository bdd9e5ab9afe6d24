import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join, posix } from 'node:path';
import { readSource, type SourceText } from '../confine/source/read.ts';
import { readOrdinary } from '../host/read-ordinary.ts';
import type { ProgramWords } from '../wire/compartment.ts';
import { PowerboxError } from '../wire/errors.ts';
import { fileWithin, missing, packageFile, packageNameOf } from './package-file.ts';

/** A program with the modules that it imports, read from files. */
export type ModuleGraph = Required<Pick<ProgramWords, 'code' | 'file' | 'modules' | 'packages'>>;

export interface ReadModulesOptions {
  /** Packages that it may import by bare name; of others nothing is read. */
  readonly packages?: readonly string[];
}

/** Characters of all sources together; the daemon takes no more in one evaluation. */
const SOURCES_CHARS_MAX = 2 * 1024 ** 2;
/** Modules of a program; more is what a bundler is for. */
const MODULES_MAX = 1_024;

interface Reading {
  /** The folder of the program, without links. */
  readonly root: string;
  readonly packages: ReadonlySet<string>;
  readonly modules: Map<string, string>;
  chars: number;
}

/** Where a module was found: within the program's folder, or within a package's. */
interface Place {
  readonly folder: string;
  /** Within the folder, with `/`. */
  readonly path: string;
  /** Of a package; empty for the program's own. */
  readonly name: string;
}

/**
 * Reads a program and everything that it imports: files below its own folder, and the packages
 * that were named, from `node_modules`. Throws `module-missing`, `source-invalid`.
 */
export async function readModules(
  file: string,
  { packages = [] }: ReadModulesOptions = {},
): Promise<ModuleGraph> {
  const entry = realEntry(file);
  const root = dirname(entry);
  const reading: Reading = { root, packages: new Set(packages), modules: new Map(), chars: 0 };
  const name = basename(entry);
  const code = readText(reading, entry, name);
  const waiting: { readonly place: Place; readonly code: string; readonly key: string }[] = [
    { place: { folder: root, path: name, name: '' }, code, key: name },
  ];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const source = await readSource(next.code, next.key);
    for (const { specifier } of source.imports) {
      if (specifier === null) continue;
      const place = placeOf(reading, next.place, specifier);
      if (place === undefined) continue;
      const key = keyOf(place);
      if (place.name !== '' && specifier !== key && isBare(specifier)) {
        await addAlias(reading, specifier, place);
      }
      if (reading.modules.has(key) || key === `./${name}`) continue;
      const text = readText(reading, fileWithin(place.folder, place.path, specifier), specifier);
      keep(reading, key, text);
      waiting.push({ place, code: text, key });
    }
  }
  const modules = Object.fromEntries(reading.modules);
  return { code, file: name, modules, packages: [...reading.packages] };
}

function realEntry(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    throw new PowerboxError('module-missing', `Cannot read ${file}: there is no such file.`);
  }
}

/** Undefined for what code cannot import; its evaluation says so, with the line. */
function placeOf(reading: Reading, from: Place, specifier: string): Place | undefined {
  if (isBare(specifier)) {
    const name = packageNameOf(specifier);
    if (!reading.packages.has(name)) return undefined;
    return { ...packageFile(specifier, from.folder), name };
  }
  if (!specifier.startsWith('.')) return undefined;
  const path = posix.join(posix.dirname(from.path), specifier);
  if (path.startsWith('..')) throw missing(specifier, 'it lies outside the folder');
  return { ...from, path: existing(from.folder, path, specifier) };
}

function isBare(specifier: string): boolean {
  return /^(?:@[^/]+\/)?[A-Za-z0-9_~-]/.test(specifier) && !specifier.includes(':');
}

/** TypeScript names a file as what it is built to. */
function existing(folder: string, path: string, specifier: string): string {
  const source = path.replace(/\.([cm]?)js$/, '.$1ts');
  const isThere = (one: string): boolean => existsSync(join(folder, one));
  const found = !isThere(path) && isThere(source) ? source : path;
  fileWithin(folder, found, specifier);
  return found;
}

/** As a compartment resolves: the program's own by path, those of a package below its name. */
function keyOf({ name, path }: Place): string {
  return name === '' ? `./${path}` : `${name}/${path}`;
}

/** What a package gives under a name of its own choice, passed on from the file where it is. */
async function addAlias(reading: Reading, specifier: string, place: Place): Promise<void> {
  if (reading.modules.has(specifier)) return;
  const real = fileWithin(place.folder, place.path, specifier);
  const source = await readSource(readText(reading, real, specifier), keyOf(place));
  if (!isModule(source)) throw missing(specifier, 'its package has no ES module for it');
  const from = JSON.stringify(relativeTo(specifier, place));
  const all = `export * from ${from};\n`;
  const { locals, indirect } = source.record;
  const hasDefault = locals.has('default') || indirect.has('default');
  keep(reading, specifier, hasDefault ? `${all}export { default } from ${from};\n` : all);
}

/** From the specifier, which its modules see as a file in the package's folder. */
function relativeTo(specifier: string, { name, path }: Place): string {
  const folder = specifier === name ? name : posix.dirname(specifier);
  const way = posix.relative(folder, `${name}/${path}`);
  return way.startsWith('.') ? way : `./${way}`;
}

function isModule({ record }: SourceText): boolean {
  return record.requests.length + record.locals.size + record.indirect.size > 0;
}

function keep(reading: Reading, key: string, text: string): void {
  reading.modules.set(key, text);
  reading.chars += text.length;
  if (reading.modules.size > MODULES_MAX || reading.chars > SOURCES_CHARS_MAX) {
    throw new PowerboxError(
      'source-invalid',
      `Cannot read the program: its ${reading.modules.size} modules have more than ${SOURCES_CHARS_MAX} characters, or are more than ${MODULES_MAX}.`,
      { hint: 'Join them with a bundler first.' },
    );
  }
}

/** An ordinary file, of a size that can be evaluated. */
function readText(reading: Reading, path: string, specifier: string): string {
  const text = readOrdinary(path, SOURCES_CHARS_MAX - reading.chars);
  if (typeof text === 'string') return text;
  throw missing(specifier, `it is ${text.why}`);
}
