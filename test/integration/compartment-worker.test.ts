import { setTimeout as sleep } from 'node:timers/promises';
import { RpcTarget } from 'capnweb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type FarStub,
  type Rooms,
  target,
  type WorkerBench,
  workerBench,
} from '../support/worker.ts';

let bench: WorkerBench;
let rooms: Rooms;

beforeAll(async () => {
  bench = workerBench();
  rooms = await bench.start();
});

afterAll(() => bench.close());

describe('what a program comes to', () => {
  test('data crosses by copy', async () => {
    const room = await rooms.open();
    const value = await room.evaluate(
      `({ list: [1, 'two', null, undefined, 2n ** 70n, new Date(5), Uint8Array.of(1, 2)], nan: NaN })`,
    );
    expect(value).toEqual({
      list: [1, 'two', null, undefined, 2n ** 70n, new Date(5), Buffer.from([1, 2])],
      nan: Number.NaN,
    });
    expect(await room.evaluate('globalThis.kept = 1')).toBe(1);
    expect(await room.evaluate('kept')).toBe(1);
    expect(await room.evaluate('await Promise.resolve(3)')).toBe(3);
  });

  test('TypeScript, and data that comes with a program', async () => {
    const room = await rooms.open();
    const program = { code: 'const sum: number = given.a + 1; sum', file: 'sum.ts' };
    expect(await room.evaluate({ ...program, with: { given: { a: 1 } } })).toBe(2);
    expect(await room.evaluate({ ...program, with: { given: { a: 5 } } })).toBe(6);
    await expect(room.evaluate({ code: '1', with: { console: 1 } })).rejects.toThrow(/console/);
    expect(await room.evaluate('given.a = 7; given.a')).toBe(7);
  });

  test.each([
    ['source-invalid', 'const a = ;', /line 1/],
    ['endowment-missing', 'repo.list()', /uses repo, which it was not given/],
    ['evaluation-failed', 'throw new RangeError("too far")', /^RangeError: too far/],
    ['evaluation-failed', 'throw "text"', /text/],
    ['not-passable', 'new Map()', /a Map cannot cross/],
    ['not-passable', 'const a = []; a.push(a); a', /contains itself/],
    ['not-passable', '"x".repeat(5_000_000)', /more than 4 MiB/],
    ['not-passable', 'new Uint8Array(4_000_000)', /more than 4 MiB/],
  ])('%s: %s', async (code, text, message) => {
    const room = await rooms.open();
    const error = await room.evaluate(text).then(
      () => undefined,
      (reason: Error & { code?: string }) => reason,
    );
    expect(error?.code).toBe(code);
    expect(error?.message.startsWith(`[${code}] `)).toBe(true);
    expect(error?.message.slice(code.length + 3)).toMatch(message);
    expect(await room.evaluate('1')).toBe(1);
  });

  test('an error has the place where it was thrown, and nothing of the host', async () => {
    const room = await rooms.open();
    const thrown = room.evaluate({
      code: 'const f = (x: number) => {\n  throw new Error("no");\n};\nf(1);',
      file: 'task.ts',
    });
    await expect(thrown).rejects.toThrow(/^\[evaluation-failed\] no \(task\.ts:2:9\)\.$/);
    await expect(room.evaluate('null.x')).rejects.toThrow(/TypeError: .* \(program:1:\d+\)\.$/);
    const own = 'const e = new Error("x"); e.stack = "at compartment:1:1:1"; throw e';
    await expect(room.evaluate(own)).rejects.toThrow(/^\[evaluation-failed\] x\.$/);
    const odd =
      'throw { get message() { throw 1; }, get stack() { throw 2; }, toString() { throw 3; } }';
    await expect(room.evaluate(odd)).rejects.toThrow(/^\[evaluation-failed\] /);
  });

  test('what is large, but fits, crosses', async () => {
    const room = await rooms.open();
    const list = await room.evaluate<string[]>(
      'Array.from({ length: 20_000 }, () => "x".repeat(100))',
    );
    expect(list.length).toBe(20_000);
  });

  test('a clock and randomness only when they were given', async () => {
    const none = await rooms.open();
    await expect(none.evaluate('Date.now()')).rejects.toThrow(/evaluation-failed/);
    await expect(none.evaluate('Math.random()')).rejects.toThrow(/evaluation-failed/);
    const both = await rooms.open({}, { clock: true, random: true });
    const before = Date.now();
    const [now, random] = await both.evaluate<[number, number]>('[Date.now(), Math.random()]');
    expect(now).toBeGreaterThanOrEqual(before);
    expect(random).toBeLessThan(1);
  });
});

