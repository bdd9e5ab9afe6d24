import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Confined, openConfined } from '../support/confined.ts';

let confined: Confined;

beforeAll(async () => {
  confined = await openConfined();
});
afterAll(() => confined.close());

describe('narrow', () => {
  it('has what is named and no more, and refuses what a guard does', async () => {
    const result = await confined.run(async ({ narrow, Far, E }) => {
      const calls: unknown[] = [];
      const files = Far('files', {
        read: (path: string) => `text of ${path}`,
        write: (path: string, text: string) => calls.push([path, text]),
        remove: (path: string) => calls.push(path),
      });
      const small = narrow(files, {
        read: (path: string) => path.startsWith('docs/') || 'only docs/ may be read',
        write: [['a', 'b'], (text: string) => text.length < 3],
      });
      const tried = async (work: () => unknown): Promise<unknown> => {
        try {
          return await work();
        } catch (error) {
          return (error as { code: string; message: string }).message;
        }
      };
      return {
        keys: Object.keys(small),
        read: await E(small).read('docs/a'),
        refused: await tried(() => small.read('etc/a')),
        written: await tried(() => small.write('a', 'hi')),
        other: await tried(() => small.write('c', 'hi')),
        long: await tried(() => small.write('a', 'long')),
        more: await tried(() => (small.write as (...a: string[]) => void)('a', 'x', 'y')),
        gone: await tried(() => E(small).remove('x')),
        calls,
        narrower: await tried(() => narrow(small, { read: true }).read('etc/a')),
      };
    });
    expect(result).toEqual({
      keys: ['read', 'write'],
      read: 'text of docs/a',
      refused: 'Cannot call read: only docs/ may be read.',
      written: 1,
      other: 'Cannot call write: these arguments are not allowed.',
      long: 'Cannot call write: these arguments are not allowed.',
      more: 'Cannot call write: these arguments are not allowed.',
      gone: 'Cannot call remove: files has read, write.',
      calls: [['a', 'hi']],
      narrower: 'Cannot call read: only docs/ may be read.',
    });
  });

  it('judges a copy, so that what it saw is what is passed on', async () => {
    const result = await confined.run(({ narrow, Far }) => {
      const got: unknown[] = [];
      const chat = Far('chat', { ask: (request: object) => got.push(request) });
      const small = narrow(chat, {
        ask: (request: { model: string }) => request.model === 'small',
      });
      let reads = 0;
      const turning = {
        get model() {
          reads += 1;
          return reads === 1 ? 'small' : 'large';
        },
      };
      const failure = (work: () => unknown): string => {
        try {
          return String(work());
        } catch (error) {
          return (error as Error).message;
        }
      };
      const mine = { model: 'small' };
      small.ask(mine);
      mine.model = 'large';
      return {
        getter: failure(() => small.ask(turning)),
        proxy: failure(() =>
          small.ask(
            new Proxy(
              { model: 'small' },
              {
                getOwnPropertyDescriptor: (target, key) => {
                  reads += 1;
                  const value = reads % 2 === 0 ? 'small' : 'large';
                  return { ...Reflect.getOwnPropertyDescriptor(target, key), value };
                },
              },
            ),
          ),
        ),
        thrown: failure(() => small.ask(null as never)),
        got,
      };
    });
    expect(result.getter).toBe('Cannot pass the value at argument 1.model: a getter cannot cross.');
    expect(result.thrown).toBe('Cannot call ask: its guard failed.');
    expect(result.got.every((one) => (one as { model: string }).model === 'small')).toBe(true);
  });

  it('shows a guard nothing that could answer for itself', async () => {
    const result = await confined.run(({ narrow, membrane, Far }) => {
      const read: unknown[] = [];
      const files = Far('files', { read: (path: unknown) => read.push(String(path)) });
      const allow = (path: string): boolean => path.startsWith('docs/');
      const held = [
        narrow(files, { read: allow }),
        narrow(files, { read: [allow] }),
        membrane(files, { call: ({ args }) => allow(args[0] as string) }).proxy,
      ];
      const methods = { startsWith: () => true, toString: () => 'etc/passwd' };
      const lies = [
        methods,
        Far('path', { ...methods }),
        Object.assign(() => 'etc/passwd', methods),
        new Proxy({}, { get: (_target, key) => methods[key as 'toString'] }),
        Object.create(methods),
      ];
      const codes = held.flatMap((one) =>
        lies.map((lie) => {
          try {
            return one.read(lie);
          } catch (error) {
            return (error as { code: string }).code;
          }
        }),
      );
      held[0]?.read('docs/a');
      return { codes: [...new Set(codes)].sort(), read };
    });
    expect(result).toEqual({ codes: ['narrowing-refused', 'not-passable'], read: ['docs/a'] });
  });

  it('never gives itself away through what gives itself', async () => {
    const result = await confined.run(async ({ narrow, E }) => {
      class Query {
        from(): this {
          return this;
        }
        async later(): Promise<this> {
          return this;
        }
        drop(): string {
          return 'dropped';
        }
      }
      const small = narrow(new Query(), { from: true, later: true });
      return [
        small.from() === small,
        (await small.later()) === small,
        typeof small.from().drop,
        await E(small)
          .drop()
          .catch((error: Error) => error.message),
      ];
    });
    expect(result).toEqual([true, true, 'undefined', 'Cannot call drop: facade has from, later.']);
  });

  it('refuses at once what it cannot stand before', async () => {
    const codes = await confined.run(({ narrow, Far }) => {
      const object = Far('one', { read: () => 1 });
      return [{ write: true }, { read: 'yes' }, { read: false }].map((allow) => {
        try {
          narrow(object, allow as never);
          return 'made';
        } catch (error) {
          return (error as Error).message;
        }
      });
    });
    expect(codes).toEqual([
      'Cannot stand before it: it has no write.',
      'Cannot narrow read: its guard is not true, a list or a function.',
      'Cannot narrow read: its guard is not true, a list or a function.',
    ]);
  });
});

