/** Names that code can see a power by. They are petnames too, so they begin with a letter. */
const NAME = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;

/** Words of the language, and what every compartment has by itself. */
const TAKEN: ReadonlySet<string> = new Set(
  `arguments as async await break case catch class const continue debugger default delete do else
  enum eval export extends false finally for from function get if implements import in instanceof
  interface let new null of package private protected public return set static super switch this
  throw true try typeof undefined var void while with yield globalThis Infinity NaN console E Far
  harden assert lockdown Compartment Object Function Array String Number Boolean Symbol BigInt Math
  Date JSON RegExp Promise Proxy Reflect Map Set WeakMap WeakSet WeakRef FinalizationRegistry Error
  AggregateError EvalError RangeError ReferenceError SyntaxError TypeError URIError ArrayBuffer
  SharedArrayBuffer DataView Atomics Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array
  Int32Array Uint32Array BigInt64Array BigUint64Array Float32Array Float64Array Iterator URL
  URLSearchParams TextEncoder TextDecoder structuredClone setTimeout clearTimeout setInterval
  clearInterval queueMicrotask crypto atob btoa isFinite isNaN parseFloat parseInt escape unescape
  encodeURI encodeURIComponent decodeURI decodeURIComponent constructor hasOwnProperty isPrototypeOf
  propertyIsEnumerable toLocaleString toString valueOf`
    .split(/\s+/)
    .filter((word) => word !== ''),
);

/** True for what code can be given something by, without losing what it has. */
export function isCodeName(name: string): boolean {
  return NAME.test(name) && !TAKEN.has(name);
}
