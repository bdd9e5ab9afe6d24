import type { Program } from '../contract.ts';
import { MODULES_MAX, PROGRAM_CHARS_MAX, SPECIFIER_CHARS_MAX } from '../limits.ts';
import { fileWord, moduleMissing, sourceInvalid, UNNAMED } from './faults.ts';

/** A module's place among those of its program: a path with `./`, `../` or `/`, or a package's. */
export interface Resolved {
  readonly key: string;
  readonly code: string;
}

/** Who asks for a module, for the sentence when there is none. */
export interface Asker {
  readonly key: string;
  readonly file: string;
  readonly line: number | null;
}

/** Names that mean a part of Node to whoever writes them. */
const PLATFORM =
  /^(?:node:.*|bun:.*|assert|buffer|child_process|cluster|crypto|dns|events|fs|http|http2|https|module|net|os|path|process|stream|timers|tls|url|util|v8|vm|worker_threads|zlib)(?:\/.*)?$/;

/** The modules of one program, by the names under which its code finds them. */
export class ModuleSources {
  readonly entry: Resolved;
  readonly #codes = new Map<string, string>();
  readonly #packages: ReadonlySet<string>;

  constructor({ code, file = UNNAMED, modules = {}, packages = [] }: Program) {
    const entries = Object.entries(modules);
    if (entries.length > MODULES_MAX) {
      throw sourceInvalid(file, null, `it comes with more than ${MODULES_MAX} modules`);
    }
    let chars = code.length;
    for (const [name, text] of entries) {
      const key = isPath(name) ? normalize(name) : name;
      if (key === null) throw sourceInvalid(file, null, 'a module has a path that leads nowhere');
      if (this.#codes.has(key)) {
        throw sourceInvalid(file, null, `the module ${fileWord(key)} is there twice`);
      }
      chars += text.length;
      this.#codes.set(key, text);
    }
    if (chars > PROGRAM_CHARS_MAX) {
      const why = `it and its modules have more than ${PROGRAM_CHARS_MAX} characters`;
      throw sourceInvalid(file, null, why);
    }
    const path = file.replaceAll('\\', '/');
    this.entry = { key: normalize(isPath(path) ? path : `./${path}`) ?? './program', code };
    this.#codes.set(this.entry.key, code);
    this.#packages = new Set(packages);
  }

  /** Throws `module-missing`. */
  resolve(specifier: string, asker: Asker): Resolved {
    const { file, line } = asker;
    const word = fileWord(specifier.slice(0, SPECIFIER_CHARS_MAX));
    const missing = (why: string): never => {
      throw moduleMissing(file, line, `imports ${word}, ${why}`);
    };
    if (specifier.length > SPECIFIER_CHARS_MAX) missing('a name that is too long');
    const key = isPath(specifier) ? this.#path(specifier, asker.key) : this.#package(specifier);
    for (const candidate of key === null ? [] : [key, ...typeScriptOf(key)]) {
      const code = this.#codes.get(candidate);
      if (code !== undefined) return { key: candidate, code };
    }
    if (isPath(specifier)) return missing('which was not given with it');
    if (PLATFORM.test(specifier)) return missing('and a compartment has no modules of a platform');
    if (/^[a-z][a-z+.-]*:/i.test(specifier)) return missing('and a compartment loads nothing');
    if (key === null) return missing('which is not among its packages');
    return missing('a package that was allowed but not given with it');
  }

  #path(specifier: string, from: string): string | null {
    if (specifier.startsWith('/')) return isPath(from) ? normalize(specifier) : null;
    if (isPath(from)) return normalize(`${folderOf(from)}/${specifier}`);
    // A package sees its own files; the name of the package alone is its folder.
    const name = packageOf(from);
    const folder = from === name ? name : folderOf(from);
    const joined = normalize(`/${folder}/${specifier}`)?.slice(1);
    return joined?.startsWith(`${name}/`) ? joined : null;
  }

  #package(specifier: string): string | null {
    const name = packageOf(specifier);
    return name !== null && this.#packages.has(name) ? specifier : null;
  }
}

/** Where TypeScript's own rule finds what is built to this name. */
function typeScriptOf(key: string): readonly string[] {
  const match = /^(.*)\.([cm]?)js$/.exec(key);
  return match === null ? [] : [`${match[1]}.${match[2]}ts`];
}

function isPath(specifier: string): boolean {
  return /^(?:\.{0,2}\/|\.{1,2}$)/.test(specifier);
}

function packageOf(specifier: string): string | null {
  return /^(?:@[^/]+\/)?[^/@.][^/]*/.exec(specifier)?.[0] ?? null;
}

function folderOf(key: string): string {
  return key.slice(0, Math.max(0, key.lastIndexOf('/')));
}

/** The one spelling of a path; null for one that leads out of the root. */
function normalize(path: string): string | null {
  const isRooted = path.startsWith('/');
  const parts: string[] = [];
  let ups = 0;
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) ups += 1;
  }
  if (parts.length === 0 || (isRooted && ups > 0)) return null;
  const start = isRooted ? '/' : ups === 0 ? './' : '../'.repeat(ups);
  return start + parts.join('/');
}
