import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Confined, openConfined } from '../support/confined.ts';

let confined: Confined;

beforeAll(async () => {
  confined = await openConfined();
});
afterAll(() => confined.close());

/** What a compartment with everything that can be given makes of some code. */
const evaluate = (code: string): Promise<{ value: unknown; lines: string[] }> =>
  confined.run(async ({ compartment }, text) => {
    const lines: string[] = [];
    const room = compartment({
      clock: () => 86_400_000,
      random: () => 0.5,
      console: (level, line) => lines.push(`${level} ${line}`),
      timers: {
        start: (work, ms) => {
          const timer = setTimeout(work, ms);
          return () => clearTimeout(timer);
        },
      },
    });
    return { value: await room.evaluate(text), lines };
  }, code);

/** Every own property of what is reached from the globals, by path. */
const WALK = `
  const seen = new Map();
  const faults = [];
  const visit = (value, path) => {
    if (Object(value) !== value || seen.has(value)) return;
    seen.set(value, path);
    if (value !== globalThis && !Object.isFrozen(value)) faults.push(path);
    visit(Object.getPrototypeOf(value), path + '.__proto__');
    for (const key of Reflect.ownKeys(value)) {
      const property = Reflect.getOwnPropertyDescriptor(value, key);
      visit(property.value, path + '.' + String(key));
      visit(property.get, path + '.get ' + String(key));
      visit(property.set, path + '.set ' + String(key));
    }
  };
  visit(globalThis, 'globalThis');
`;

