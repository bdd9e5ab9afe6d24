/**
 * `URL` and `URLSearchParams` for compartments. The platform's own are shared by the whole process
 * and can be changed, and what they throw and iterate with leads to objects of the platform; so
 * code gets classes of ours, hardened, that hand the platform nothing but texts and take nothing
 * back but texts.
 */

interface PlatformParams extends Iterable<[string, string]> {
  append(name: string, value: string): void;
  delete(name: string, value?: string): void;
  get(name: string): string | null;
  getAll(name: string): string[];
  has(name: string, value?: string): boolean;
  set(name: string, value: string): void;
  sort(): void;
  toString(): string;
}

interface PlatformUrl {
  readonly searchParams: PlatformParams;
  readonly origin: string;
  [part: string]: unknown;
  toString(): string;
}

interface Platform {
  readonly URL: new (text: string, base?: string) => PlatformUrl;
  readonly URLSearchParams: new (text?: string) => PlatformParams;
}

const platform = globalThis as unknown as Platform;
const PlatformURL = platform.URL;
const PlatformURLSearchParams = platform.URLSearchParams;

/** Names the list of a URL to the class below; nothing but this module has it. */
const LIST_OF_URL = Object.freeze({});

export class URLSearchParams {
  readonly #list: PlatformParams;

  constructor(init?: unknown, list?: unknown) {
    if (init === LIST_OF_URL) {
      this.#list = list as PlatformParams;
      return;
    }
    this.#list = new PlatformURLSearchParams();
    for (const [name, value] of pairsOf(init)) this.#list.append(name, value);
  }

  get size(): number {
    return [...this.#list].length;
  }

  append(name: unknown, value: unknown): void {
    this.#list.append(`${name}`, `${value}`);
  }

  delete(name: unknown, value?: unknown): void {
    if (value === undefined) this.#list.delete(`${name}`);
    else this.#list.delete(`${name}`, `${value}`);
  }

  get(name: unknown): string | null {
    return this.#list.get(`${name}`);
  }

  getAll(name: unknown): string[] {
    return [...this.#list.getAll(`${name}`)];
  }

  has(name: unknown, value?: unknown): boolean {
    if (value === undefined) return this.#list.has(`${name}`);
    return this.#list.getAll(`${name}`).includes(`${value}`);
  }

  set(name: unknown, value: unknown): void {
    this.#list.set(`${name}`, `${value}`);
  }

  sort(): void {
    this.#list.sort();
  }

  forEach(work: (value: string, name: string, list: URLSearchParams) => void): void {
    for (const [name, value] of this.#pairs()) work(value, name, this);
  }

  entries(): IterableIterator<[string, string]> {
    return this.#pairs().values();
  }

  keys(): IterableIterator<string> {
    return this.#pairs()
      .map(([name]) => name)
      .values();
  }

  values(): IterableIterator<string> {
    return this.#pairs()
      .map(([, value]) => value)
      .values();
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries();
  }

  get [Symbol.toStringTag](): string {
    return 'URLSearchParams';
  }

  toString(): string {
    return this.#list.toString();
  }

  /** Lists of ours: an iterator of the platform's leads to its prototype. */
  #pairs(): [string, string][] {
    return [...this.#list].map(([name, value]) => [name, value]);
  }
}

/** Pairs of texts, of a query, of pairs or of an object. */
function pairsOf(init: unknown): readonly (readonly [string, string])[] {
  if (init === undefined || init === null) return [];
  if (typeof init !== 'object' && typeof init !== 'function') {
    return [...new PlatformURLSearchParams(`${init}`)];
  }
  if (typeof (init as Iterable<unknown>)[Symbol.iterator] === 'function') {
    return [...(init as Iterable<Iterable<unknown>>)].map((pair) => {
      const [name, value, ...rest] = [...pair];
      if (rest.length > 0) throw new TypeError('Cannot read URLSearchParams: not a pair.');
      return [`${name}`, `${value}`];
    });
  }
  return Object.entries(init).map(([name, value]) => [name, `${value}`]);
}

/** Gives the platform's URL of one of ours; set by the class, which alone can look inside. */
let platformOf!: (url: URL) => PlatformUrl;

export class URL {
  readonly #url: PlatformUrl;
  #list: URLSearchParams | undefined;

  static {
    platformOf = (url) => url.#url;
  }

  constructor(text: unknown, base?: unknown) {
    this.#url = parseOrThrow(text, base);
  }

  static canParse(text: unknown, base?: unknown): boolean {
    return parse(text, base) !== null;
  }

  get origin(): string {
    return this.#url.origin;
  }

  get searchParams(): URLSearchParams {
    this.#list ??= new URLSearchParams(LIST_OF_URL, this.#url.searchParams);
    return this.#list;
  }

  toString(): string {
    return this.#url.href as string;
  }

  toJSON(): string {
    return this.#url.href as string;
  }

  get [Symbol.toStringTag](): string {
    return 'URL';
  }
}

/** What can be read and set as text. */
const PARTS = [
  'href',
  'protocol',
  'username',
  'password',
  'host',
  'hostname',
  'port',
  'pathname',
  'search',
  'hash',
] as const;

for (const part of PARTS) {
  const property = {
    get [part](): string {
      return platformOf(this as unknown as URL)[part] as string;
    },
    set [part](value: unknown) {
      const url = platformOf(this as unknown as URL);
      url[part] = part === 'href' ? parseOrThrow(value, undefined).toString() : `${value}`;
    },
  };
  const accessor = Object.getOwnPropertyDescriptor(property, part) as PropertyDescriptor;
  Object.defineProperty(URL.prototype, part, { ...accessor, enumerable: true });
}

function parseOrThrow(text: unknown, base: unknown): PlatformUrl {
  const url = parse(text, base);
  // The platform's own error leads to a class of the platform.
  if (url === null) throw new TypeError('Invalid URL');
  return url;
}

function parse(text: unknown, base: unknown): PlatformUrl | null {
  const first = `${text}`;
  const second = base === undefined ? undefined : `${base}`;
  try {
    return second === undefined ? new PlatformURL(first) : new PlatformURL(first, second);
  } catch {
    return null;
  }
}
