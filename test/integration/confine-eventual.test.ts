import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Confined, openConfined } from '../support/confined.ts';

let confined: Confined;

beforeAll(async () => {
  confined = await openConfined();
});
afterAll(() => confined.close());

describe('E', () => {
  it('delivers in a later turn, in order, to what is here', async () => {
    const result = await confined.run(async ({ E, Far }) => {
      const log: string[] = [];
      const object = Far('log', {
        add: (text: string) => {
          log.push(text);
          return log.length;
        },
      });
      const answers = [E(object).add('first'), E(Promise.resolve(object)).add('third')];
      answers.push(E(object).add('second'));
      log.push('now');
      const counts = await Promise.all(answers);
      return {
        log,
        counts,
        fn: await E((a: number, b: number) => a + b)(1, 2),
        plain: await E({ n: 1, get: () => 2 }).get(),
        when: await E.when(Promise.resolve(2), (n) => n + 1),
        failed: await E.when(
          Promise.reject(new Error('no')),
          () => 'done',
          (reason) => (reason as Error).message,
        ),
        only: E.sendOnly(object).add('later'),
        thenable: (await Promise.race([E(object), 1])) === 1 ? 'waits' : 'is no promise',
      };
    });
    expect(result).toEqual({
      log: ['now', 'first', 'third', 'second', 'later'],
      counts: [2, 3, 4],
      fn: 3,
      plain: 2,
      when: 3,
      failed: 'no',
      only: undefined,
      thenable: 'is no promise',
    });
  });

  it('rejects with what was thrown, and with what is not there', async () => {
    const result = await confined.run(async ({ E, Far }) => {
      const object = Far('one', {
        fail: async (): Promise<unknown> => {
          throw Object.assign(new RangeError('too far'), { code: 'far' });
        },
      });
      const what = (error: { name: string; message: string; code?: string }): unknown => [
        error.name,
        error.message,
        error.code,
      ];
      const send = (target: unknown, method: string): Promise<unknown> | undefined =>
        E(target)[method]?.().catch(what);
      return [
        await E(object).fail().catch(what),
        await send(object, 'missing'),
        await send(object, 'toString'),
        await send(object, 'constructor'),
        await send({}, 'missing'),
        await send(undefined, 'missing'),
        await send(Promise.reject(new Error('gone')), 'missing'),
      ];
    });
    expect(result).toEqual([
      ['RangeError', 'too far', 'far'],
      ['PowerboxError', 'Cannot call missing: one has fail.', 'method-unknown'],
      ['PowerboxError', 'Cannot call toString: one has fail.', 'method-unknown'],
      ['PowerboxError', 'Cannot call constructor: one has fail.', 'method-unknown'],
      ['PowerboxError', 'Cannot send missing: the object has no such method.', 'method-unknown'],
      ['TypeError', 'Cannot send missing to undefined.', undefined],
      ['Error', 'gone', undefined],
    ]);
  });
});

