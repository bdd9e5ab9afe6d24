import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Compartment, connect, type Far, type Powerbox } from '../../src/sdk/index.ts';
import type { GuestDoor, HostDoor } from '../../src/wire/doors.ts';
import { type DaemonPlace, isDaemon, makeDaemonPlace, within } from '../support/daemon.ts';

/** Compartments end to end: the SDK, a daemon as it is built, and processes in their walls. */

let place: DaemonPlace;
let powerbox: Powerbox;

beforeAll(async () => {
  place = makeDaemonPlace();
  await place.json('daemon', 'start');
  powerbox = await connect({ home: place.home, start: false });
  writeFileSync(join(place.workspace, 'a.txt'), 'hello');
});

afterAll(async () => {
  await powerbox?.close();
  place?.close();
});

/** What a test needs of a compartment that ends with it. */
async function withBox<T>(
  options: Parameters<Powerbox['compartment']>[0],
  work: (box: Compartment) => Promise<T>,
): Promise<T> {
  const box = await powerbox.compartment(options);
  try {
    return await work(box);
  } finally {
    await box.close();
  }
}

const files = (): string => `files:${place.workspace}`;

/** The failure of what must fail, by its code. */
async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    (value) => ({ code: `no failure but ${JSON.stringify(value)}` }),
    (thrown: unknown) => thrown as { readonly code?: string },
  );
  return error.code ?? String(error);
}

describe('a value of a compartment', () => {
  it('is copied when it is data, in both directions', async () => {
    const data = {
      list: [1, null, 'ä'],
      bytes: new Uint8Array([1, 2]),
      when: new Date(5),
      big: 7n,
    };
    const value = await withBox({}, (box) =>
      box.evaluate({ code: '({ ...data, more: data.list.length })', with: { data } }),
    );
    expect(value).toEqual({ ...data, more: 3 });
  });

  it('is an object by reference when it is marked with Far, and is itself again inside', async () => {
    await withBox({}, async (box) => {
      const counter = await box.evaluate<Far>(`
        let count = 0;
        const counter = Far('counter', {
          increment: (by) => (count += by),
          isMe: (other) => other === counter,
        });
        counter`);
      expect(await Promise.all([counter.increment?.(1), counter.increment?.(2)])).toEqual([1, 3]);
      expect(await counter.isMe?.(counter)).toBe(true);
      expect(await counter.isMe?.(await box.evaluate('Far("other", {})'))).toBe(false);
    });
  });

  it('is called when it is a function, with callbacks and objects among its arguments', async () => {
    await withBox({}, async (box) => {
      const each = await box.evaluate<(list: unknown, call: unknown) => Promise<unknown>>(
        'async (list, call) => { const out = []; for (const one of list) out.push(await E(call)(one)); return out; }',
      );
      expect(await each([1, 2, 3], (n: number) => n * 10)).toEqual([10, 20, 30]);
      // More than can be on their way at once wait for their turn.
      const many = Array.from({ length: 300 }, (_, n) => n);
      const all = await box.evaluate<typeof each>(
        '(list, call) => Promise.all(list.map((one) => E(call)(one)))',
      );
      expect(await all(many, async (n: number) => n)).toEqual(many);
      const failing = each([1], () => {
        throw new Error('the caller does not want this');
      });
      expect(await codeOf(failing)).toBe('evaluation-failed');
    });
  });

  it('is called with a function of its own each time, as often as one likes', async () => {
    await withBox({}, async (box) => {
      const call = await box.evaluate<(work: unknown) => Promise<unknown>>('(work) => E(work)(1)');
      for (let n = 0; n < 200; n += 1) expect(await call((by: number) => n + by)).toBe(n + 1);
    });
  });

  it('is read item by item when it is a stream, and can be left in the middle', async () => {
    await withBox({}, async (box) => {
      const stream = await box.evaluate<AsyncIterable<number>>(
        'const left = []; async function* count() { try { for (let n = 0; ; n += 1) yield n; } finally { console.log("left"); } } count()',
      );
      const read: number[] = [];
      for await (const item of stream) {
        read.push(item);
        if (item === 3) break;
      }
      expect(read).toEqual([0, 1, 2, 3]);
    });
  });

  it('cannot be of a class, nor a power', async () => {
    await withBox({ give: { repo: files() } }, async (box) => {
      expect(await codeOf(box.evaluate('new (class Thing {})()'))).toBe('not-passable');
      expect(await codeOf(box.evaluate('repo'))).toBe('not-passable');
      const take =
        await box.evaluate<(thing: unknown) => Promise<unknown>>('(thing) => typeof thing');
      await powerbox.door.makePower(files(), 'shown', 'a test');
      const power = await powerbox.lookup('shown');
      expect(await codeOf(take(power))).toBe('not-passable');
      for (const given of [power, () => 1, { deep: [power] }]) {
        const program = { code: 'typeof given', with: { given } };
        expect(await codeOf(box.evaluate(program))).toBe('not-passable');
      }
    });
  });
});

