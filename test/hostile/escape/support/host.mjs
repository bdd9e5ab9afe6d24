// What an author who runs code of others hands it: functions, objects, promises, errors, and the
// usual things that a host does to what comes back. Careless on purpose.
import { inspect } from 'node:util';

/** Endowments of one run. `tell` notes what the code reports. */
export function makeHost(outsideWitness, tell, isControl) {
  let kept;
  return {
    ...valuesOf(outsideWitness),
    ...callsOf(),
    ...conversionsOf(),
    ...(isControl ? controlsOf(outsideWitness) : {}),
    tell: (text) => tell(text),
    keep: (value) => {
      kept = value;
    },
    kept: () => kept,
  };
}

let board;

/** What no host should hand out; only the controls know of it. */
function controlsOf(outsideWitness) {
  return {
    leak: () => outsideWitness,
    pollute: () => {
      globalThis.polluted = true;
    },
    put: (text) => {
      board = text;
    },
    get: () => board,
  };
}

class Counter {
  #count = 0;
  next() {
    this.#count += 1;
    return this.#count;
  }
  static of() {
    return new Counter();
  }
}

function valuesOf(outsideWitness) {
  return {
    add: (a, b) => a + b,
    later: async (value) => value,
    fail: (text) => {
      throw new Error(text);
    },
    failLater: async (text) => {
      throw new TypeError(text);
    },
    failWithCause: () => {
      throw new Error('outer', { cause: { host: () => {} } });
    },
    list: () => [1, 2, 3],
    record: () => ({ a: 1, deep: { b: [2] } }),
    bytes: () => new Uint8Array([1, 2, 3]),
    buffer: () => new ArrayBuffer(8),
    pairs: () => new Map([['a', { b: 1 }]]),
    set: () => new Set([{}]),
    date: () => new Date(0),
    // A host that matched something of its own a moment ago.
    pattern: () => {
      const own = /^(.+)$/;
      own.exec(outsideWitness);
      return /x(y)?/g;
    },
    error: () => new RangeError('mine'),
    url: () => new URL('https://example.com/a?b=c'),
    signal: () => new AbortController().signal,
    boxed: () => Object('text'),
    symbol: () => Symbol.for('host'),
    counter: () => new Counter(),
    Counter,
    bound: (() => 1).bind(null),
    proxy: () => new Proxy({}, {}),
    iterator: () => [1, 2][Symbol.iterator](),
    async *stream() {
      yield { at: 1 };
      yield { at: 2 };
    },
    *steps() {
      yield { at: 1 };
    },
    parts: (strings) => strings,
    self() {
      return this;
    },
  };
}

function callsOf() {
  return {
    call: (work, ...args) => work(...args),
    callWithRecord: (work) => work({ own: true }),
    callLater: async (work) => {
      await null;
      return work({ own: true });
    },
    callFailing: (work) => {
      try {
        return work();
      } catch (error) {
        return String(error?.message);
      }
    },
    callOn: (object, method, ...args) => object[method](...args),
    construct: (Made, ...args) => new Made(...args),
    sloppy: Function('work', 'return work.call(undefined)'),
    each: (work) => [3, 1, 2].map((item) => work(item)),
    map3: (work) => [3, 1, 2].map(work),
    sort: (compare) => [{ n: 3 }, { n: 1 }].sort(compare).length,
    replace: (work) => 'abc'.replace(/b/, work),
    revive: (work) => JSON.parse('{"a":[1]}', work),
    deep: (work, depth) => {
      const down = (left) => (left === 0 ? work({ own: true }) : down(left - 1));
      return down(depth);
    },
  };
}

function conversionsOf() {
  return {
    read: (object, key) => typeof object[key],
    text: (value) => `${value}`,
    number: (value) => Number(value),
    json: (value) => JSON.stringify(value),
    inspect: (value) => inspect(value),
    clone: (value) => structuredClone(value),
    keys: (value) => Object.keys(value).length,
    copy: (value) => Object.assign({}, value) !== null,
    spread: (value) => [...value].length,
    from: (value) => Array.from(value).length,
    concat: (value) => [0].concat(value).length,
    settle: async (value) => {
      await value;
      return 1;
    },
    all: async (values) => {
      await Promise.all(values);
      return 1;
    },
    drain: async (stream) => {
      for await (const item of stream) String(item);
      return 1;
    },
    match: (pattern) => 'abc'.match(pattern),
    split: (pattern) => 'abc'.split(pattern),
    isInstance: (value, Kind) => value instanceof Kind,
    compare: (a, b) => a < b,
    describe: (error) => `${error.name}: ${error.message} ${error.stack}`,
    decode: (value) => new TextDecoder().decode(value),
    open: (value) => new URL(value).href,
  };
}

/**
 * The same objects for two compartments: what their author shares between tools. Nothing that has
 * state inside, such as a Map, a Date or a URL: to share that is to give a way to talk.
 */
export function makeShared() {
  return {
    list: [],
    record: { deep: {} },
    work: () => 1,
    Kind: class Kind {},
    pattern: /a/g,
    error: new Error('shared'),
    promise: Promise.resolve(1),
    symbol: Symbol('shared'),
    accessor: {
      get value() {
        return 1;
      },
    },
  };
}

/** What a host does with what it was given back, whatever it is. */
export async function useAsHostsDo(value) {
  const results = [];
  for (const way of [
    () => value,
    (given) => String(given),
    (given) => JSON.stringify(given),
    (given) => inspect(given),
    (given) => structuredClone(given),
    (given) => [...given],
    (given) => given?.message,
    (given) => given?.toString?.(),
  ]) {
    try {
      results.push(await way(value));
    } catch {
      // A host that is careful; what matters is what the value did meanwhile.
    }
  }
  return results;
}
