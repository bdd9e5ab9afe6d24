import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makePresence } from './eventual.ts';
import {
  DATA_BYTES_MAX,
  DATA_CHARS_MAX,
  DATA_DEPTH_MAX,
  DATA_NODES_MAX,
  DATA_PROPERTIES_MAX,
} from './limits.ts';
import { passIn, passOut, type ReferenceKind } from './pass.ts';

/** What crosses by reference is shown by its kind. */
const KINDS = { reference: (_value: object, kind: ReferenceKind) => `<${kind}>` };

const out = (value: unknown): unknown => passOut(value, KINDS);

function refusal(value: unknown): string {
  try {
    passOut(value, KINDS);
  } catch (error) {
    expect(error).toMatchObject({ code: 'not-passable' });
    return (error as Error).message;
  }
  return 'it crossed';
}

const handler = { send: () => ({ answer: Promise.resolve(), next: handler }) };

describe('what leaves a compartment', () => {
  it('is a copy of plain data, equal and with nothing shared', () => {
    const leaf = fc.oneof(
      fc.string(),
      fc.double(),
      fc.boolean(),
      fc.bigInt(),
      fc.constantFrom(null, undefined),
      fc.date(),
      fc.uint8Array(),
    );
    const key = fc.string().filter((name) => name !== '__proto__');
    const { data } = fc.letrec((tie) => ({
      data: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.array(tie('data'), { maxLength: 4 }),
        fc.dictionary(key, tie('data'), { maxKeys: 4, noNullPrototype: true }),
      ),
    }));
    fc.assert(
      fc.property(data, (value) => {
        const copy = out(value);
        expect(copy).toEqual(value);
        expect(shared(value, copy)).toBe(false);
      }),
    );
  });

  it('crosses by reference when it can be called, and tells which kind it is', () => {
    async function* ticks(): AsyncGenerator<number> {
      yield 1;
    }
    function* steps(): Generator<number> {
      yield 1;
    }
    expect(
      out([
        () => 1,
        class {},
        makePresence(handler),
        ticks(),
        steps(),
        { [Symbol.asyncIterator]: ticks },
        [1].values(),
        { read: () => 1 },
      ]),
    ).toEqual([
      '<function>',
      '<function>',
      '<object>',
      '<stream>',
      '<stream>',
      '<stream>',
      '<stream>',
      { read: '<function>' },
    ]);
  });

  it('keeps name, message and code of an error, and nothing else', () => {
    class Own extends TypeError {
      override name = 'Own';
      readonly code = 'own';
      readonly held = () => 1;
    }
    const copy = out({ error: new Own('broke', { cause: 1 }) }) as { error: Error };
    expect(Object.getPrototypeOf(copy.error)).toBe(Error.prototype);
    expect({ ...copy.error, message: copy.error.message }).toEqual({
      name: 'Own',
      code: 'own',
      message: 'broke',
    });
    expect('cause' in copy.error).toBe(false);
    expect((out(new RangeError('x'.repeat(9000))) as Error).message).toHaveLength(8192);
  });

  it.each<[string, unknown, string]>([
    ['a symbol', { items: [1, 2, 3, { when: Symbol('now') }] }, '.items[3].when: a symbol cannot'],
    [
      'a getter',
      {
        a: {
          get b() {
            return 1;
          },
        },
      },
      '.a.b: a getter cannot cross',
    ],
    ['a key that is a symbol', { a: { [Symbol.iterator]: 1 } }, '.a: a key that is a symbol'],
    ['a key named __proto__', JSON.parse('{"a":{"__proto__":1}}'), '.a: a key named __proto__'],
    ['a promise', { later: Promise.resolve(1) }, '.later: a promise cannot cross, await it'],
    ['a Map', new Map(), ': a Map cannot cross, pass Object.fromEntries of it'],
    ['a Set', [new Set()], '[0]: a Set cannot cross, pass it as a list'],
    ['holes', Object.assign([1], { 2: 2 }), '[1]: a list with holes cannot cross'],
    ['a class', { p: new (class Point {})() }, '.p: an object of the class Point cannot cross'],
    ['a regular expression', /a/, ': an object of the class RegExp cannot cross'],
    ['another typed array', { 'a b': new Int16Array(1) }, '["a b"]: a Int16Array cannot cross'],
    ['a DataView', new DataView(new ArrayBuffer(1)), ': an object of the class DataView cannot'],
    ['a boxed text', Object('x'), ': an object of the class String cannot cross'],
    [
      'a method named then',
      { a: Object.fromEntries([['then', () => 1]]) },
      '.a.then: a method of this name',
    ],
    ['a method named toJSON', { toJSON: () => 1 }, '.toJSON: a method of this name'],
    ['an impostor of a date', Object.create(Date.prototype), ': it cannot be read'],
    ['an endless number', 10n ** 5000n, ': a number of more than 4096 digits'],
    ['a long list', Object.assign([], { length: DATA_PROPERTIES_MAX + 1 }), ': a list that is too'],
    [
      'many objects',
      Array.from({ length: DATA_NODES_MAX }, () => ({})),
      '[99999]: more than 100000 objects',
    ],
    ['much text', Array(5).fill('x'.repeat(DATA_CHARS_MAX / 4)), '[4]: more than 33554432 char'],
    ['many names', { ['x'.repeat(DATA_CHARS_MAX + 1)]: 1 }, '.xxx'],
    ['many bytes', new Uint8Array(DATA_BYTES_MAX + 1), ': more than 33554432 bytes'],
  ])('is refused with its place when it is %s', (_what, value, message) => {
    expect(refusal(value)).toContain(`Cannot pass the value at result${message}`);
  });

  it('is refused when it contains itself or is nested too deep', () => {
    const loop: { list: unknown[] } = { list: [] };
    loop.list.push(loop);
    expect(refusal(loop)).toContain('result.list[0]: it contains itself');
    const deep = (levels: number): unknown => {
      let value: unknown = 1;
      for (let level = 0; level < levels; level += 1) value = [value];
      return value;
    };
    expect(refusal(deep(DATA_DEPTH_MAX))).toBe('it crossed');
    expect(refusal(deep(DATA_DEPTH_MAX + 1))).toContain('nested more than 64 deep');
    // The same object twice is two copies, and no loop.
    const twice = { a: 1 };
    expect(out([twice, twice])).toEqual([{ a: 1 }, { a: 1 }]);
  });

  it('is read once and never called, whatever a proxy says', () => {
    const traps = ['getPrototypeOf', 'ownKeys', 'getOwnPropertyDescriptor'] as const;
    for (const trap of traps) {
      for (const thrown of [new Error('x'), { [Symbol.for('powerbox.error')]: true }, undefined]) {
        const handler = {
          [trap]: () => {
            throw thrown;
          },
        };
        expect(refusal({ a: new Proxy({ b: 1 }, handler) })).toContain('it cannot be read');
      }
    }
    let reads = 0;
    const turning = new Proxy(
      { value: 1 },
      {
        get: () => {
          throw new Error('read by get');
        },
        getOwnPropertyDescriptor: (_target, key) => {
          if (key !== 'value') return undefined;
          reads += 1;
          return { value: reads, writable: true, enumerable: true, configurable: true };
        },
      },
    );
    expect(out(turning)).toEqual({ value: 1 });
    expect(reads).toBe(1);
    const endless: unknown = new Proxy([], {
      getOwnPropertyDescriptor: (_target, key) =>
        key === 'length'
          ? { value: 1, writable: true, enumerable: false, configurable: false }
          : { value: endless, writable: true, enumerable: true, configurable: true },
    });
    expect(refusal(endless)).toMatch(/contains itself|cannot be read/);
  });

  it('copies the bytes themselves, whatever a list of bytes says of itself', () => {
    const bytes = new Uint8Array([1, 2, 3]);
    Object.defineProperties(bytes, {
      length: { value: 1_000_000 },
      constructor: { value: { [Symbol.species]: () => new Uint8Array(1) } },
      slice: { value: () => 'taken' },
      [Symbol.iterator]: { value: () => ({ next: () => ({ done: true }) }) },
    });
    expect(out({ bytes })).toEqual({ bytes: new Uint8Array([1, 2, 3]) });
    const copy = out(Buffer.from('abc')) as Uint8Array;
    expect(Object.getPrototypeOf(copy)).toBe(Uint8Array.prototype);
    // A buffer of Node is a window on memory that others use.
    expect(copy.buffer.byteLength).toBe(3);
    expect(out(new Uint8Array([7]).buffer)).toEqual(new Uint8Array([7]));
  });
});

describe('what a channel brings', () => {
  it('is what the channel says it is, or a copy', () => {
    const stub = () => {};
    const known = (value: object): unknown => (value === stub ? 'a presence' : undefined);
    const given = { list: [1, stub], stub };
    const copy = passIn(given, { ...KINDS, known }) as typeof given;
    expect(copy).toEqual({ list: [1, 'a presence'], stub: 'a presence' });
    copy.list.sort();
    expect(passIn(new TypeError('no'), { ...KINDS, error: ({ name }) => name })).toBe('TypeError');
  });
});

/** Whether two values have an object in common. */
function shared(left: unknown, right: unknown): boolean {
  const objects = new Set<unknown>();
  const visit = (value: unknown, found: (object: object) => void): void => {
    if (typeof value !== 'object' || value === null) return;
    found(value);
    if (!(value instanceof Uint8Array)) for (const one of Object.values(value)) visit(one, found);
  };
  visit(left, (object) => objects.add(object));
  let common = false;
  visit(right, (object) => {
    common ||= objects.has(object);
  });
  return common;
}