describe('powers', () => {
  test('are looked up when they are first used, and called with copies', async () => {
    const calls: unknown[][] = [];
    const add = (...args: unknown[]): unknown => {
      calls.push(args);
      return { sum: args.length };
    };
    const room = await rooms.open({ sums: target({ add }), other: target({}) });
    expect(await room.evaluate('1')).toBe(1);
    expect(room.side.looked).toEqual([]);
    expect(await room.evaluate('(await E(sums).add(1, { a: [2] })).sum')).toBe(2);
    expect(await room.evaluate('const got = await sums.add(); got.sum += 1; got.sum')).toBe(1);
    expect(room.side.looked).toEqual(['sums']);
    expect(calls).toEqual([[1, { a: [2] }], []]);
  });

  test('answer with objects, to which messages go before they are there', async () => {
    const seen: string[] = [];
    const read = (name: string): string => `text ${seen.push(name)} of ${name}`;
    const file = (name: string): object => target({ read: () => read(name) });
    const room = await rooms.open({ repo: target({ file }) });
    expect(await room.evaluate('await E(E(repo).file("a")).read()')).toBe('text 1 of a');
    expect(
      await room.evaluate('const f = await repo.file("b"); [await f.read(), await f.read()]'),
    ).toEqual(['text 2 of b', 'text 3 of b']);
    expect(seen).toEqual(['a', 'b', 'b']);
  });

  test('get back what they gave as it was, and functions that they call', async () => {
    const file = target({ name: () => 'a' });
    const repo = target({
      file: () => file,
      take: async (given: { name(): Promise<string> }) => `took ${await given.name()}`,
      each: async (work: (value: unknown) => Promise<unknown>) => [
        await work({ n: 1 }),
        await work({ n: 2 }),
      ],
    });
    const room = await rooms.open({ repo });
    expect(await room.evaluate('await repo.take(await repo.file())')).toBe('took a');
    expect(await room.evaluate('await repo.take(repo.file())').catch((e) => e.message)).toMatch(
      /a promise cannot cross/,
    );
    expect(await room.evaluate('await repo.each(({ n }) => n * 10)')).toEqual([10, 20]);
    await expect(room.evaluate('await repo.take(Far("x", { name: () => 1 }))')).rejects.toThrow(
      /not-passable/,
    );
    await expect(room.evaluate('repo')).rejects.toThrow(/not-passable.*power/);
  });

  test('fail with their own code, and not with what failed in the host', async () => {
    const room = await rooms.open({
      strict: target({
        refuse: () => {
          throw Object.assign(new Error('[grant-revoked] Cannot do this.'), {
            hint: 'Ask for it.',
          });
        },
        break: () => {
          throw new Error('/etc/secret is missing');
        },
      }),
    });
    expect(
      await room.evaluate(
        'strict.refuse().catch(({ code, message, hint }) => [code, message, hint])',
      ),
    ).toEqual(['grant-revoked', 'Cannot do this.', 'Ask for it.']);
    expect(await room.evaluate('strict.break().catch((e) => e.message)')).toBe('The call failed.');
  });

  test('have no methods of the library', async () => {
    const room = await rooms.open({ repo: target({ list: () => [1] }) });
    for (const name of ['map', 'dup', 'catch', 'onRpcBroken', 'constructor', 'toString']) {
      const text = `E(repo).${name}((x) => x).then(() => "went through", (e) => e.code)`;
      expect(await room.evaluate(text), name).toBe('method-unknown');
    }
    expect(await room.evaluate('typeof repo.then')).toBe('undefined');
  });

  test('are called by their names when they have no such method', async () => {
    const nope = (): never => {
      throw new Error('[method-unknown] Cannot call nope: the object has no such method.');
    };
    const room = await rooms.open({ repo: target({ nope }) });
    const message = '[method-unknown] repo has no method nope.';
    await expect(room.evaluate('repo.nope()')).rejects.toThrow(message);
    await expect(room.evaluate('E(repo).map()')).rejects.toThrow('repo has no method map.');
  });

  test('can be called thousands of times at once', async () => {
    let most = 0;
    let going = 0;
    const work = async (n: number): Promise<number> => {
      going += 1;
      most = Math.max(most, going);
      await sleep(1);
      going -= 1;
      return n;
    };
    const room = await rooms.open({ many: target({ work }) });
    const sum = await room.evaluate(
      'const all = Array.from({ length: 3000 }, (_, n) => many.work(n)); (await Promise.all(all)).length',
    );
    expect(sum).toBe(3_000);
    expect(most).toBeLessThanOrEqual(192);
  });

  test('are let go of soon after the code has forgotten them', async () => {
    let open = 0;
    let most = 0;
    class Item extends RpcTarget {
      constructor() {
        super();
        open += 1;
        most = Math.max(most, open);
      }
      ping(): string {
        return 'pong';
      }
      [Symbol.dispose](): void {
        open -= 1;
      }
    }
    const room = await rooms.open({ shop: target({ item: () => new Item() }) });
    await room.evaluate('for (let n = 0; n < 5000; n++) await shop.item(); 0');
    // The gateway ends a session that holds more than 1,024.
    expect(most).toBeLessThan(1_024);
    expect(
      await room.evaluate(
        'const all = []; for (let n = 0; n < 400; n++) all.push(await shop.item()); globalThis.all = all; all.length',
      ),
    ).toBe(400);
    await room.evaluate('for (let n = 0; n < 2000; n++) await shop.item(); 0');
    expect(open).toBeGreaterThanOrEqual(400);
    expect(await room.evaluate('await all[0].ping()')).toBe('pong');
  });
});