describe('what code holds', () => {
  it('is what it was given, as narrow as it was given', async () => {
    await withBox({ give: { repo: { power: files(), only: ['ro'] } } }, async (box) => {
      expect(await box.evaluate('repo.readText("a.txt")')).toBe('hello');
      const refused = 'try { await repo.write("b.txt", "x"); } catch (error) { error.code }';
      expect(await box.evaluate(refused)).toBe('narrowing-refused');
      expect(await codeOf(box.evaluate('other.read()'))).toBe('endowment-missing');
      expect(await box.declarations()).toContain('declare const repo: Files;');
    });
    expect(() => readFileSync(join(place.workspace, 'b.txt'))).toThrow('ENOENT');
  });

  it('can be a power that was looked up, and the same that its holder uses', async () => {
    await powerbox.door.makePower(files(), 'looked', 'a test');
    const looked = await powerbox.lookup('looked');
    expect(await looked.readText?.('a.txt')).toBe('hello');
    const text = await withBox({ give: { mine: looked, again: { power: looked } } }, (box) =>
      box.evaluate(
        'mine.readText("a.txt").then(async (text) => text + (await again.readText("a.txt")))',
      ),
    );
    expect(text).toBe('hellohello');
  });

  it('is sent on before it is there, in one go', async () => {
    await withBox({ give: { repo: files() } }, async (box) => {
      const code = 'E(E(repo).directory("sub")).list("").catch(() => "none")';
      expect(await box.evaluate(code)).toEqual(expect.anything());
    });
  });

  it('ends while it is used, with the reason, and nothing else does', async () => {
    const give = { repo: { power: files(), approval: 'always' as const }, free: files() };
    await withBox({ give }, async (box) => {
      const { guest } = await box.info();
      const waiting = box.evaluate(
        'try { await repo.readText("a.txt"); } catch (error) { ({ code: error.code }) }',
      );
      await expect
        .poll(() => powerbox.door.pending(), { timeout: 10_000 })
        .toEqual([expect.objectContaining({ guest })]);
      const grants = await powerbox.door.grants({ to: guest });
      const grant = grants.find(({ names }) => names.includes('repo'));
      await powerbox.door.revoke({ what: 'grant', id: grant?.id ?? '' }, 'a test');
      expect(await waiting).toEqual({ code: 'grant-revoked' });
      expect(await box.evaluate('free.readText("a.txt")')).toBe('hello');
    });
  });

  it('is the whole world of a guest, when it runs as one', async () => {
    await powerbox.door.addGuest('ada', 'a test');
    await powerbox.door.grant({ power: files(), to: 'ada', as: 'notes' });
    await powerbox.door.grant({ power: files(), to: 'ada', as: 'no-identifier' });
    await withBox({ as: 'ada', give: { extra: { power: files(), only: ['ro'] } } }, async (box) => {
      const { guest, gives } = await box.info();
      expect({ guest, gives }).toEqual({ guest: 'ada', gives: ['notes', 'extra'] });
      expect(await box.evaluate('notes.readText("a.txt")')).toBe('hello');
      expect(await box.evaluate('extra.readText("a.txt")')).toBe('hello');
    });
    const held = await powerbox.door.grants({ to: 'ada' });
    expect(held.flatMap(({ names }) => names).sort()).toEqual(['no-identifier', 'notes']);
    expect(await codeOf(powerbox.compartment({ as: 'host' }))).toBe('guest-invalid');
    await powerbox.door.removeGuest('ada', 'the test is over');
  });
});

