import { realpathSync } from 'node:fs';
import type { BoxSpec, Mount } from '../contract.ts';
import { MEMORY_BYTES_BESIDES_HEAP, MEMORY_BYTES_MIN } from './limits.ts';
import { type NodeFiles, nodeFiles } from './node-files.ts';

/** What the box calls the two files that are its own; the rest are Node's libraries. */
const NODE = '/node';
const PROGRAM = '/main.cjs';

export interface WorkerWalls {
  readonly id: string;
  readonly stateDir: string;
  /** The bundled program, one file. */
  readonly main: string;
  readonly memoryBytes: number;
}

/**
 * A box that holds Node, its libraries and one file of ours, all read-only, and nothing else: no
 * /proc, /dev or /tmp, no network, an empty environment. Its channel is descriptor 1, its heartbeat
 * descriptor 2.
 */
export function workerSpec({ id, stateDir, main, memoryBytes }: WorkerWalls): BoxSpec {
  const node = nodeFiles();
  const files = [
    [node.program, NODE],
    [main, PROGRAM],
    ...node.libraries.map((path) => [path, path] as const),
  ] as const;
  return {
    id,
    stateDir,
    program: [NODE, ...nodeFlags(memoryBytes), PROGRAM],
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
