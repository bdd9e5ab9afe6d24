import { PowerboxError } from '../../wire/errors.ts';
import type { EvaluateText, Program } from '../contract.ts';
import { namespaceOf, requireImports } from './exports.ts';
import { sourceInvalid, UNNAMED } from './faults.ts';
import { placeAt } from './lines.ts';
import { requireNames } from './missing.ts';
import { Module, type Settle } from './module.ts';
import { readSource } from './read.ts';
import type { ModuleRequest } from './record.ts';
import { ModuleSources, type Resolved } from './resolve.ts';

interface GraphOptions {
  readonly evaluate: EvaluateText;
  readonly known: (name: string) => boolean;
}

/** The modules of one run: each is read and evaluated once. */
export class ModuleGraph {
  readonly #options: GraphOptions;
  readonly #sources: ModuleSources;
  readonly #reads = new Map<string, Promise<Module>>();
  readonly #linked = new Set<Module>();
  /** What the code was told, and what we know of it. */
  readonly #told = new WeakMap<object, PowerboxError>();
  readonly #file: string;
  readonly #language: 'js' | 'ts' | undefined;

  constructor(program: Program, options: GraphOptions) {
    this.#options = options;
    this.#sources = new ModuleSources(program);
    this.#file = program.file ?? UNNAMED;
    this.#language = program.language;
  }

  /** The program's own module, ready to run, with all that it imports. */
  loadEntry(): Promise<Module> {
    return this.#load(this.#sources.entry);
  }

  async #load(resolved: Resolved): Promise<Module> {
    const root = await this.#read(resolved);
    const reached = await this.#reach(root);
    const { evaluate } = this.#options;
    const entry = this.#sources.entry.key;
    for (const module of reached) {
      module.prepare(evaluate, module.key === entry ? 'entry' : 'dependency', (from, specifier) =>
        this.#import(from, specifier),
      );
    }
    for (const module of reached) requireImports(module);
    for (const module of reached) {
      if (this.#linked.has(module)) continue;
      module.connect(namespaceOf);
      this.#linked.add(module);
    }
    return root;
  }

  #read(resolved: Resolved): Promise<Module> {
    const known = this.#reads.get(resolved.key);
    if (known !== undefined) return known;
    const reading = this.#readNew(resolved);
    this.#reads.set(resolved.key, reading);
    return reading;
  }

  async #readNew({ key, code }: Resolved): Promise<Module> {
    const isEntry = key === this.#sources.entry.key;
    const file = isEntry ? this.#file : key.replace(/^\.\//, '');
    if (!isEntry && key.endsWith('.json')) return new Module(key, file, null, json(code, file));
    const source = await readSource(code, file, isEntry ? this.#language : undefined);
    requireNames(source, this.#options.known);
    return new Module(key, file, source);
  }

  /** All that a module imports, with itself, but for what is linked already. */
  async #reach(root: Module): Promise<readonly Module[]> {
    const found = new Set<Module>([root]);
    for (const module of found) {
      if (this.#linked.has(module)) continue;
      for (const request of module.source?.record.requests ?? []) {
        const target = module.requested.get(request) ?? (await this.#request(module, request));
        module.requested.set(request, target);
        found.add(target);
      }
    }
    return [...found].filter((module) => !this.#linked.has(module));
  }

  #request(from: Module, { specifier, start, type }: ModuleRequest): Promise<Module> {
    const { key, file, source } = from;
    const place = placeAt(source?.starts ?? [0], start);
    const resolved = this.#sources.resolve(specifier, { key, file, line: place.line });
    if (type !== null && !(type === 'json' && resolved.key.endsWith('.json'))) {
      throw sourceInvalid(file, place, `${specifier} cannot be imported with these attributes`);
    }
    return this.#read(resolved);
  }

  async #import(from: Module, specifier: unknown): Promise<unknown> {
    // The code's own errors, of a `toString`, are its own business.
    const name = `${specifier as string}`;
    try {
      const resolved = this.#sources.resolve(name, { key: from.key, file: from.file, line: null });
      const module = await this.#load(resolved);
      await this.evaluate(module);
      return namespaceOf(module);
    } catch (error) {
      throw this.#tell(error);
    }
  }

  /** Code never gets an object that other compartments see too, as the classes of our errors are. */
  #tell(error: unknown): unknown {
    if (!(error instanceof PowerboxError)) return error;
    const { code, message } = error;
    const told = code === 'source-invalid' ? new SyntaxError(message) : new Error(message);
    Object.defineProperty(told, 'code', { value: code, enumerable: true });
    this.#told.set(told, error);
    return told;
  }

  /** The failure behind an error that code was told of and did not catch. */
  faultOf(error: unknown): PowerboxError | null {
    const isObject = typeof error === 'object' && error !== null;
    return (isObject ? this.#told.get(error) : undefined) ?? null;
  }

  /**
   * Runs a module after those that it imports, in their order; gives what it came to. A module that
   * waits at its top level makes only those wait that import it.
   */
  async evaluate(root: Module): Promise<unknown> {
    await (root.done ?? this.#start(orderOf(root)));
    return root.value;
  }

  /** Gives the promise of the last one. */
  #start(batch: readonly Module[]): Promise<void> | null {
    const settles = batch.map((module) => module.queue());
    const done = batch.at(-1)?.done ?? null;
    const unstarted = new Set(batch);
    for (const [at, module] of batch.entries()) {
      const settle = settles[at] as Settle;
      try {
        const waits = waitsOf(module, unstarted);
        unstarted.delete(module);
        const running = waits.length === 0 ? module.run() : runAfter(module, waits);
        if (running === null) settle.finish();
        else running.then(settle.finish, settle.fail);
      } catch (error) {
        settle.fail(error);
        // Those behind it did not run, and meet its error when they are asked for again.
        for (const later of settles.slice(at + 1)) later.drop(error);
        break;
      }
    }
    return done;
  }
}

/** What a module has to wait for; what has not begun imports it too, in a circle. */
function waitsOf({ requested }: Module, unstarted: ReadonlySet<Module>): readonly Promise<void>[] {
  const waits: Promise<void>[] = [];
  for (const needed of requested.values()) {
    if (needed.state === 'failed') throw needed.error;
    if (needed.state !== 'queued' || unstarted.has(needed)) continue;
    if (needed.done !== null) waits.push(needed.done);
  }
  return waits;
}

async function runAfter(module: Module, waits: readonly Promise<void>[]): Promise<void> {
  await Promise.all(waits);
  await module.run();
}

/** What has to run for a module, each after what it imports; cycles begin where they are met. */
function orderOf(root: Module): readonly Module[] {
  const order: Module[] = [];
  const seen = new Set<Module>();
  const visit = (module: Module): void => {
    if (seen.has(module) || module.state !== 'new') return;
    seen.add(module);
    for (const needed of module.requested.values()) visit(needed);
    order.push(module);
  };
  visit(root);
  return order;
}

function json(code: string, file: string): unknown {
  try {
    return JSON.parse(code);
  } catch (error) {
    throw sourceInvalid(file, null, 'it is not JSON', error);
  }
}