describe('objects of the code', () => {
  test('cross by reference, keep their identity, and come back as themselves', async () => {
    const room = await rooms.open();
    const counter = await room.evaluate<FarStub>(
      'let n = 0; const counter = Far("counter", { add: (by) => (n += by), same: (x) => x === counter, self: () => counter }); counter',
    );
    expect(await counter.describe()).toEqual({ methods: ['add', 'same', 'self'], stream: false });
    expect(await counter.call('add', [2])).toBe(2);
    expect(await counter.call('add', [3])).toBe(5);
    expect(await counter.call('same', [counter])).toBe(true);
    const self = await counter.call<FarStub>('self', []);
    expect(await self.call('add', [0])).toBe(5);
    await expect(counter.call('missing', [])).rejects.toThrow(/method-unknown/);
    await expect(counter.call('constructor', [])).rejects.toThrow(/method-unknown/);
  });

  test('functions, and functions of the maker', async () => {
    const room = await rooms.open();
    const twice = await room.evaluate<FarStub>('async (f) => [await f(1), await f({ deep: [2] })]');
    expect(await twice.describe()).toEqual({ methods: [], stream: false });
    const heard: unknown[] = [];
    const hear = (value: unknown): string => {
      heard.push(value);
      return `heard ${heard.length}`;
    };
    expect(await twice.call('', [hear])).toEqual(['heard 1', 'heard 2']);
    expect(heard).toEqual([1, { deep: [2] }]);
  });

  test('streams', async () => {
    const room = await rooms.open();
    const stream = await room.evaluate<FarStub>(
      '(async function* () { try { yield 1; yield { two: 2 }; } finally { globalThis.ended = true; } })()',
    );
    expect(await stream.describe()).toMatchObject({ stream: true });
    expect(await stream.call('next', [])).toEqual({ done: false, value: 1 });
    expect(await stream.call('next', [])).toEqual({ done: false, value: { two: 2 } });
    expect(await stream.call('return', [])).toMatchObject({ done: true });
    expect(await room.evaluate('ended')).toBe(true);
    expect(await stream.call('next', [])).toMatchObject({ done: true });
  });
});

describe('the console', () => {
  test('comes in order, and before the result', async () => {
    const room = await rooms.open();
    await room.evaluate(
      'for (let i = 0; i < 200; i++) console.log("line", i); console.warn({ a: 1 })',
    );
    expect(room.side.lines.length).toBe(201);
    expect(room.side.lines[7]).toBe('log line 7');
    expect(room.side.lines.at(-1)).toMatch(/^warn \{ a: 1 \}/);
  });

  test('ends the compartment, and no other, when it is too much', async () => {
    const limits = { memoryBytes: 1, turnMs: 1, cpuMs: 1, lifeMs: 1, outputChars: 1_000 };
    const [loud, quiet] = [await rooms.open({}, { limits }), await rooms.open()];
    const flood = 'for (let i = 0; i < 1e5; i++) console.log("x".repeat(100))';
    await expect(loud.evaluate(flood)).rejects.toThrow(/compartment-limit.*1000 characters/);
    await expect(loud.evaluate('1')).rejects.toThrow(/compartment-limit/);
    expect(loud.side.lines.join('').length).toBeLessThan(1_200);
    expect(await quiet.evaluate('1')).toBe(1);
  });
});

describe('compartments of one process', () => {
  test('share no name and no object, and end one by one', async () => {
    const [one, two] = [await rooms.open(), await rooms.open()];
    await one.evaluate('globalThis.secret = 1; setTimeout(() => console.log("late"), 300)');
    await expect(two.evaluate('secret')).rejects.toThrow(/endowment-missing/);
    const object = await one.evaluate<FarStub>('Far("x", { get: () => 1 })');
    const taker = await two.evaluate<FarStub>('(x) => String(x === undefined)');
    await one.close();
    await expect(one.evaluate('1')).rejects.toThrow(/compartment-ended/);
    await expect(object.call('get', [])).rejects.toThrow(/compartment-ended/);
    expect(await taker.call('', [undefined])).toBe('true');
    await sleep(400);
    expect(one.side.lines).toEqual([]);
  });

  test('can be many', async () => {
    const many = await Promise.all(Array.from({ length: 200 }, () => rooms.open()));
    const sums = await Promise.all(many.map((room, n) => room.evaluate(`${n} + 1`)));
    expect(sums).toEqual(many.map((_, n) => n + 1));
    await Promise.all(many.map((room) => room.close()));
  });
});