describe('a compartment', () => {
  it('has these names and no others', async () => {
    const { value } = await evaluate('Object.getOwnPropertyNames(globalThis).sort().join(" ")');
    // Of the language since later versions of Node.
    const later = ['AsyncIterator', 'Iterator', 'Temporal'];
    const names = (value as string).split(' ').filter((name) => !later.includes(name));
    expect(names).toEqual(
      `AggregateError Array ArrayBuffer BigInt BigInt64Array BigUint64Array Boolean DataView Date E
      Error EvalError Far Function Infinity Int16Array Int32Array Int8Array JSON Map Math NaN Number
      Object Promise Proxy RangeError ReferenceError Reflect RegExp Set String Symbol SyntaxError
      TextDecoder TextEncoder TypeError URIError URL URLSearchParams Uint16Array Uint32Array
      Uint8Array Uint8ClampedArray WeakMap WeakSet atob btoa clearTimeout console crypto decodeURI
      decodeURIComponent encodeURI encodeURIComponent escape eval globalThis harden isFinite isNaN
      parseFloat parseInt queueMicrotask setTimeout structuredClone undefined unescape`.split(
        /\s+/,
      ),
    );
  });

  it('reaches nothing that can be changed', async () => {
    const { value } = await evaluate(`${WALK}
      const before = faults.join();
      visit(harden({ held: Object.create({}) }).held, 'frozen');
      visit({ a: 1 }, 'loose');
      ({ count: seen.size, before, after: faults.join() })`);
    const { count, ...found } = value as { count: number };
    expect(count).toBeGreaterThan(700);
    expect(found).toEqual({ before: '', after: 'loose' });
  });

  it('reaches nothing that can be changed through what its globals make and throw', async () => {
    const { value } = await evaluate(`${WALK}
      const own = (value, path) => {
        // The thing itself is of the code; what it is made of must not be.
        visit(Object.getPrototypeOf(value), path);
      };
      const thrown = (work, path) => {
        try { work(); } catch (error) {
          own(error, path);
          for (const key of Reflect.ownKeys(error)) visit(error[key], path + '.' + String(key));
          return;
        }
        faults.push(path + ' did not throw');
      };
      thrown(() => new URL('bad'), 'new URL');
      thrown(() => { new URL('https://a').href = 'bad'; }, 'href');
      thrown(() => URL.prototype.toString.call({}), 'URL.toString');
      thrown(() => new TextDecoder('bad'), 'new TextDecoder');
      thrown(() => new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array([255])), 'decode');
      thrown(() => new TextDecoder().decode({}), 'decode {}');
      thrown(() => TextEncoder.prototype.encodeInto.call({}, 'a', 1), 'encodeInto');
      thrown(() => atob('*'), 'atob');
      thrown(() => btoa('\\u{1f600}'), 'btoa');
      thrown(() => structuredClone(() => {}), 'structuredClone');
      thrown(() => setTimeout('code'), 'setTimeout');
      thrown(() => crypto.getRandomValues(1), 'getRandomValues');
      thrown(() => Far('x', { a: 1 }), 'Far');
      thrown(() => { const f = () => f(); f(); }, 'stack');
      thrown(() => null.x, 'null');
      const url = new URL('https://a/?b=c');
      own(url, 'url');
      own(url.searchParams, 'searchParams');
      own(url.searchParams[Symbol.iterator](), 'iterator');
      own(url.searchParams.keys(), 'keys');
      own(new TextEncoder().encode('a'), 'bytes');
      own(structuredClone(new Map([[1, new Date(0)]])), 'clone');
      own(new Date(), 'date');
      own(E({ a: () => 1 }), 'E');
      own(E({ a: () => 1 }).a(), 'E()');
      await E(undefined).a().catch((error) => own(error, 'rejection'));
      await E({}).a().catch((error) => { own(error, 'rejection'); visit(error.constructor, 'class'); });
      faults.join()`);
    expect(value).toBe('');
  });

  it('keeps what it is given apart from what others are', async () => {
    const result = await confined.run(async ({ compartment }) => {
      const [one, two] = [compartment(), compartment()];
      await one.evaluate(`
        globalThis.left = 'here';
        globalThis.WeakSet = 'mine';
        for (const work of [
          () => { globalThis.Array = 'mine'; },
          () => { delete globalThis.console; },
          () => { Object.prototype.left = 'here'; },
          () => { Array.prototype.push = 'here'; },
          () => { URL.left = 'here'; },
          () => { E.left = 'here'; },
          () => { console.log = 'here'; },
          () => { Error.prepareStackTrace = () => 'here'; },
          () => { Error.stackTraceLimit = 0; },
          () => { Symbol.left = 'here'; },
        ]) { try { work(); } catch {} }
        1`);
      return [
        await two.evaluate(`[typeof globalThis.left, typeof WeakSet, typeof ({}).left, typeof URL.left,
          typeof E.left, typeof [].push, typeof Symbol.left, new Error('x').stack]`),
        await one.evaluate('[globalThis.left, WeakSet, typeof Array, typeof console]'),
      ];
    });
    expect(result).toEqual([
      ['undefined', 'function', 'undefined', 'undefined', 'undefined', 'function', 'undefined', ''],
      ['here', 'mine', 'function', 'object'],
    ]);
  });

  it('is given a name once, hardened, and no name that is none', async () => {
    const result = await confined.run(async ({ compartment }) => {
      const given = { deep: { list: [1] } };
      const room = compartment({ endowments: { given } });
      room.endow('more', 2);
      const failure = (work: () => unknown): string => {
        try {
          return String(work());
        } catch (error) {
          return (error as Error).message;
        }
      };
      return [
        Object.isFrozen(given.deep.list),
        await room.evaluate('given.deep.list[0] + more'),
        failure(() => room.endow('more', 3)),
        failure(() => room.endow('Object', 3)),
        failure(() => room.endow('globalThis', 3)),
        failure(() => room.endow('toString', 3)),
        failure(() => room.endow('__proto__', 3)),
        failure(() => room.endow('a-b', 3)),
        failure(() => compartment({ endowments: { E: 1 } })),
        await room.evaluate('typeof clock').catch((error: Error) => error.message),
      ];
    });
    expect(result).toEqual([
      true,
      3,
      'Cannot endow more: the code has it already.',
      'Cannot endow Object: the code has it already.',
      'Cannot endow globalThis: the code has it already.',
      'Cannot endow toString: the code has it already.',
      'Cannot endow __proto__: the code has it already.',
      'Cannot endow "a-b": it is no name.',
      'Cannot endow E: the code has it already.',
      'undefined',
    ]);
  });
});

