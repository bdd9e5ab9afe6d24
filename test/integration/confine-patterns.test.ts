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
        narrower: await tried(() =>
          narrow(small, { read: true }).read('etc/a'),
        ),
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
      gone: 'Cannot call remove: facade has read, write.',
      calls: [['a', 'hi']],
      narrower: 'Cannot call read: only docs/ may be read.',
    });
  });
});