describe('a guest', () => {
  it('makes compartments of what it holds, named after it, and ends with them', async () => {
    const { door } = powerbox;
    await door.addGuest('agent', 'a test');
    await door.grant({ power: files(), to: 'agent', as: 'repo', only: ['ro'] });
    const agent: GuestDoor = await door.guest('agent');
    expect(await codeOf(agent.compartment({ as: 'ada' }))).toBe('guest-invalid');
    const more = { give: { repo: { power: files() } } };
    expect(await codeOf(agent.compartment(more))).toBe('name-invalid');
    const tool = await agent.compartment({ name: 'tool', give: { repo: { power: 'repo' } } });
    const self = await agent.compartment({ as: 'self' });
    expect(await tool.info()).toMatchObject({ guest: 'agent.tool', maker: 'agent' });
    expect(await self.info()).toMatchObject({ guest: 'agent', gives: ['repo'] });
    expect(await tool.evaluate({ code: 'repo.readText("a.txt")' })).toBe('hello');
    expect(await self.evaluate({ code: 'repo.readText("a.txt")' })).toBe('hello');
    const chains = await door.grants({ to: 'agent.tool' });
    expect(chains.map(({ chain }) => chain.length)).toEqual([3]);

    const hanging = codeOf(tool.evaluate({ code: 'new Promise(() => {})' }));
    await door.removeGuest('agent', 'the test is over');
    expect(await hanging).toMatch(/compartment-ended/);
    expect(await running(door)).toBe(0);
    const removed = await door.guests(true);
    expect(removed.find(({ name }) => name === 'agent.tool')?.removed).not.toBeNull();
  });
});

async function running(door: HostDoor): Promise<number> {
  return (await door.status()).compartments.running;
}

describe('a compartment', () => {
  it('ends at once, whatever it does, and so does what it gave and was given', async () => {
    const box = await powerbox.compartment({ give: { repo: files() } });
    const { id, guest } = await box.info();
    const far = await box.evaluate<Far>('Far("far", { go: () => 1 })');
    const going = codeOf(box.evaluate('for (;;);'));
    await box.close('enough of it');
    expect(await going).toBe('compartment-ended');
    expect(await codeOf(far.go?.() as Promise<unknown>)).toBe('compartment-ended');
    expect(await codeOf(box.evaluate('1'))).toBe('compartment-ended');
    const info = (await powerbox.door.guests(true)).find((one) => one.name === guest);
    expect(info).toMatchObject({ box: id, running: null, grants: 0 });
    const rows = await place.json('log', '--guest', info?.id ?? '');
    const kinds = rows.filter(({ kind }) => kind === 'compartment').map(({ state }) => state);
    expect(kinds.filter((state) => state !== 'evaluated')).toEqual(['opened', 'ended']);
    expect(JSON.stringify(rows)).toContain('enough of it');
    expect(JSON.stringify(rows)).not.toContain('for (;;)');
  });

  it.each([
    ['the time of an evaluation', {}, { code: 'new Promise(() => {})', timeMs: 200 }],
    ['its thread', { limits: { turnMs: 300 } }, { code: 'for (;;);' }],
    ['its life', { limits: { lifeMs: 500 } }, { code: 'new Promise(() => {})' }],
    [
      'its console',
      { limits: { outputChars: 10_000 } },
      {
        code: 'for (let n = 0; n < 200; n += 1) console.log("x".repeat(100)); new Promise(() => {})',
      },
    ],
  ])('ends when it has used up %s', async (_, options, program) => {
    const box = await powerbox.compartment(options);
    expect(await codeOf(box.evaluate(program))).toBe('compartment-limit');
    expect(await codeOf(box.evaluate('1'))).toBe('compartment-limit');
    await box.close();
  });

  it('writes to its console, in order, for its maker and the record', async () => {
    const lines: string[] = [];
    const onConsole = ({ level, text }: { level: string; text: string }): void => {
      lines.push(`${level} ${text}`);
    };
    const box = await powerbox.compartment({ name: 'writer', onConsole });
    await box.evaluate('console.log("one", 1); console.warn("two"); console.error("three")');
    await box.close();
    expect(lines).toEqual(['log one 1', 'warn two', 'error three']);
    const [guest] = (await powerbox.door.guests(true)).filter(({ name }) => name === 'writer');
    const rows = await place.json('log', '--guest', guest?.id ?? '');
    const texts = rows.filter(({ kind }) => kind === 'console').map(({ text }) => text);
    expect(texts).toEqual(['one 1', 'two', 'three']);
  });

  it('shares a process with others of its maker when it is told to, and only then', async () => {
    const shared = { isolation: 'shared' } as const;
    const boxes = await Promise.all([1, 2, 3].map(() => powerbox.compartment(shared)));
    const [first, second] = boxes as [Compartment, Compartment];
    await first.evaluate('globalThis.seen = 1');
    expect(await second.evaluate('typeof seen')).toBe('undefined');
    await first.close();
    expect(await second.evaluate('1 + 1')).toBe(2);
    expect(await codeOf(powerbox.compartment({ ...shared, keep: true }))).toBe('call-invalid');
    await Promise.all(boxes.map((box) => box.close()));
  });

  it('leaves its guest when that is to be kept', async () => {
    const box = await powerbox.compartment({ name: 'kept', keep: true, give: { repo: files() } });
    await box.close();
    expect(await powerbox.door.grants({ to: 'kept' })).toHaveLength(1);
    await powerbox.door.removeGuest('kept', 'the test is over');
  });

  it('is refused with names that code cannot use, and limits that nobody has', async () => {
    expect(await codeOf(powerbox.compartment({ give: { await: files() } }))).toBe('call-invalid');
    expect(await codeOf(powerbox.compartment({ give: { 'a-b': files() } }))).toBe('call-invalid');
    expect(await codeOf(powerbox.compartment({ limits: { turnMs: 1e12 } }))).toBe('call-invalid');
    expect(await codeOf(powerbox.compartment({ give: { repo: 'nothing' } }))).toBe('name-unknown');
    expect(await running(powerbox.door)).toBe(0);
  });
});