describe('the globals of a compartment', () => {
  it('tell the time and throw dice only when they are given', async () => {
    const without = await confined.run(async ({ compartment }) => {
      const room = compartment();
      const tried: unknown[] = [];
      for (const code of ['Date.now()', 'new Date()', 'Math.random()', 'crypto', 'setTimeout']) {
        tried.push(await room.evaluate(code).catch((error: Error) => error.name));
      }
      return tried;
    });
    expect(without.every((one) => /Error$/.test(String(one)))).toBe(true);
    const { value } = await evaluate(`[
      Date.now(), new Date().toISOString(), typeof Date(), new Date(5) instanceof Date,
      new Date(2020, 0, 1).getFullYear(), Date.parse('1970-01-02'), Date.UTC(1970, 0, 2),
      new (class extends Date {})().getTime(), Math.random(), Math.max(1, 2), String(Math),
      crypto.randomUUID(), [...crypto.getRandomValues(new Uint8Array(2))],
    ]`);
    expect(value).toEqual([
      86_400_000,
      '1970-01-02T00:00:00.000Z',
      'string',
      true,
      2020,
      86_400_000,
      86_400_000,
      86_400_000,
      0.5,
      2,
      '[object Math]',
      '80808080-8080-4080-8080-808080808080',
      [128, 128],
    ]);
  });

  it('read and write addresses and texts as the platform does', async () => {
    const code = `
      const url = new URL('/a/../b?x=1&y=%20#z', 'https://user:pw@h.example:8080');
      url.searchParams.append('q', 'é'); url.searchParams.delete('y'); url.hash = 'end';
      url.port = '9'; url.pathname = '/c d';
      const list = new URLSearchParams([['b', '1'], ['a', '2'], ['a', '3']]);
      list.sort(); list.set('b', 'x');
      const each = []; list.forEach((value, name) => each.push(name + value));
      [ url.href, String(url), JSON.stringify(url), url.origin, url.protocol, url.host, url.hostname,
        url.search, url.username, url.password, URL.canParse('x'), URL.canParse('x', 'https://y'),
        list.toString(), list.getAll('a'), list.get('none'), list.has('a'), list.has('a', '3'),
        list.size, [...list.keys()], [...list.values()], each,
        new URLSearchParams({ k: 1 }).toString(), new URLSearchParams('?k=1').get('k'),
        [...new TextEncoder().encode('é€')], new TextDecoder().decode(new Uint8Array([226, 130, 172])),
        new TextDecoder('utf-16le').decode(new Uint16Array([0x41, 0x42])),
        new TextEncoder().encodeInto('a€b', new Uint8Array(4)),
        atob('aMOp'), btoa('hi') ]`;
    const { value } = await evaluate(code);
    const PlatformFunction = Function;
    const names = 'URL URLSearchParams TextEncoder TextDecoder atob btoa'.split(' ');
    const own = PlatformFunction(...names, code.replace(/\n\s*\[ url/, '\nreturn [ url'));
    expect(value).toEqual(own(URL, URLSearchParams, TextEncoder, TextDecoder, atob, btoa));
  });

  it('clone as the platform does', async () => {
    const code = `
      const loop = { list: [1, , 'x'], when: new Date(5), map: new Map([[{ a: 1 }, new Set([2])]]),
        bytes: new Uint8Array([1, 2]), wide: new Int16Array([-1]), big: 10n, no: undefined,
        pattern: /a+/gi, error: new RangeError('far'), buffer: new ArrayBuffer(2) };
      loop.self = loop;
      const made = structuredClone(loop);
      [ made.self === made, made.list !== loop.list, made.when.getTime(), 1 in made.list, made.list.length,
        [...made.map.keys()][0].a, [...[...made.map.values()][0]], [...made.bytes], [...made.wide], made.big,
        'no' in made, String(made.pattern), made.error.name, made.error.message,
        made.error instanceof Error, made.buffer.byteLength ]`;
    const { value } = await evaluate(code);
    const PlatformFunction = Function;
    expect(value).toEqual(PlatformFunction(code.replace(/\n\s*\[ made/, '\nreturn [ made'))());
  });

  it('show values without calling anything of theirs', async () => {
    const { lines } = await evaluate(`
      const loop = { name: 'loop' }; loop.self = loop;
      const bad = () => { throw new Error('called'); };
      const proxies = new Proxy({}, new Proxy({}, { get: bad }));
      console.log('text', 1, { a: [1, , 'x'], get b() { return bad(); }, toString: bad, toJSON: bad,
        [Symbol.for('nodejs.util.inspect.custom')]: bad });
      console.warn(loop, proxies, new Map([[1, new Set([2])]]), new (class Point { x = 1 })());
      console.error(new TypeError('no'), Object.assign(new Error('x'), { code: 'c' }), new Date(NaN));
      console.info(Symbol('s'), 10n, () => 1, new Uint8Array(3), Promise.resolve(), null, undefined);
      console.debug({ a: { b: { c: { d: { e: 1 } } } } });
      console.log('x'.repeat(100000));
      console.log(Array.from({ length: 100000 }, () => ({})));
      console.assert(false, 'told'); console.assert(true, 'not told'); console.table([1]);
    `);
    expect(lines.slice(0, 5)).toEqual([
      'log text 1 { a: [1, <empty>, "x"], b: [getter], toString: [function bad], toJSON: [function bad] }',
      'warn { name: "loop", self: [circular] } [unreadable] Map { 1 => Set { 2 } } Point { x: 1 }',
      'error TypeError: no Error [c]: x Invalid Date',
      'info Symbol(s) 10n [function (anonymous)] Uint8Array(3) [promise] null undefined',
      'debug { a: { b: { c: { d: {…} } } } }',
    ]);
    expect(lines[5]?.length).toBe(4 + 8192);
    expect(lines[6]?.length).toBeLessThan(4 + 8192);
    expect(lines.slice(7)).toEqual(['error Assertion failed: told', 'log [1]']);
  });

  it('wait in bounds, and tell what a timer throws', async () => {
    const { value, lines } = await evaluate(`
      const order = [];
      const gone = setTimeout(() => order.push('gone'), 0);
      clearTimeout(gone); clearTimeout(12345); clearTimeout();
      queueMicrotask(() => { order.push('micro'); throw new Error('in micro'); });
      setTimeout(() => { order.push('timer'); throw new Error('in timer'); }, -5);
      await new Promise((resolve) => setTimeout(resolve, 20, 'arg'));
      let count = 0, refused = '';
      const ids = [];
      try { for (;;) { ids.push(setTimeout(() => {}, 1e9)); count += 1; } } catch (error) { refused = error.message; }
      ids.forEach(clearTimeout);
      setTimeout(() => {}, 1e300) && clearTimeout(ids.at(-1) + 1);
      [order, count, refused]`);
    expect(value).toEqual([['micro', 'timer'], 1000, 'Cannot start a timer: 1000 are waiting.']);
    expect(lines).toEqual(['error Uncaught Error: in micro', 'error Uncaught Error: in timer']);
  });

  it('hand on nothing that the host throws', async () => {
    const result = await confined.run(async ({ compartment }) => {
      class HostError extends Error {
        readonly held = 'of the host';
      }
      const fail = (): never => {
        throw new HostError('inside the host');
      };
      const room = compartment({
        console: fail,
        clock: fail,
        random: fail,
        timers: { start: () => fail },
      });
      const broken = compartment({ timers: { start: fail } });
      const tell = `(work) => {
        try { work(); return 'done'; } catch (error) {
          return [error.message, Object.getPrototypeOf(error) === Error.prototype];
        }
      }`;
      return [
        await room.evaluate(`[() => console.log(1), () => Date.now(), () => new Date(), () => Date(),
          () => Math.random(), () => crypto.randomUUID(),
          () => clearTimeout(setTimeout(() => {}, 1))].map(${tell})`),
        await broken.evaluate(`(${tell})(() => setTimeout(() => {}))`),
      ];
    });
    const failed = ['It failed outside the compartment.', true];
    expect(result).toEqual([['done', failed, failed, failed, failed, failed, failed], failed]);
  });

  it('ask for no more than is allowed at once', async () => {
    const waits: unknown = await confined.run(async ({ compartment }) => {
      const asked: number[] = [];
      const room = compartment({
        random: () => 0,
        timers: {
          start: (_work, ms) => {
            asked.push(ms);
            return () => {};
          },
        },
      });
      const refused = await room.evaluate(`
        for (const ms of [1e12, -1, NaN, '7', undefined, Infinity]) setTimeout(() => {}, ms);
        const fill = (count) => {
          try { return crypto.getRandomValues(new Uint8Array(count)).length; }
          catch (error) { return error.name; }
        };
        [fill(65536), fill(65537)]`);
      return [asked, refused];
    });
    expect(waits).toEqual([
      [86_400_000, 0, 0, 7, 0, 86_400_000],
      [65_536, 'RangeError'],
    ]);
  });
});
