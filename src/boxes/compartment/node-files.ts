import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { PowerboxError } from '../../wire/errors.ts';
import { LIBRARIES_MAX, LIBRARIES_MS_MAX } from './limits.ts';

/** Everything that this machine's Node is made of. */
export interface NodeFiles {
  readonly program: string;
  /** The loader and the libraries, at the paths at which Node looks for them. */
  readonly libraries: readonly string[];
  /** Folders of libraries that the loader does not know by itself. */
  readonly searched: readonly string[];
}

/** Folders in which every loader looks: ld.so(8). */
const KNOWN_FOLDER = /^(?:\/usr)?\/lib(?:64)?(?:\/[a-z0-9_]+-linux-[a-z]+)?$/;

let known: NodeFiles | undefined;

/** Asks the loader once. Throws `box-failed` when Node is linked in a way that is not understood. */
export function nodeFiles(): NodeFiles {
  known ??= readNodeFiles(process.execPath);
  return known;
}

export function readNodeFiles(execPath: string): NodeFiles {
  const program = realpathSync(execPath);
  const loader = loaderOf(program);
  if (loader === undefined) return { program, libraries: [], searched: [] };
  const told = execFileSync(loader, ['--list', program], {
    encoding: 'utf8',
    env: {},
    timeout: LIBRARIES_MS_MAX,
  });
  const linked = told
    .split('\n')
    .map((line) => /(?:=> |^\s*)(\/[^ ]+) \(0x/.exec(line)?.[1])
    .filter((path) => path !== undefined);
  const libraries = [...new Set([loader, ...linked])];
  if (linked.length === 0 || libraries.length > LIBRARIES_MAX || /not found/.test(told)) {
    throw unknown(program);
  }
  const folders = new Set(linked.map((path) => dirname(path)));
  return { program, libraries, searched: [...folders].filter((path) => !KNOWN_FOLDER.test(path)) };
}

const HEADER_BYTES = 64;
const ENTRY_BYTES = 56;
const PT_INTERP = 3;

/** The loader that an ELF file of 64 bits names (elf(5)); undefined for one that needs none. */
function loaderOf(program: string): string | undefined {
  const file = openSync(program, 'r');
  try {
    const bytes = (at: number, length: number): Buffer => {
      const buffer = Buffer.alloc(length);
      if (readSync(file, buffer, 0, length, at) < length) throw unknown(program);
      return buffer;
    };
    const header = bytes(0, HEADER_BYTES);
    if (header.readUInt32BE(0) !== 0x7f454c46 || header[4] !== 2) throw unknown(program);
    const table = Number(header.readBigUInt64LE(32));
    for (let index = 0; index < header.readUInt16LE(56); index++) {
      const entry = bytes(table + index * ENTRY_BYTES, ENTRY_BYTES);
      if (entry.readUInt32LE(0) !== PT_INTERP) continue;
      const name = bytes(Number(entry.readBigUInt64LE(8)), Number(entry.readBigUInt64LE(32)));
      return name.toString('utf8', 0, name.indexOf(0));
    }
    return undefined;
  } finally {
    closeSync(file);
  }
}

function unknown(program: string): PowerboxError {
  return new PowerboxError('box-failed', `Cannot tell what ${program} is linked with.`);
}
