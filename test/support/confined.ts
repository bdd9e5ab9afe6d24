import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './repository.ts';

/**
 * Runs parts of tests in a process that is locked down, since lockdown is for good and vitest does
 * not live with it. What runs there is a function of its own: it sees its arguments and Node's
 * globals, nothing of the file that it stands in.
 */
export interface Confined {
  run<T, D = undefined>(work: (library: Library, data: D) => T | Promise<T>, data?: D): Promise<T>;
  /** The same for the function `work` of a module, named by its path from the root. */
  runFile<T>(file: string, data: unknown): Promise<T>;
  /** Rejections that nobody waited for, as they were told. */
  readonly unhandled: readonly string[];
  close(): void;
}

export type Library = typeof import('../../src/confine/library.ts');

interface Message {
  readonly ready?: boolean;
  readonly unhandled?: string;
  readonly id?: number;
  readonly value?: unknown;
  readonly failed?: { readonly name: string; readonly message: string; readonly code?: string };
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export async function openConfined(): Promise<Confined> {
  const child: ChildProcess = fork(
    join(ROOT, 'test/support/confined-child.mjs'),
    [pathToFileURL(join(ROOT, 'dist/confine/library.js')).href],
    { serialization: 'advanced', execArgv: [] },
  );
  const waiting = new Map<number, Waiting>();
  const unhandled: string[] = [];
  let last = 0;
  await new Promise<void>((resolve, reject) => {
    child.on('message', (message: Message) => {
      if (message.ready === true) return resolve();
      if (message.unhandled !== undefined) return unhandled.push(message.unhandled);
      const one = waiting.get(message.id as number);
      waiting.delete(message.id as number);
      if (message.failed === undefined) return one?.resolve(message.value);
      return one?.reject(Object.assign(new Error(message.failed.message), message.failed));
    });
    child.on('exit', (code) => {
      const error = new Error(`The process that is locked down ended with ${code}.`);
      reject(error);
      for (const one of waiting.values()) one.reject(error);
    });
  });
  const ask = (words: object): Promise<unknown> =>
    new Promise((resolve, reject) => {
      last += 1;
      waiting.set(last, { resolve, reject });
      child.send({ id: last, ...words });
    });
  return {
    unhandled,
    run: <T, D>(work: (library: Library, data: D) => T | Promise<T>, data?: D): Promise<T> =>
      ask({ source: work.toString(), data }) as Promise<T>,
    runFile: <T>(file: string, data: unknown): Promise<T> =>
      ask({ file: pathToFileURL(join(ROOT, file)).href, data }) as Promise<T>,
    close: () => {
      child.removeAllListeners('exit');
      child.kill('SIGKILL');
    },
  };
}