describe('a presence', () => {
  it('sends to answers that are not there yet without waiting', async () => {
    const result = await confined.run(async ({ E, makePresence }) => {
      const sent: string[] = [];
      type Settle = (value: unknown) => void;
      const settles: Settle[] = [];
      const handler = (path: string): import('../../src/confine/library.ts').Handler => ({
        send: (method, args) => {
          sent.push(`${path}.${method}(${args.join()})`);
          const answer = new Promise((resolve) => settles.push(resolve as Settle));
          return { answer, next: handler(`${path}.${method}()`) };
        },
      });
      interface Account {
        balance(): number;
        close(): void;
      }
      const bank = makePresence<{ account(name: string): Account }>(handler('bank'));
      const account = E(bank).account('ann');
      const balance = E(account).balance();
      const before = [...sent];
      settles[1]?.(5);
      settles[0]?.(makePresence(handler('account')));
      await account;
      // Once the answer is there, messages go to it.
      E.sendOnly(account).close();
      await new Promise((resolve) => setTimeout(resolve));
      return { before, balance: await balance, after: sent.slice(2) };
    });
    expect(result).toEqual({
      before: ['bank.account(ann)', 'bank.account().balance()'],
      balance: 5,
      after: ['account.close()'],
    });
  });

  it('answers with a failure when a message cannot be sent', async () => {
    const result = await confined.run(async ({ makePresence, E }) => {
      const presence = makePresence<{ read(): Promise<string> }>({
        send: () => {
          throw new Error('too large');
        },
      });
      const message = (error: Error): string => error.message;
      return [await presence.read().catch(message), await E(presence).read().catch(message)];
    });
    expect(result).toEqual(['too large', 'too large']);
  });

  it('is an object that can be called, awaited, shown and frozen, and not changed', async () => {
    const result = await confined.run(async ({ makePresence, harden, E }) => {
      const handler: import('../../src/confine/library.ts').Handler = {
        send: (method, args) => ({ answer: Promise.resolve([method, ...args]), next: handler }),
      };
      type Any = Record<string, (...args: unknown[]) => unknown>;
      const repo = makePresence(handler) as Any;
      const run = makePresence(handler, { callable: true }) as unknown as Any &
        ((...args: unknown[]) => unknown);
      return [
        await repo.read?.('a'),
        Object.is(repo.read, repo.read),
        Object.isFrozen(repo.read),
        (await repo) === repo,
        String(repo),
        Object.isFrozen(harden(repo)),
        Reflect.set(repo, 'read', 1),
        Reflect.defineProperty(repo, 'read', { value: 1 }),
        Reflect.setPrototypeOf(repo, null),
        await run(1),
        await run.read?.(2),
        await (E(run) as (n: number) => unknown)(3),
        await (E(run) as unknown as Any).name?.(4),
        await (E(repo) as unknown as Any).length?.(5),
        typeof run,
        typeof repo,
        (repo as unknown as Record<symbol, unknown>)[Symbol.iterator],
        await Promise.all(Array.from({ length: 300 }, (_, n) => repo[`m${n}`]?.())).then(
          (all) => all.length,
        ),
      ];
    });
    expect(result).toEqual([
      ['read', 'a'],
      true,
      true,
      true,
      '[object Object]',
      true,
      false,
      false,
      false,
      ['', 1],
      ['read', 2],
      ['', 3],
      ['name', 4],
      ['length', 5],
      'function',
      'object',
      undefined,
      300,
    ]);
  });
});

describe('Far', () => {
  it('settles once what can be called', async () => {
    const result = await confined.run(async ({ Far, E }) => {
      class Counter {
        #count = 0;
        add(): number {
          this.#count += 1;
          return this.#count;
        }
      }
      const counter = Far('counter', new Counter());
      const failure = (work: () => unknown): string => {
        try {
          return String(work());
        } catch (error) {
          return (error as Error).message;
        }
      };
      // What it shows is fixed when it is marked; what it answers to `get` is not asked for.
      const proxy = new Proxy(
        { say: () => 'as marked' },
        {
          get: (target, key, self) =>
            key === 'say' ? () => 'as it likes' : Reflect.get(target, key, self),
        },
      );
      const far = Far('proxy', { real: () => 'real' });
      return [
        [await E(counter).add(), await E(counter).add()],
        Object.isFrozen(counter),
        Object.isFrozen(Counter.prototype),
        Far('again', counter) === counter,
        failure(() => Far('bad', { count: 1, add: () => 1 })),
        failure(() =>
          Far('bad', {
            get value() {
              return 1;
            },
          }),
        ),
        await E(Far('trick', proxy)).say(),
        await E(far).real(),
      ];
    });
    expect(result).toEqual([
      [1, 2],
      true,
      true,
      true,
      'Cannot mark bad as far: count is no method; keep state in a variable or a #private field.',
      'Cannot mark bad as far: value is no method; keep state in a variable or a #private field.',
      'as marked',
      'real',
    ]);
  });
});
