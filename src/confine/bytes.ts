/**
 * Bytes of objects of untrusted code, read by what the objects are and not by the properties that
 * they say they have.
 */

const typedArrayPrototype = Object.getPrototypeOf(Uint8Array.prototype) as object;

function getter<T>(of: object, name: string | symbol): (object: object) => T {
  const get = Object.getOwnPropertyDescriptor(of, name)?.get as () => T;
  return (object) => Reflect.apply(get, object, []);
}

/** The name of its class when it is a typed array, else `undefined`. */
export const typedArrayTag = getter<string | undefined>(typedArrayPrototype, Symbol.toStringTag);

const arrayBuffer = getter<ArrayBuffer>(typedArrayPrototype, 'buffer');
const arrayOffset = getter<number>(typedArrayPrototype, 'byteOffset');
const arrayLength = getter<number>(typedArrayPrototype, 'byteLength');
const viewBuffer = getter<ArrayBuffer>(DataView.prototype, 'buffer');
const viewOffset = getter<number>(DataView.prototype, 'byteOffset');
const viewLength = getter<number>(DataView.prototype, 'byteLength');
const bufferLength = getter<number>(ArrayBuffer.prototype, 'byteLength');

export function isArrayBuffer(value: object): value is ArrayBuffer {
  return succeeds(() => bufferLength(value));
}

export function isDataView(value: object): value is DataView {
  return succeeds(() => viewLength(value));
}

/** A copy, or `undefined` when it holds no bytes. */
export function copyBytes(value: unknown): Uint8Array | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (typedArrayTag(value) !== undefined) {
    return new Uint8Array(arrayBuffer(value), arrayOffset(value), arrayLength(value)).slice();
  }
  if (isArrayBuffer(value)) return new Uint8Array(value).slice();
  if (!isDataView(value)) return undefined;
  return new Uint8Array(viewBuffer(value), viewOffset(value), viewLength(value)).slice();
}

/** A getter of the language throws when its object is of another kind. */
function succeeds(work: () => unknown): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}
