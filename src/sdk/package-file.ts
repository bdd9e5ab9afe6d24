import { realpathSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { readOrdinary } from '../host/read-ordinary.ts';
import { PowerboxError } from '../wire/errors.ts';

/** A file of a package, by the specifier that code imports it with. */
export interface PackageFile {
  /** Folder of the package, without links. */
  readonly folder: string;
  /** Within the folder, with `/`. */
  readonly path: string;
}

/** Packages are read as ES modules of no platform: a compartment is neither Node nor a browser. */
const CONDITIONS: readonly string[] = ['import', 'module', 'default'];

/** `@scope/name`, or `name`, at the beginning of a specifier. */
export function packageNameOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/**
 * Finds the file that a package gives for a specifier, as its `exports`, or else its `module` or
 * `main`, say. Looks in `node_modules` from this folder upwards. Throws `module-missing`.
 */
export function packageFile(specifier: string, from: string): PackageFile {
  const name = packageNameOf(specifier);
  const folder = packageFolder(name, from);
  const inside = specifier.slice(name.length);
  const about = readWords(folder, specifier);
  const target =
    about.exports === undefined
      ? inside === ''
        ? (about.module ?? about.main ?? './index.js')
        : `.${inside}`
      : exported(about.exports, `.${inside}`);
  if (typeof target !== 'string') throw missing(specifier, 'its package does not export it');
  const path = target.replace(/^\.\//, '');
  if (path.split('/').includes('..') || path.startsWith('/')) {
    throw missing(specifier, 'its package names a file outside of it');
  }
  return { folder, path };
}

/** Of a package.json; the largest that anybody publishes have a tenth of it. */
const WORDS_BYTES_MAX = 1024 ** 2;

function readWords(folder: string, specifier: string): PackageWords {
  let words: unknown;
  try {
    const text = readOrdinary(join(folder, 'package.json'), WORDS_BYTES_MAX);
    words = typeof text === 'string' ? JSON.parse(text) : undefined;
  } catch {
    // Told below; what a parser says of a text shows a part of it.
  }
  if (typeof words === 'object' && words !== null) return words;
  throw missing(specifier, 'its package has no package.json that can be read');
}

interface PackageWords {
  readonly exports?: unknown;
  readonly module?: unknown;
  readonly main?: unknown;
}

function packageFolder(name: string, from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    try {
      return realpathSync(join(folder, 'node_modules', ...name.split('/')));
    } catch {
      if (folder === dirname(folder)) throw missing(name, `it is not installed for ${from}`);
    }
  }
}

/** What `exports` gives for a path such as `.` or `./sub`. */
function exported(exports: unknown, path: string): unknown {
  if (typeof exports !== 'object' || exports === null || Array.isArray(exports)) {
    return path === '.' ? conditional(exports) : undefined;
  }
  const entries = Object.entries(exports);
  if (!entries.some(([key]) => key.startsWith('.'))) {
    return path === '.' ? conditional(exports) : undefined;
  }
  const exact = entries.find(([key]) => key === path);
  if (exact !== undefined) return conditional(exact[1]);
  for (const [key, target] of entries) {
    const [before = '', after] = key.split('*');
    if (after === undefined || path.length < before.length + after.length) continue;
    if (!path.startsWith(before) || !path.endsWith(after)) continue;
    const star = path.slice(before.length, path.length - after.length);
    const chosen = conditional(target);
    return typeof chosen === 'string' ? chosen.replaceAll('*', star) : undefined;
  }
  return undefined;
}

/** The first condition that fits, as the package orders them. */
function conditional(target: unknown): unknown {
  if (Array.isArray(target)) {
    return target.map(conditional).find((one) => typeof one === 'string');
  }
  if (typeof target !== 'object' || target === null) return target;
  for (const [condition, inner] of Object.entries(target)) {
    if (!CONDITIONS.includes(condition)) continue;
    const chosen = conditional(inner);
    if (chosen !== undefined) return chosen;
  }
  return undefined;
}

export function missing(specifier: string, why: string): PowerboxError {
  return new PowerboxError('module-missing', `Cannot read the module ${specifier}: ${why}.`);
}

/** What can be a module; names of sources, since what else lies in a folder is not the code's. */
const MODULE = /\.[cm]?[jt]s$/;

/**
 * The file with every link followed; throws when one leads out of the folder, and for what is no
 * module: the settings and keys that people keep in hidden files can read like a program.
 */
export function fileWithin(folder: string, path: string, specifier: string): string {
  let real: string;
  try {
    real = realpathSync(join(folder, path));
  } catch {
    throw missing(specifier, `there is no file ${path}`);
  }
  if (!real.startsWith(`${folder}${sep}`)) throw missing(specifier, 'it lies outside the folder');
  const names = relative(folder, real).split(sep);
  if (names.some((name) => name.startsWith('.'))) throw missing(specifier, 'it is hidden');
  if (MODULE.test(real)) return real;
  throw missing(specifier, 'its name does not end as that of a module does');
}
