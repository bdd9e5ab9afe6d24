import { typedArrayTag } from './bytes.ts';
import {
  CONSOLE_CHARS_MAX,
  INSPECT_DEPTH_MAX,
  INSPECT_NODES_MAX,
  PROTOTYPES_MAX,
} from './limits.ts';

/**
 * A value as text, for a console or a message. It never throws and calls nothing of the value: no
 * getter, no `toString`. A proxy is shown as what its traps say, and nothing when they throw.
 */
export function inspect(value: unknown): string {
  if (typeof value === 'string') return clip(value, CONSOLE_CHARS_MAX);
  const writer = new Writer();
  writer.write(value, 0);
  return clip(writer.text, CONSOLE_CHARS_MAX);
}

/** What is logged: texts as they are, everything else as it is shown. */
export function inspectAll(values: readonly unknown[]): string {
  let text = '';
  for (let index = 0; index < values.length && text.length < CONSOLE_CHARS_MAX; index += 1) {
    text += `${index === 0 ? '' : ' '}${inspect(values[index])}`;
  }
  return clip(text, CONSOLE_CHARS_MAX);
}

function clip(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

class Writer {
  text = '';
  #left = INSPECT_NODES_MAX;
  readonly #path: object[] = [];

  write(value: unknown, depth: number): void {
    if (typeof value === 'string') this.text += quote(value);
    else if (typeof value === 'bigint') this.text += `${clip(String(value), 100)}n`;
    else if (typeof value === 'symbol') this.text += clip(String(value), 100);
    else if (Object.is(value, -0)) this.text += '-0';
    else if ((typeof value !== 'object' && typeof value !== 'function') || value === null)
      this.text += String(value);
    else this.#writeObject(value, depth);
  }

  #writeObject(value: object, depth: number): void {
    this.#left -= 1;
    if (this.#path.includes(value)) this.text += '[circular]';
    else if (this.#left < 0 || this.text.length > CONSOLE_CHARS_MAX) this.text += '…';
    else {
      const before = this.text;
      this.#path.push(value);
      try {
        this.#writeKnown(value, depth);
      } catch {
        this.text = `${before}[unreadable]`;
      }
      this.#path.pop();
    }
  }

  #writeKnown(value: object, depth: number): void {
    if (typeof value === 'function') {
      const name = dataOf(value, 'name');
      this.text += `[function ${typeof name === 'string' && name !== '' ? clip(name, 100) : '(anonymous)'}]`;
      return;
    }
    const tag = typedArrayTag(value);
    if (tag !== undefined) {
      this.text += `${tag}(${(value as Uint8Array).length})`;
      return;
    }
    const kind = kindOf(value);
    if (kind === 'date') this.text += showDate(value as Date);
    else if (kind === 'error') this.text += showError(value);
    else if (kind === 'promise') this.text += '[promise]';
    else if (kind === 'regexp') this.text += '[regexp]';
    else if (depth >= INSPECT_DEPTH_MAX) this.text += Array.isArray(value) ? '[…]' : '{…}';
    else if (kind === 'map' || kind === 'set') this.#writeCollection(value, kind, depth);
    else if (Array.isArray(value)) this.#writeList(value, depth);
    else this.#writeRecord(value, depth);
  }

  #writeList(value: readonly unknown[], depth: number): void {
    const length = Number(dataOf(value, 'length'));
    this.text += '[';
    for (let index = 0; index < length; index += 1) {
      if (index > 0) this.text += ', ';
      if (!this.#takeOne()) break;
      this.#writeProperty(Object.getOwnPropertyDescriptor(value, String(index)), depth);
    }
    this.text += ']';
  }

  #writeRecord(value: object, depth: number): void {
    const name = classOf(value);
    this.text += `${name === '' ? '' : `${name} `}{`;
    let first = true;
    for (const key of Object.keys(value)) {
      this.text += first ? ' ' : ', ';
      first = false;
      if (!this.#takeOne()) break;
      this.text += `${/^[A-Za-z_$][\w$]*$/.test(key) ? clip(key, 200) : quote(key)}: `;
      this.#writeProperty(Object.getOwnPropertyDescriptor(value, key), depth);
    }
    this.text += first ? '}' : ' }';
  }

  #writeCollection(value: object, kind: 'map' | 'set', depth: number): void {
    this.text += kind === 'map' ? 'Map {' : 'Set {';
    let first = true;
    const entries = (
      kind === 'map'
        ? Reflect.apply(Map.prototype.entries, value, [])
        : Reflect.apply(Set.prototype.values, value, [])
    ) as Iterable<unknown>;
    for (const entry of entries) {
      this.text += first ? ' ' : ', ';
      first = false;
      if (!this.#takeOne()) break;
      if (kind === 'set') this.write(entry, depth + 1);
      else {
        const [key, held] = entry as [unknown, unknown];
        this.write(key, depth + 1);
        this.text += ' => ';
        this.write(held, depth + 1);
      }
    }
    this.text += first ? '}' : ' }';
  }

  #writeProperty(property: PropertyDescriptor | undefined, depth: number): void {
    if (property === undefined) this.text += '<empty>';
    else if ('value' in property) this.write(property.value, depth + 1);
    else this.text += '[getter]';
  }

  #takeOne(): boolean {
    this.#left -= 1;
    if (this.#left >= 0 && this.text.length <= CONSOLE_CHARS_MAX) return true;
    this.text += '…';
    return false;
  }
}

