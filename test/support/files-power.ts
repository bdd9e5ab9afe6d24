import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isLive, type Live } from '../../src/ocap/live.ts';
import type { FilesConfig } from '../../src/powers/files/config.ts';
import { filesPower } from '../../src/powers/files/kind.ts';
import { openFiles } from '../../src/powers/files/live.ts';
import { PowerboxError } from '../../src/wire/errors.ts';

/** A folder with a files power on it, used as the kernel uses one: first judged, then done. */
export interface FilesRig {
  /** Of the host; the power's directory is `tree` in it. */
  readonly folder: string;
  readonly tree: string;
  readonly spent: number[];
  readonly grant: AbortController;
  write(path: string, text?: string): void;
  use(method: string, ...args: unknown[]): Promise<unknown>;
  useOf(object: Live, method: string, ...args: unknown[]): Promise<unknown>;
  text(path: string): Promise<unknown>;
  close(): void;
}

export interface RigOptions {
  readonly only?: readonly string[];
  readonly config?: Partial<FilesConfig>;
  readonly excluded?: readonly string[];
  readonly now?: () => number;
  /** Bytes that may be spent. */
  readonly budget?: number;
}

export function filesRig(options: RigOptions = {}): FilesRig {
  const folder = mkdtempSync(join(tmpdir(), 'files-power-'));
  const tree = join(folder, 'tree');
  mkdirSync(tree);
  const config = { root: tree, access: 'rw', quotaBytes: null, ...options.config } as const;
  const narrowing = filesPower.readNarrowing(options.only ?? [], config);
  const spent: number[] = [];
  const grant = new AbortController();
  let root: Live | undefined;

  async function useOf(object: Live, method: string, ...args: unknown[]): Promise<unknown> {
    const { facet, at } = object;
    const call = filesPower.callOf(config, { facet, at, method, args });
    const verdict = filesPower.permits(narrowing, call);
    if (!verdict.allow) throw new PowerboxError(verdict.code, verdict.reason);
    const left = (): number => (options.budget ?? Number.POSITIVE_INFINITY) - sum(spent);
    return object.call(method, args, {
      narrowings: [narrowing],
      // Each use has its own, as the kernel gives it.
      signal: AbortSignal.any([grant.signal]),
      spend({ bytes = 0 }) {
        if (bytes > left()) throw new PowerboxError('budget-spent', 'No bytes are left.');
        spent.push(bytes);
      },
    });
  }

  return {
    folder,
    tree,
    spent,
    grant,
    write(path, text = '') {
      mkdirSync(dirname(join(tree, path)), { recursive: true });
      writeFileSync(join(tree, path), text);
    },
    async use(method, ...args) {
      const { excluded = [], now } = options;
      root ??= openFiles(config, { excluded, ...(now === undefined ? {} : { now }) });
      return useOf(root, method, ...args);
    },
    useOf,
    text(path) {
      return this.use('readText', path);
    },
    close() {
      root?.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** The code and the sentence of what a use was refused with. */
export async function refusalOf(used: Promise<unknown>): Promise<string> {
  try {
    await used;
  } catch (error) {
    if (PowerboxError.is(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
  throw new Error('the use was not refused');
}

export function liveOf(value: unknown): Live {
  if (isLive(value)) return value;
  throw new Error('no object came back');
}

export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
