import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorParts, inspect, inspectAll, kindOf } from './inspect.ts';
import { CONSOLE_CHARS_MAX, INSPECT_NODES_MAX } from './limits.ts';

const TRAPS = ['get', 'getOwnPropertyDescriptor', 'getPrototypeOf', 'has', 'ownKeys'] as const;

/**
 * Makes a proxy of some data that answers wrongly, throws, or gives another proxy, where it is
 * asked. It is not made before it is looked at, since fast-check looks at what it generates.
 */
const hostile = fc.letrec<{ make: () => unknown }>((tie) => ({
  make: fc.oneof(
    { maxDepth: 4 },
    fc
      .anything({ withBigInt: true, withDate: true, withMap: true, withSet: true })
      .map((value) => () => value),
    fc
      .tuple(
        fc.constantFrom<object>({}, [], () => {}, new Map(), new Error('x'), new Date(0)),
        fc.constantFrom(...TRAPS),
        fc.option(tie('make')),
      )
      .map(([target, trap, answer]) => () => {
        const trapped = (): unknown => {
          if (answer === null) throw new Error('trapped');
          return answer();
        };
        return new Proxy(target, { [trap]: trapped });
      }),
  ),
})).make;

describe('inspect', () => {
  it('gives a short text of anything, and throws at nothing', () => {
    fc.assert(
      fc.property(hostile, (make) => {
        const value = make();
        expect(inspect(value).length).toBeLessThanOrEqual(CONSOLE_CHARS_MAX);
        expect(inspectAll([value, value]).length).toBeLessThanOrEqual(CONSOLE_CHARS_MAX);
      }),
      { numRuns: 500 },
    );
  });

  it('comes to an end where a proxy never does', () => {
    const endless: object = new Proxy(Object.create(null), { getPrototypeOf: () => endless });
    expect(kindOf(endless)).toBe('other');
    expect(errorParts(endless)).toEqual({ name: 'Error', message: '', code: undefined });
    expect(inspect(endless).length).toBeLessThan(100);
    let asked = 0;
    const keys = Array.from({ length: 100_000 }, (_, at) => `k${at}`);
    const wide = new Proxy(
      {},
      {
        ownKeys: () => keys,
        getOwnPropertyDescriptor: () => {
          asked += 1;
          return { value: 1, enumerable: true, configurable: true };
        },
      },
    );
    // Asked once for each key that it says it has, to know which are shown, and then for those.
    inspect(wide);
    expect(asked).toBeLessThanOrEqual(keys.length + INSPECT_NODES_MAX);
  });

  it('takes what an error says from data alone', () => {
    class Own extends RangeError {}
    const error = Object.assign(new Own('broke'), { code: 'c' });
    expect(inspect(error)).toBe('RangeError [c]: broke');
    Object.defineProperty(error, 'message', { get: () => expect.unreachable() });
    expect(inspect(error)).toBe('RangeError [c]');
  });
});