describe('the end of those who hold a compartment', () => {
  it('ends it with the session of its maker', async () => {
    const other = await connect({ home: place.home, start: false });
    const box = await other.compartment({ name: 'orphan', give: { repo: files() } });
    expect(await box.evaluate('1')).toBe(1);
    await other.close();
    await expect.poll(() => running(powerbox.door), { timeout: 10_000 }).toBe(0);
    expect((await powerbox.door.guests(false)).map(({ name }) => name)).not.toContain('orphan');
  });

  it('leaves no process of a daemon that was killed, and its guests end with the next one', async () => {
    const own = makeDaemonPlace();
    try {
      await own.json('daemon', 'start');
      const host = await connect({ home: own.home, start: false });
      const box = await host.compartment({
        name: 'lost',
        give: { repo: `files:${own.workspace}` },
      });
      const going = codeOf(box.evaluate('for (;;);'));
      const pid = own.daemonPid() as number;
      const workers = childrenOf(pid);
      expect(workers.length).toBeGreaterThan(0);
      process.kill(pid, 'SIGKILL');
      expect(await going).toBe('daemon-unreachable');
      expect(await within(10_000, () => !isDaemon(pid))).toBe(true);
      expect(await within(10_000, () => workers.every((worker) => !isThere(worker)))).toBe(true);
      await host.close();
      expect(await own.json('guest', 'ls')).toEqual([]);
      expect(await own.json('grants', '--to', 'host')).toEqual([expect.anything()]);
      const all = await own.json('guest', 'ls', '--all');
      expect(all).toEqual([expect.objectContaining({ name: 'lost', grants: 0 })]);
    } finally {
      own.close();
    }
  });
});

/** All processes below one. */
function childrenOf(pid: number): readonly number[] {
  let text = '';
  try {
    text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  } catch {
    return [];
  }
  const own = text.split(' ').filter(Boolean).map(Number);
  return own.flatMap((child) => [child, ...childrenOf(child)]);
}

function isThere(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.[0] !== 'Z';
  } catch {
    return false;
  }
}
