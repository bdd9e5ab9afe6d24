// The start realm as it was: attempts that change it have got through, and it is put back.

const own = Object.fromEntries(Reflect.ownKeys(Reflect).map((key) => [key, Reflect[key]]));
const text = String;
const same = Object.is;

const ITERATORS = [[], new Map(), new Set(), ''].map((each) =>
  Object.getPrototypeOf(each[Symbol.iterator]()),
);

function watched() {
  // Node makes some of these when they are first read.
  for (const key of Reflect.ownKeys(globalThis)) void globalThis[key];
  void process.allowedNodeEnvironmentFlags;
  const named = [
    'Object Function Array String Number Boolean Symbol BigInt Error TypeError RangeError Promise',
    'RegExp Date Map Set WeakMap WeakSet ArrayBuffer SharedArrayBuffer DataView Uint8Array Proxy',
    'URL URLSearchParams TextEncoder TextDecoder AbortController Event EventTarget Buffer',
  ];
  const constructors = named
    .flatMap((line) => line.split(' '))
    .map((name) => globalThis[name])
    .filter((each) => typeof each === 'function');
  const generator = Object.getPrototypeOf(function* () {});
  const stream = Object.getPrototypeOf(async function* () {});
  return [
    globalThis,
    process,
    process.env,
    console,
    JSON,
    Math,
    Reflect,
    Atomics,
    Object.getPrototypeOf(Uint8Array),
    Object.getPrototypeOf(Uint8Array.prototype),
    Object.getPrototypeOf(async () => {}),
    generator,
    generator.prototype,
    stream,
    stream.prototype,
    ...ITERATORS,
    Object.getPrototypeOf(ITERATORS[0]),
    ...constructors.flatMap((each) => [each, each.prototype]),
  ].filter((each) => each !== undefined && each !== null);
}

/**
 * `changes()` lists what is other than it was, and puts it back. It walks by index and calls what
 * it took before: an attempt may have broken iterators, `push` or `Reflect`.
 */
export function watchOutside(extra = []) {
  const objects = [...watched(), ...extra];
  const before = objects.map((object) => ({
    object,
    keys: own.ownKeys(object),
    descriptors: own.ownKeys(object).map((key) => own.getOwnPropertyDescriptor(object, key)),
    prototype: own.getPrototypeOf(object),
    extensible: own.isExtensible(object),
  }));
  return {
    changes() {
      const found = [];
      for (let at = 0; at < before.length; at++) compare(before[at], found);
      return found;
    },
  };
}

function compare({ object, keys, descriptors, prototype, extensible }, found) {
  const say = (what) => {
    found[found.length] = what;
  };
  if (own.getPrototypeOf(object) !== prototype) {
    say('prototype');
    own.setPrototypeOf(object, prototype);
  }
  if (own.isExtensible(object) !== extensible) say('extensible');
  const now = own.ownKeys(object);
  for (let at = 0; at < now.length; at++) {
    if (isOneOf(now[at], keys)) continue;
    say(`added ${text(now[at])}`);
    own.deleteProperty(object, now[at]);
  }
  for (let at = 0; at < keys.length; at++) {
    const was = descriptors[at];
    const is = own.getOwnPropertyDescriptor(object, keys[at]);
    // Another number when the parent ends, whoever that was.
    if (object === process && keys[at] === 'ppid') continue;
    if (is !== undefined && isSame(is, was)) continue;
    say(`changed ${text(keys[at])}`);
    own.defineProperty(object, keys[at], was);
  }
}

function isSame(a, b) {
  return same(a.value, b.value) && a.get === b.get && a.set === b.set;
}

function isOneOf(key, keys) {
  for (let at = 0; at < keys.length; at++) if (keys[at] === key) return true;
  return false;
}
