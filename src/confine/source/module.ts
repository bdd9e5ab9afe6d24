import type { EvaluateText } from '../contract.ts';
import { sourceInvalid } from './faults.ts';
import { nameText } from './positions.ts';
import { LINK, prepareModule } from './prepare.ts';
import type { SourceText } from './read.ts';
import type { ModuleRequest } from './record.ts';

/** What runs after the exports were given. */
type Body = Iterator<unknown, unknown> | AsyncIterator<unknown, unknown>;

/** One module of one run. */
export class Module {
  readonly key: string;
  readonly file: string;
  /** Null for JSON, whose one export is there at once. */
  readonly source: SourceText | null;
  /** By request, once all of them were found. */
  readonly requested = new Map<ModuleRequest, Module>();
  /** Own exports, read anew each time; they throw before their time as the language says. */
  readonly exports = new Map<string, () => unknown>();
  state: 'new' | 'queued' | 'done' | 'failed' = 'new';
  /** Settles when it was evaluated; null when nobody has asked for that. */
  done: Promise<void> | null = null;
  /** What a failed one threw; whoever asks for it again gets the same. */
  error: unknown = undefined;
  /** What it came to: what it returned, or the value of its last statement. */
  value: unknown = undefined;
  namespace: Readonly<Record<string, unknown>> | null = null;
  #body: Body | null = null;
  #link: Record<string, unknown> | null = null;

  constructor(key: string, file: string, source: SourceText | null, json?: unknown) {
    this.key = key;
    this.file = file;
    this.source = source;
    if (source === null) this.exports.set('default', () => json);
  }

  get isPrepared(): boolean {
    return this.#body !== null || this.source === null;
  }

  /** Evaluates the text to a function, and lets it give its exports. Nothing of the module runs. */
  prepare(evaluate: EvaluateText, role: 'entry' | 'dependency', load: Load): void {
    const { source, file } = this;
    if (source === null || this.isPrepared) return;
    const edited = prepareModule(source, role);
    let make: (link: object) => Body;
    try {
      make = evaluate(`${edited.text}${nameText(file, edited)}`) as typeof make;
    } catch (error) {
      // The engine knows less than the parser, or SES more.
      if (error instanceof SyntaxError) throw sourceInvalid(file, null, error.message, error);
      throw error;
    }
    this.#link = this.#makeLink(load);
    this.#body = make(this.#link);
    this.#body.next();
  }

  /** Lets the module see those that it asked for. */
  connect(namespaceOf: (module: Module) => object): void {
    const link = this.#link;
    this.source?.record.requests.forEach((request, at) => {
      const module = this.requested.get(request);
      if (link === null || module === undefined) throw new Error('It is not prepared.');
      Object.defineProperty(link, `${LINK.module}${at}`, { value: namespaceOf(module) });
    });
  }

  /** Takes its place among those that run. */
  queue(): Settle {
    let accept: () => void = () => undefined;
    let refuse: (error: unknown) => void = () => undefined;
    this.state = 'queued';
    this.done = new Promise((resolve, reject) => {
      accept = resolve;
      refuse = reject;
    });
    // Nobody may ever ask for it.
    this.done.catch(() => undefined);
    return {
      finish: () => {
        this.state = 'done';
        accept();
      },
      fail: (error) => {
        this.state = 'failed';
        this.error = error;
        refuse(error);
      },
      drop: (error) => {
        this.state = 'new';
        this.done = null;
        refuse(error);
      },
    };
  }

  /** Runs it. Gives a promise only for a module that waits at its top level. */
  run(): Promise<void> | null {
    const result = this.#body?.next();
    if (this.source?.names.awaits) {
      return (result as Promise<IteratorResult<unknown>>).then(({ value }) => this.#finish(value));
    }
    this.#finish((result as IteratorResult<unknown> | undefined)?.value);
    return null;
  }

  /** A program that came to its end gives its link back. */
  #finish(value: unknown): void {
    this.value = value === this.#link ? this.#link?.[LINK.result] : value;
  }

  #makeLink(load: Load): Record<string, unknown> {
    const templates = new Map<number, readonly string[]>();
    const parts: Record<string, unknown> = {
      [LINK.exports]: (entries: readonly (readonly [string, () => unknown])[]) => {
        for (const [name, get] of entries) this.exports.set(name, get);
      },
      [LINK.named]: (made: object) => Object.defineProperty(made, 'name', { value: 'default' }),
      [LINK.value]: (value: unknown) => value,
      [LINK.load]: (specifier: unknown, options: unknown) => load(this, specifier, options),
      [LINK.meta]: Object.assign(Object.create(null), { url: `compartment:${this.key}` }),
      [LINK.pattern]: (source: string, flags: string) => new RegExp(source, flags),
      [LINK.template]: (place: number, cooked: string[], raw: readonly string[]) => {
        const known = templates.get(place);
        if (known !== undefined) return known;
        const made = Object.freeze(
          Object.defineProperty(cooked, 'raw', { value: Object.freeze(raw) }),
        );
        templates.set(place, made);
        return made;
      },
    };
    const link = Object.create(null) as Record<string, unknown>;
    for (const [name, value] of Object.entries(parts)) Object.defineProperty(link, name, { value });
    return Object.defineProperty(link, LINK.result, { value: undefined, writable: true });
  }
}

export interface Settle {
  finish(): void;
  fail(error: unknown): void;
  /** It did not run, and may be asked for again. */
  drop(error: unknown): void;
}

/** What `import()` does in a module. */
export type Load = (from: Module, specifier: unknown, options: unknown) => Promise<unknown>;
