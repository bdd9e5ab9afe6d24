import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { cuttable } from './cut.ts';
import { makePool, type Pool, type Pooled } from './pool.ts';

interface Item extends Pooled {
  readonly name: number;
  clean: boolean;
  closed: boolean;
}

function setUp(options: { connections?: number; waiting?: number; idleMs?: number } = {}): {
  pool: Pool<Item>;
  made: Item[];
} {
  const made: Item[] = [];
  const pool = makePool(async () => {
    const item: Item = {
      name: made.length,
      clean: true,
      closed: false,
      isClean: () => item.clean && !item.closed,
      close: () => {
        item.closed = true;
      },
    };
    made.push(item);
    return item;
  }, options);
  return { pool, made };
}

const signal = (): AbortSignal => new AbortController().signal;

describe('a pool', () => {
  it('gives a clean one again and closes any other', async () => {
    const { pool, made } = setUp();
    const first = await pool.take(signal());
    pool.give(first);
    expect(await pool.take(signal())).toBe(first);
    first.clean = false;
    pool.give(first);
    expect(first.closed).toBe(true);
    expect((await pool.take(signal())).name).toBe(1);
    expect(made).toHaveLength(2);
    pool.close();
  });

  it('has no more than it may, lets others wait in order, and refuses a further one', async () => {
    const { pool, made } = setUp({ connections: 1, waiting: 1 });
    const first = await pool.take(signal());
    const second = pool.take(signal());
    await expect(pool.take(signal())).rejects.toMatchObject({ code: 'limit-exceeded' });
    pool.give(first);
    expect(await second).toBe(first);
    expect(made).toHaveLength(1);
    pool.close();
  });

  it('lets go of one who waits when its grant ends', async () => {
    const { pool } = setUp({ connections: 1 });
    const first = await pool.take(signal());
    const end = new AbortController();
    const second = pool.take(end.signal);
    end.abort();
    await expect(second).rejects.toMatchObject({ code: 'reference-closed' });
    const third = pool.take(signal());
    pool.give(first);
    expect(await third).toBe(first);
    pool.close();
  });

  it('closes what is idle for long, what is taken and who waits', async () => {
    const { pool, made } = setUp({ connections: 1, idleMs: 5 });
    pool.give(await pool.take(signal()));
    await sleep(30);
    expect(made[0]?.closed).toBe(true);
    const taken = await pool.take(signal());
    const waiting = pool.take(signal());
    pool.close();
    expect(taken.closed).toBe(true);
    await expect(waiting).rejects.toMatchObject({ code: 'reference-closed' });
    await expect(pool.take(signal())).rejects.toMatchObject({ code: 'reference-closed' });
  });

  it('does not let one wait for a connection beyond the end of its grant', async () => {
    let finish: (item: Item) => void = () => {};
    const pool = makePool<Item>(
      () =>
        new Promise((done) => {
          finish = done;
        }),
      { connections: 1 },
    );
    const end = new AbortController();
    const taking = pool.take(end.signal);
    await sleep(1);
    end.abort();
    await expect(taking).rejects.toMatchObject({ code: 'reference-closed' });
    const next = pool.take(signal());
    const item: Item = {
      name: 0,
      clean: true,
      closed: false,
      isClean: () => true,
      close: () => {
        item.closed = true;
      },
    };
    finish(item);
    await sleep(1);
    expect(item.closed).toBe(true);
    finish({ ...item, name: 1 });
    expect((await next).name).toBe(1);
    pool.close();
  });

  it('does not lose a place when one cannot be made', async () => {
    let tries = 0;
    const pool = makePool<Item>(
      () => {
        tries += 1;
        return Promise.reject(new Error('down'));
      },
      { connections: 1 },
    );
    for (let at = 0; at < 3; at += 1) await expect(pool.take(signal())).rejects.toThrow('down');
    expect(tries).toBe(3);
  });
});

describe('work that can be cut', () => {
  const never = (): Promise<never> => new Promise(() => {});

  it('ends when its time is over, and is stopped', async () => {
    let stopped = 0;
    const stop = (): void => {
      stopped += 1;
    };
    const limits = { signal: signal(), timeMs: 10 };
    await expect(cuttable(limits, stop, never)).rejects.toMatchObject({ code: 'limit-exceeded' });
    expect(stopped).toBe(1);
    expect(await cuttable(limits, stop, async () => 'done')).toBe('done');
    await sleep(30);
    expect(stopped).toBe(1);
  });

  it('ends when its grant does', async () => {
    const end = new AbortController();
    let stopped = 0;
    const work = cuttable({ signal: end.signal, timeMs: 1000 }, () => (stopped += 1), never);
    end.abort();
    await expect(work).rejects.toMatchObject({ code: 'grant-revoked' });
    expect(stopped).toBe(1);
    let began = false;
    const late = cuttable(
      { signal: end.signal, timeMs: 1000 },
      () => {},
      async () => {
        began = true;
      },
    );
    await expect(late).rejects.toMatchObject({ code: 'grant-revoked' });
    expect(began).toBe(false);
  });
});
