import { copyBytes, isArrayBuffer, typedArrayTag } from './bytes.ts';
import { errorParts, kindOf } from './inspect.ts';
import { plainError } from './pass.ts';

/**
 * `structuredClone` for compartments: of the same values as the platform's, apart from objects of
 * the platform itself. What contains itself is copied as it is.
 */
export function structuredClone(value: unknown): unknown {
  return copy(value, new Map());
}

type Made = Map<object, unknown>;

function copy(value: unknown, made: Made): unknown {
  if (typeof value === 'symbol' || typeof value === 'function') throw refused(typeof value);
  if (typeof value !== 'object' || value === null) return value;
  const known = made.get(value);
  if (known !== undefined) return known;
  const container = containerOf(value);
  if (container === undefined) {
    const whole = copyWhole(value);
    made.set(value, whole);
    return whole;
  }
  made.set(value, container);
  fill(container, value, made);
  return container;
}

type Container = unknown[] | Map<unknown, unknown> | Set<unknown> | Record<string, unknown>;

function containerOf(value: object): Container | undefined {
  if (Array.isArray(value)) return new Array(value.length);
  const kind = kindOf(value);
  if (kind === 'map') return new Map();
  if (kind === 'set') return new Set();
  return kind === 'other' && typedArrayTag(value) === undefined && !isArrayBuffer(value)
    ? {}
    : undefined;
}

function fill(container: Container, value: object, made: Made): void {
  if (container instanceof Map) {
    for (const [key, held] of Reflect.apply(Map.prototype.entries, value, []) as Iterable<
      [unknown, unknown]
    >) {
      container.set(copy(key, made), copy(held, made));
    }
  } else if (container instanceof Set) {
    for (const held of Reflect.apply(Set.prototype.values, value, []) as Iterable<unknown>) {
      container.add(copy(held, made));
    }
  } else {
    for (const key of Object.keys(value)) {
      Object.defineProperty(container, key, {
        value: copy((value as Record<string, unknown>)[key], made),
        writable: true,
        enumerable: true,
        configurable: true,
      });
    }
  }
}

function copyWhole(value: object): unknown {
  const kind = kindOf(value);
  if (kind === 'date') return new Date(Reflect.apply(Date.prototype.getTime, value, []) as number);
  if (kind === 'error') return plainError(errorParts(value));
  if (kind === 'regexp') {
    const { source, flags } = value as RegExp;
    return new RegExp(source, flags);
  }
  if (kind === 'promise') throw refused('promise');
  const bytes = copyBytes(value) as Uint8Array;
  if (isArrayBuffer(value)) return bytes.buffer;
  const tag = typedArrayTag(value);
  // By the table and not by the value, whose `constructor` may be anything.
  const Made = TYPED_ARRAYS.get(tag as string);
  if (Made === undefined) throw refused(String(tag));
  return new Made(bytes.buffer as ArrayBuffer);
}

const TYPED_ARRAYS: ReadonlyMap<string, new (buffer: ArrayBuffer) => object> = new Map(
  [
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    BigInt64Array,
    BigUint64Array,
  ].map((one) => [one.name, one] as const),
);

function refused(what: string): TypeError {
  return new TypeError(`Cannot clone: a ${what} cannot be copied.`);
}
