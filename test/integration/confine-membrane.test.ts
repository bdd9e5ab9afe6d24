import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Confined, openConfined } from '../support/confined.ts';

let confined: Confined;

beforeAll(async () => {
  confined = await openConfined();
});
afterAll(() => confined.close());

describe('a membrane', () => {
  it('wraps what is reached through it, and keeps who is who', async () => {
    const result = await confined.run(async ({ membrane }) => {
      const files = new Map([['a', { read: () => 'A' }]]);
      const space = {
        open: (name: string) => files.get(name),
        openLater: async (name: string) => files.get(name),
        isMine: (file: unknown) => file === files.get('a'),
        same: (value: unknown) => value,
        each: (work: (name: string, file: unknown) => void) => {
          for (const [name, file] of files) work(name, file);
        },
        *lines() {
          yield { n: 1 };
          yield files.get('a');
        },
        async *slow() {
          yield files.get('a');
        },
      };
      const { proxy } = membrane(space);
      const file = proxy.open('a');
      const mine = { shout: () => 'hey' };
      const given: unknown[] = [];
      proxy.each((name, one) => given.push(name, one === file));
      for await (const one of proxy.slow()) given.push(one === file);
      const later = proxy.openLater('a');
      return {
        read: file?.read(),
        apart: file !== files.get('a'),
        once: proxy.open('a') === file && (await later) === file,
        promise: later instanceof Promise,
        method: Object.is(proxy.open, proxy.open),
        back: proxy.isMine(file),
        mineBack: proxy.same(mine) === mine,
        functionBack: proxy.same(mine.shout) === mine.shout,
        lines: [...proxy.lines()].map((one) => (one === file ? 'file' : one)),
        given,
      };
    });
    expect(result).toEqual({
      read: 'A',
      apart: true,
      once: true,
      promise: true,
      method: true,
      back: true,
      mineBack: true,
      functionBack: true,
      lines: [{ n: 1 }, 'file'],
      given: ['a', true, true],
    });
  });

  it('copies data, and hides what an object is made of', async () => {
    const result = await confined.run(({ membrane }) => {
      class File {
        static readonly all = ['everything'];
        readonly #text = 'A';
        read(): string {
          return this.#text;
        }
      }
      const inner = { same: (value: unknown) => value, file: new File(), map: new Map([['k', 1]]) };
      const { proxy } = membrane(inner);
      const data = { list: [1, { two: 2 }], when: new Date(0), bytes: new Uint8Array([1, 2]) };
      const { file, map, same } = proxy;
      return {
        data: proxy.same(data),
        copied: proxy.same(data) !== data,
        map: [map.size, map.get('k'), [...map.keys()]],
        hidden: [
          file.read(),
          file.constructor === Object,
          Object.getPrototypeOf(file) === Object.prototype,
          file instanceof File,
          (same as unknown as { prototype: unknown }).prototype,
          Object.keys(proxy),
          'same' in proxy,
        ],
      };
    });
    expect(result).toEqual({
      data: { list: [1, { two: 2 }], when: new Date(0), bytes: new Uint8Array([1, 2]) },
      copied: true,
      map: [1, 1, ['k']],
      hidden: ['A', true, true, false, undefined, [], true],
    });
  });

  it('ends all at once, in both directions, with what is in flight', async () => {
    const result = await confined.run(async ({ membrane, E }) => {
      let kept: (() => string) | undefined;
      const calls: string[] = [];
      const space = {
        keep: (work: () => string) => {
          kept = work;
        },
        open: () => ({ read: () => calls.push('read') }),
        never: () => new Promise(() => {}),
        async *tick() {
          for (;;) {
            yield 1;
            await new Promise((resolve) => setTimeout(resolve, 1));
          }
        },
        revokeNow: () => revoke('from within'),
      };
      const { proxy, revoke } = membrane(space);
      const file = proxy.open();
      proxy.keep(() => 'alive');
      const before = kept?.();
      const never = proxy.never().catch((error: { code: string }) => error.code);
      const ticks = (async () => {
        try {
          for await (const one of proxy.tick()) if (one === 1) calls.push('tick');
        } catch (error) {
          return (error as { code: string }).code;
        }
        return 'ended';
      })();
      await new Promise((resolve) => setTimeout(resolve, 5));
      const failure = (work: () => unknown): string => {
        try {
          return String(work());
        } catch (error) {
          return (error as { code: string }).code;
        }
      };
      const within = failure(() => proxy.revokeNow());
      const count = calls.length;
      const after = [
        failure(() => proxy.open()),
        failure(() => file.read()),
        failure(() => 'open' in proxy),
        failure(() => kept?.()),
        await E(file)
          .read()
          .then(String, (error: { code: string }) => error.code),
      ];
      const ended = [await never, await ticks];
      await new Promise((resolve) => setTimeout(resolve, 5));
      return { before, within, after, ended, more: calls.length - count };
    });
    expect(result).toEqual({
      before: 'alive',
      within: 'grant-revoked',
      after: Array(5).fill('grant-revoked'),
      ended: ['grant-revoked', 'grant-revoked'],
      more: 0,
    });
  });

  it('lets nothing of an error through but what it says', async () => {
    const result = await confined.run(async ({ membrane }) => {
      class Inner extends Error {
        readonly secret = { steal: () => 'stolen' };
        readonly code = 'inner-code';
      }
      const { proxy } = membrane({
        fail: () => {
          throw new Inner('it broke');
        },
        failLater: async () => {
          throw new Inner('it broke later');
        },
        odd: () => {
          throw { toString: () => 'odd' };
        },
        hear: (work: () => void) => {
          try {
            work();
            return 'nothing';
          } catch (error) {
            return [(error as Error).message, Object.getPrototypeOf(error) === Error.prototype];
          }
        },
      });
      const caught = (error: unknown): unknown => [
        (error as Error).name,
        (error as Error).message,
        (error as { code: string }).code,
        'secret' in (error as object),
        Object.getPrototypeOf(error) === Error.prototype,
      ];
      const attempt = (work: () => unknown): unknown => {
        try {
          return work();
        } catch (error) {
          return caught(error);
        }
      };
      return [
        attempt(() => proxy.fail()),
        await proxy.failLater().catch(caught),
        (attempt(() => proxy.odd()) as unknown[])[3],
        proxy.hear(() => {
          throw new Inner('from outside');
        }),
      ];
    });
    expect(result).toEqual([
      ['Error', 'it broke', 'inner-code', false, true],
      ['Error', 'it broke later', 'inner-code', false, true],
      false,
      ['from outside', true],
    ]);
  });

  it('asks its policy about every call, both ways, with copies', async () => {
    const result = await confined.run(({ membrane }) => {
      const seen: string[] = [];
      const { proxy } = membrane(
        {
          files: { read: (name: string) => name, remove: (name: string) => name },
          use: (work: (n: number) => number) => work(3),
        },
        {
          call: ({ direction, method, args }) => {
            seen.push(`${direction} ${method} ${args.length}`);
            if (args[0] === 'boom') throw new Error('policy');
            if (direction === 'out') return args[0] === 3 || 'only 3';
            return method !== 'remove' || 'nothing is removed';
          },
        },
      );
      const failure = (work: () => unknown): string => {
        try {
          return String(work());
        } catch (error) {
          return (error as Error).message;
        }
      };
      // The same function by two names is judged by the name that is used.
      const two = membrane(
        (() => {
          const same = (): string => 'done';
          return { read: same, write: same };
        })(),
        { call: ({ method }) => method === 'read' },
      ).proxy;
      return {
        results: [
          failure(() => proxy.files.read('a')),
          failure(() => proxy.files.remove('a')),
          failure(() => proxy.files.remove.call(proxy.files, 'a')),
          failure(() => proxy.files.read('boom')),
          failure(() => proxy.use((n) => n + 1)),
          failure(() => two.read()),
          failure(() => two.write()),
        ],
        seen: seen.filter((one) => one.startsWith('out')),
      };
    });
    expect(result).toEqual({
      results: [
        'a',
        'Cannot call remove: nothing is removed.',
        'Cannot call remove: nothing is removed.',
        'Cannot call read: its policy failed.',
        '4',
        'done',
        'Cannot call write: it is not allowed.',
      ],
      seen: ['out  1'],
    });
  });

  it('keeps the invariants of proxies, whatever is done to it', async () => {
    const result = await confined.run(({ membrane, harden }) => {
      const inner = { read: () => 'text', list: [1] };
      const fixed = Object.freeze({ read: () => 'text', n: 1 });
      const { proxy } = membrane({ inner, fixed, make: () => function made() {} });
      const wrappers = [proxy, proxy.inner, proxy.fixed, proxy.make()];
      const tried = wrappers.map((one) => {
        const acts: ((target: object) => unknown)[] = [
          (target) => Object.freeze(target),
          (target) => harden(target),
          (target) => Object.getOwnPropertyDescriptors(target),
          (target) => Reflect.set(target, 'read', 1),
          (target) => Reflect.defineProperty(target, 'x', { value: 1 }),
          (target) => Reflect.has(target, 'nothing'),
          (target) => Reflect.setPrototypeOf(target, null),
          (target) => Reflect.ownKeys(target).length,
          (target) => Object.isExtensible(target),
          (target) => JSON.stringify(target),
          (target) => ({ ...target }),
        ];
        return acts.map((act) => {
          try {
            const value = act(one);
            return Object(value) === value ? 'object' : value;
          } catch (error) {
            return (error as Error).message;
          }
        });
      });
      const define = (Object.prototype as unknown as Record<string, (...a: unknown[]) => void>)
        .__defineGetter__;
      let defined = 'defined';
      try {
        (proxy.inner as unknown as { __defineGetter__: typeof define }).__defineGetter__?.(
          'read',
          () => 'changed',
        );
      } catch {
        defined = 'refused';
      }
      return {
        tried,
        defined,
        still: [proxy.inner.read(), typeof inner.read],
        name: (proxy.make() as () => void).name,
      };
    });
    for (const one of result.tried) {
      expect(one.slice(0, 9)).toEqual([
        'object',
        'object',
        'object',
        false,
        false,
        false,
        false,
        0,
        false,
      ]);
      expect(one[10]).toBe('object');
    }
    expect(result.defined).toBe('refused');
    expect(result.still).toEqual(['text', 'function']);
    expect(result.name).toBe('made');
  });
});