function quote(text: string): string {
  return JSON.stringify(clip(text, CONSOLE_CHARS_MAX));
}

/** Of the object itself, when it is no getter. */
export function dataOf(value: object, key: string): unknown {
  return Object.getOwnPropertyDescriptor(value, key)?.value;
}

type Kind = 'date' | 'error' | 'map' | 'promise' | 'regexp' | 'set' | 'other';

const KINDS: ReadonlyMap<object, Kind> = new Map<object, Kind>([
  [Date.prototype, 'date'],
  [Error.prototype, 'error'],
  [Map.prototype, 'map'],
  [Promise.prototype, 'promise'],
  [RegExp.prototype, 'regexp'],
  [Set.prototype, 'set'],
]);

/** By the prototypes that it says it has; an impostor fails when it is used as what it claims. */
export function kindOf(value: object): Kind {
  let at: object | null = value;
  for (let steps = 0; at !== null && steps < PROTOTYPES_MAX; steps += 1) {
    const kind = KINDS.get(at);
    if (kind !== undefined) return at === value ? 'other' : kind;
    at = Object.getPrototypeOf(at) as object | null;
  }
  return 'other';
}

function showDate(value: Date): string {
  const time = Reflect.apply(Date.prototype.getTime, value, []) as number;
  return Number.isNaN(time) ? 'Invalid Date' : new Date(time).toISOString();
}

function showError(value: object): string {
  const { name, message, code } = errorParts(value);
  const mark = code === undefined ? '' : ` [${code}]`;
  return `${name}${mark}${message === '' ? '' : `: ${message}`}`;
}

const ERROR_NAMES: ReadonlyMap<object, string> = new Map(
  [AggregateError, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map(
    (one) => [one.prototype as object, one.name] as const,
  ),
);

export interface ErrorParts {
  readonly name: string;
  readonly message: string;
  readonly code: string | undefined;
}

/** What an error says of itself as data, looked for along its prototypes. */
export function errorParts(value: object): ErrorParts {
  let name: string | undefined;
  let message: string | undefined;
  let code: string | undefined;
  let at: object | null = value;
  for (let steps = 0; at !== null && at !== Error.prototype && steps < PROTOTYPES_MAX; steps += 1) {
    name ??= textOf(at, 'name') ?? ERROR_NAMES.get(at);
    message ??= textOf(at, 'message');
    code ??= textOf(at, 'code');
    at = Object.getPrototypeOf(at) as object | null;
  }
  return { name: name ?? 'Error', message: message ?? '', code };
}

function textOf(value: object, key: string): string | undefined {
  const held = dataOf(value, key);
  return typeof held === 'string' ? held : undefined;
}

function classOf(value: object): string {
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype === Object.prototype) return '';
  if (prototype === null) return '[no prototype]';
  const made = dataOf(prototype, 'constructor');
  const name = typeof made === 'function' ? dataOf(made, 'name') : undefined;
  return typeof name === 'string' ? clip(name, 100) : '';
}