describe('caretaker', () => {
  it('lends and takes back, with what is in flight', async () => {
    const result = await confined.run(async ({ caretaker, Far, makePresence }) => {
      const told: string[] = [];
      const object = Far('clock', {
        now: () => 1,
        slow: () => new Promise((resolve) => setTimeout(resolve, 5, 'late')),
      });
      const away = makePresence({
        send: (method, args) => ({
          answer: new Promise((resolve) => setTimeout(resolve, 5, [method, ...args])),
          next: { send: () => ({ answer: Promise.reject(new Error('no')), next: null as never }) },
        }),
      }) as Record<string, (...args: unknown[]) => Promise<unknown>>;
      const lent = [caretaker(object), caretaker(away), caretaker(() => 'called')] as const;
      const before = [
        lent[0].proxy.now(),
        await lent[0].proxy.slow(),
        await lent[1].proxy.anything?.(2),
        lent[2].proxy(),
        Object.isFrozen(lent[0].proxy),
      ];
      const flying = [lent[0].proxy.slow(), lent[1].proxy.anything?.(3)].map((one) =>
        Promise.resolve(one).catch((error: { code: string }) => told.push(error.code)),
      );
      for (const one of lent) one.revoke('the task is done');
      await Promise.all(flying);
      const failure = (work: () => unknown): string => {
        try {
          return String(work());
        } catch (error) {
          return (error as Error).message;
        }
      };
      return {
        before,
        told,
        after: [
          failure(() => lent[0].proxy.now()),
          failure(() => lent[1].proxy.anything?.()),
          failure(() => lent[2].proxy()),
        ],
        // Taking back is of the loan and not of the object.
        still: object.now(),
      };
    });
    expect(result.before).toEqual([1, 'late', ['anything', 2], 'called', true]);
    expect(result.told).toEqual(['grant-revoked', 'grant-revoked']);
    expect(result.after).toEqual([
      'Cannot call now: the task is done.',
      'Cannot call anything: the task is done.',
      'Cannot call : the task is done.',
    ]);
    expect(result.still).toBe(1);
  });
});

describe('rateLimit', () => {
  it('counts all methods, in a time that moves or for good', async () => {
    const result = await confined.run(({ rateLimit, Far }) => {
      let now = 0;
      const object = Far('chat', { a: () => 'a', b: () => 'b' });
      const few = rateLimit(object, { calls: 2, perMs: 10, clock: () => now });
      const once = rateLimit(object, { calls: 1 });
      const broken = rateLimit(object, { calls: 1, perMs: 10, clock: () => Number.NaN });
      const failure = (work: () => unknown): string => {
        try {
          return String(work());
        } catch (error) {
          return (error as { code: string }).code;
        }
      };
      const seen: string[] = [];
      for (const at of [0, 4, 9, 10, 13, 14, 15, 3]) {
        now = at;
        seen.push(`${at} ${failure(() => few[at % 2 === 0 ? 'a' : 'b']())}`);
      }
      return [
        seen,
        [failure(() => once.a()), failure(() => once.b())],
        [failure(() => broken.a()), failure(() => broken.a())],
        failure(() => rateLimit(object, { calls: 0, perMs: 1 }).a()),
        failure(() => rateLimit(object, { calls: 1.5 })),
      ];
    });
    expect(result[0]).toEqual([
      '0 a',
      '4 a',
      '9 rate-exceeded',
      '10 a',
      '13 rate-exceeded',
      '14 a',
      '15 rate-exceeded',
      '3 rate-exceeded',
    ]);
    expect(result.slice(1)).toEqual([
      ['a', 'budget-spent'],
      ['a', 'rate-exceeded'],
      'rate-exceeded',
      undefined,
    ]);
  });
});

