import { readdirSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { BoxSpec, Mount } from '../contract.ts';
import { MEMORY_BYTES_BESIDES_HEAP, MEMORY_BYTES_MIN } from './limits.ts';
import { type NodeFiles, nodeFiles } from './node-files.ts';

const NODE = '/node';

export interface WorkerWalls {
  readonly id: string;
  readonly stateDir: string;
  /** The bundled program; what it loads later lies beside it. */
  readonly main: string;
  readonly memoryBytes: number;
}

/**
 * A box that holds Node, its libraries and our program, all read-only, and nothing else: no
 * /proc, /dev or /tmp, no network, an empty environment. Its channel is descriptor 1, its heartbeat
 * descriptor 2.
 */
export function workerSpec({ id, stateDir, main, memoryBytes }: WorkerWalls): BoxSpec {
  const node = nodeFiles();
  const files = [
    [node.program, NODE],
    ...programFiles(main).map((path) => [path, `/${basename(path)}`] as const),
    ...node.libraries.map((path) => [path, path] as const),
  ] as const;
  return {
    id,
    stateDir,
    program: [NODE, ...nodeFlags(memoryBytes), `/${basename(main)}`],
    cwd: '/',
    env: environment(node),
    mounts: files.map(([source, target]) => readOnly(source, target)),
    readOnly: [],
    files: [],
    limits: { memoryBytes: Math.max(memoryBytes, MEMORY_BYTES_MIN) },
    stdio: ['ignore', 'pipe', 'pipe'],
    walls: 'bare',
  };
}

/** All that was bundled into the folder of a program. */
function programFiles(main: string): readonly string[] {
  const folder = dirname(main);
  return readdirSync(folder)
    .filter((name) => name.endsWith('.cjs'))
    .map((name) => join(folder, name));
}

function readOnly(source: string, target: string): Mount {
  return { source: realpathSync(source), target, access: 'ro' };
}

/** Empty, but where the loader must be told of a folder. */
function environment({ searched }: NodeFiles): Readonly<Record<string, string>> {
  return searched.length === 0 ? {} : { LD_LIBRARY_PATH: searched.join(':') };
}

function nodeFlags(memoryBytes: number): readonly string[] {
  const heap = Math.max(memoryBytes, MEMORY_BYTES_MIN) - MEMORY_BYTES_BESIDES_HEAP;
  return [
    // Below what the system allows, so that most of what is too large ends with a word of V8's.
    `--max-old-space-size=${Math.floor(heap / 1024 ** 2)}`,
    // No native code but Node's own, no debugger, no text on the heartbeat.
    ...['--no-addons', '--no-warnings', '--disable-sigusr1'].filter(isKnown),
  ];
}

function isKnown(flag: string): boolean {
  return process.allowedNodeEnvironmentFlags.has(flag);
}
