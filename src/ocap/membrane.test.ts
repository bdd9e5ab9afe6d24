import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DATA_DEPTH_MAX, DATA_NODES_MAX } from './limits.ts';
import { makeMembrane } from './membrane.ts';

/** Objects that know which side they are of. */
class Inner {}
class Outer {}
class Wrapper {
  readonly of: object;
  constructor(of: object) {
    this.of = of;
  }
}

function membrane() {
  return makeMembrane({
    isInner: (value) => value instanceof Inner,
    isOuter: (value) => value instanceof Outer,
    wrapInner: (inner) => new Wrapper(inner),
    wrapOuter: (outer) => new Wrapper(outer),
  });
}

describe('a membrane', () => {
  it('lets no object of either side through bare', () => {
    const { outward, inward } = membrane();
    expect(outward(new Inner())).toBeInstanceOf(Wrapper);
    expect(inward(new Outer())).toBeInstanceOf(Wrapper);
    expect(outward({ a: [new Inner()] })).toEqual({ a: [expect.any(Wrapper)] });
  });

  it('keeps identity on every round trip', () => {
    const { outward, inward } = membrane();
    const inner = new Inner();
    const outer = new Outer();
    expect(outward(inner)).toBe(outward(inner));
    expect(inward(outward(inner))).toBe(inner);
    expect(inward(outer)).toBe(inward(outer));
    expect(outward(inward(outer))).toBe(outer);
  });

  it('takes no wrapper of another membrane for its own', () => {
    const one = membrane();
    const other = membrane();
    const foreign = one.outward(new Inner());
    expect(() => other.inward(foreign)).toThrow('an object of a class');
  });

  it('copies data, so that the sides share nothing that changes', () => {
    const { outward } = membrane();
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        if (JSON.stringify(value).includes('__proto__')) return;
        const copied = outward(value);
        expect(copied).toEqual(value);
        if (typeof value === 'object' && value !== null) expect(copied).not.toBe(value);
      }),
    );
    const bytes = new Uint8Array([1]);
    const copied = outward(bytes) as Uint8Array;
    copied[0] = 2;
    expect(bytes[0]).toBe(1);
  });

  it('reads a property once', () => {
    let reads = 0;
    const shifty = {
      get path() {
        reads += 1;
        return reads === 1 ? 'fine' : 'foul';
      },
    };
    expect(membrane().inward(shifty)).toEqual({ path: 'fine' });
    expect(reads).toBe(1);
  });

  it.each<[string, unknown]>([
    ['a function', () => 1],
    ['a symbol', Symbol('x')],
    ['a map', new Map()],
    ['a key that sets a prototype', JSON.parse('{"__proto__": 1}')],
    ['an object of a class', new (class Foo {})()],
  ])('refuses %s', (_, value) => {
    expect(() => membrane().inward({ value })).toThrow('Cannot pass');
  });

  it('bounds depth and number', () => {
    let deep: unknown = 1;
    for (let level = 0; level < DATA_DEPTH_MAX; level++) deep = [deep];
    expect(() => membrane().inward(deep)).not.toThrow();
    expect(() => membrane().inward([deep])).toThrow('nested');
    const cycle: unknown[] = [];
    cycle.push(cycle);
    expect(() => membrane().inward(cycle)).toThrow('nested');
    expect(() => membrane().inward(new Array(DATA_NODES_MAX + 1))).toThrow('more than');
    const many = (count: number) => Array.from({ length: count }, () => ({}));
    expect(() => membrane().inward(many(DATA_NODES_MAX - 1))).not.toThrow();
    expect(() => membrane().inward(many(DATA_NODES_MAX))).toThrow('more than');
  });
});