describe('seal and watch', () => {
  it('opens only what the same pair closed', async () => {
    const result = await confined.run(({ seal }) => {
      const [mint, other] = [seal<object>(), seal<object>()];
      const coin = { amount: 5 };
      const box = mint.seal(coin);
      const opens = (pair: typeof mint, what: unknown): boolean => {
        try {
          return pair.unseal(what) === coin;
        } catch {
          return false;
        }
      };
      return [
        opens(mint, box),
        opens(other, box),
        opens(mint, {}),
        opens(mint, new Proxy(box, {})),
        opens(mint, undefined),
        Reflect.ownKeys(box).length,
        Object.getPrototypeOf(box),
        Object.isFrozen(box),
      ];
    });
    expect(result).toEqual([true, false, false, false, false, 0, null, true]);
  });

  it('tells of each call, and makes none that it cannot tell of', async () => {
    const result = await confined.run(({ watch, Far }) => {
      const log: unknown[] = [];
      let made = 0;
      const object = Far('x', {
        add: (a: number, b = 0) => {
          made += Number.isFinite(a) ? a + b : 0;
          return made;
        },
      });
      const seen = watch(object, (method, args) => {
        if (log.length === 3) throw new Error('full');
        log.push(`${method}(${args})`);
      });
      const hostile = { toString: () => 'called', toJSON: () => 'called', text: 'x' };
      (seen.add as unknown as (value: unknown) => void)(hostile);
      seen.add(1, 2);
      seen.add(3, 4);
      let failed = '';
      try {
        seen.add(5, 6);
      } catch (error) {
        failed = (error as Error).message;
      }
      return { log, made, failed };
    });
    expect(result).toEqual({
      log: [
        'add({ toString: [function toString], toJSON: [function toJSON], text: "x" })',
        'add(1, 2)',
        'add(3, 4)',
      ],
      made: 10,
      failed: 'full',
    });
  });
});

describe('narrowing', () => {
  it('only narrows, whatever is narrowed by what', async () => {
    const word = fc.constantFrom('a', 'b', 'c');
    const method = fc.constantFrom('read', 'write', 'list');
    // A guard as data: all, or lists of words for up to two arguments.
    const guard = fc.oneof(
      fc.constant(true as const),
      fc.array(fc.uniqueArray(word, { minLength: 1 }), { maxLength: 2 }),
    );
    const rules = fc.dictionary(method, guard, { minKeys: 1, noNullPrototype: true });
    const cases = fc.sample(
      fc.record({
        chain: fc.array(rules, { minLength: 1, maxLength: 4 }),
        calls: fc.array(fc.tuple(method, fc.array(word, { maxLength: 3 })), { minLength: 5 }),
      }),
      200,
    );
    const { judged, permitted } = await confined.run(({ narrow, Far }, given) => {
      let [judged, permitted] = [0, 0];
      for (const { chain, calls } of given) {
        const done: string[] = [];
        const act =
          (name: string) =>
          (...args: readonly unknown[]) =>
            done.push([name, ...args].join());
        const held: Record<string, (...args: unknown[]) => unknown>[] = [
          Far('root', { read: act('read'), write: act('write'), list: act('list') }),
        ];
        for (const rules of chain) {
          const parent = held.at(-1) as (typeof held)[0];
          // Nobody can give a method that they do not have.
          const own = Object.entries(rules).filter(([name]) => Object.hasOwn(parent, name));
          held.push(narrow(parent, Object.fromEntries(own) as never));
        }
        const permits = (object: (typeof held)[0], name: string, args: string[]): boolean => {
          const before = done.length;
          try {
            object[name]?.(...args);
          } catch (error) {
            if ((error as { code: string }).code !== 'narrowing-refused') throw error;
          }
          return done.length > before;
        };
        for (const [name, args] of calls) {
          const verdicts = held.map((object) => permits(object, name, args));
          judged += 1;
          if (verdicts.at(-1) === true) permitted += 1;
          // Once refused, refused by all that are narrower.
          const first = verdicts.indexOf(false);
          if (first >= 0 && verdicts.slice(first).includes(true)) {
            throw new Error(`Wider than its parent: ${name} ${args} ${verdicts}`);
          }
        }
      }
      return { judged, permitted };
    }, cases);
    expect(judged).toBeGreaterThan(1000);
    expect(permitted).toBeGreaterThan(20);
    expect(permitted).toBeLessThan(judged);
  });
});
