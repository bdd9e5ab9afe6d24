import { describe, expect, it, onTestFinished } from 'vitest';
import {
  COMPARTMENT_MEMORY_BYTES,
  GUEST_MEMORY_BYTES_MAX,
  UNSENT_BYTES_PAUSE,
} from '../../src/gateway/limits.ts';
import { receivedError } from '../../src/gateway/send-error.ts';
import type { CompartmentDoor, CompartmentWords } from '../../src/wire/compartment.ts';
import type { GuestDoor, HostDoor } from '../../src/wire/doors.ts';
import { fakeWorkers } from '../support/fake-worker.ts';
import { type Gateway, openGateway, PATIENCE } from '../support/gateway-harness.ts';
import { type RawWorker, rawWorker } from './support/raw-worker.ts';

/** A guest that makes compartments to get at what is not its own, and workers that help it. */

interface Scene extends Gateway {
  readonly door: HostDoor;
  readonly workers: readonly RawWorker[];
  /** What each compartment was opened with, by the names that its code sees. */
  opened(): readonly (readonly string[])[];
}

async function scene(): Promise<Scene> {
  const raw: RawWorker[] = [];
  const workers = fakeWorkers((box) => {
    raw.push(rawWorker(box, (code) => (code === 'far' ? ['export', -500] : 1)));
  });
  onTestFinished(() => workers.close());
  const gateway = await openGateway({ workers });
  gateway.kernel.names.write('host', 'till', gateway.till());
  const client = await gateway.host();
  const opened = (): readonly (readonly string[])[] =>
    raw.flatMap(({ heard }) =>
      heard.flatMap(([kind, call]) => {
        const [, object, , args] = (kind === 'push' ? call : []) as readonly unknown[];
        if (object !== 0) return [];
        const [{ powers }] = args as readonly [{ readonly powers: readonly [readonly string[]] }];
        return [powers[0]];
      }),
    );
  return { ...gateway, door: client.door as unknown as HostDoor, workers: raw, opened };
}

async function codeOf(work: PromiseLike<unknown>): Promise<string> {
  try {
    return `a value: ${JSON.stringify(await work)}`;
  } catch (error) {
    return receivedError(error)?.code ?? String(error);
  }
}

describe('a guest that words a gift', () => {
  it('names nothing of the host or of another guest, and learns nothing of what is there', async () => {
    const { door, guest, token, stockGuest } = await scene();
    for (const name of ['alice', 'mallory']) guest(name);
    await door.grant({ power: 'till', to: 'alice', as: 'hers' });
    const [hers] = await door.grants({ to: 'alice' });
    const [own] = await door.grants({ to: 'host' });
    const { door: mallory } = await stockGuest(await token('mallory'));
    const make = (words: CompartmentWords): Promise<string> => codeOf(mallory.compartment(words));
    const give = (power: string): Promise<string> => make({ give: { a: { power } } });
    expect(await give(hers?.id ?? '')).toBe('grant-unknown');
    expect(await give(own?.id ?? '')).toBe('grant-unknown');
    expect(await give('gr-aaaaaaaaaaaa')).toBe('grant-unknown');
    for (const words of ['till', 'hers', 'alice/hers', '../hers', 'host', 'constructor']) {
      expect(await give(words)).toMatch(/^name-/);
    }
    for (const words of ['till:new', 'http:https://a.example', 'https://a.example']) {
      expect(await give(words)).toMatch(/^name-/);
    }
    for (const as of ['alice', 'host', 'mallory']) expect(await make({ as })).toBe('guest-invalid');
    // The control: what it was given it gives.
    await door.grant({ power: 'till', to: 'mallory', as: 'mine' });
    expect(await give('mine')).toMatch(/^a value/);
  });

  it('takes no name but one below its own', async () => {
    const { door, guest } = await scene();
    guest('mallory');
    guest('alice');
    const mallory = await door.guest('mallory');
    for (const name of ['host', 'alice', '../alice', 'alice/x', 'gu-aaaaaaaaaaaa', 'x\n']) {
      const made = mallory.compartment({ name }).then((box) => box.info());
      expect(await made.then(({ guest: got }) => got, codeOfError)).toMatch(
        /^(?:mallory\.|guest-invalid$)/,
      );
    }
  });

  it('leaves no guest behind that stays when it is removed', async () => {
    const { door, guest, kernel } = await scene();
    guest('mallory');
    await door.grant({ power: 'till', to: 'mallory', as: 'mine' });
    const mallory = await door.guest('mallory');
    const words = { keep: true, give: { mine: { power: 'mine' } } };
    expect(await codeOf(mallory.compartment(words))).toBe('call-invalid');
    await mallory.compartment({ give: words.give });
    await door.removeGuest('mallory', 'enough');
    const left = kernel.principals().filter(({ removed }) => removed === null);
    expect(left.map(({ name }) => name)).toEqual(['host']);
  });
});

describe('a guest that wants more of the machine', () => {
  it('has no more memory for its processes by asking for much than by asking for many', async () => {
    const { door, guest } = await scene();
    guest('mallory');
    const mallory = await door.guest('mallory');
    const large = { limits: { memoryBytes: COMPARTMENT_MEMORY_BYTES.most } };
    const made: CompartmentDoor[] = [];
    const count = Math.floor(GUEST_MEMORY_BYTES_MAX / COMPARTMENT_MEMORY_BYTES.most);
    for (let n = 0; n < count; n += 1) made.push(await mallory.compartment(large));
    expect(await codeOf(mallory.compartment(large))).toBe('limit-exceeded');
    expect(await codeOf(mallory.compartment({}))).toBe('limit-exceeded');
    expect(await (await door.compartment(large)).evaluate({ code: 'one' })).toBe(1);
    await made[0]?.stop('room for another');
    await expect.poll(() => codeOf(mallory.compartment(large)), PATIENCE).toMatch(/^a value/);
  });
});

describe('guests whose doors one session of the host has', () => {
  it('share no process with each other, nor with the host', async () => {
    const { door, guest, workers } = await scene();
    const shared = { isolation: 'shared' } as const;
    const makers: GuestDoor[] = [door];
    for (const name of ['alice', 'bob']) {
      guest(name);
      makers.push(await door.guest(name));
    }
    for (const maker of makers) await maker.compartment(shared);
    // One of its own that ends is no end of what is shared.
    for (const maker of makers) await (await maker.compartment({})).stop('enough');
    for (const maker of makers) await maker.compartment(shared);
    expect(workers.map(({ sides }) => sides.length)).toEqual([2, 2, 2, 1, 1, 1]);
  });
});

describe('a guest that grants to another', () => {
  it('cannot keep it from running code as itself by the name of a gift', async () => {
    const { door, guest, opened } = await scene();
    guest('mallory');
    guest('alice');
    await door.grant({ power: 'till', to: 'mallory', as: 'mine' });
    await door.grant({ power: 'till', to: 'alice', as: 'wanted' });
    const mallory: GuestDoor = await door.guest('mallory');
    // What every object has by itself cannot be given to code, which would not begin.
    const names = ['toString', 'valueOf', 'constructor', 'hasOwnProperty', 'isPrototypeOf'];
    for (const as of [...names, 'propertyIsEnumerable', 'toLocaleString', 'globalThis', 'E']) {
      await mallory.grant({ power: 'mine', to: 'alice', as });
    }
    const alice = await door.guest('alice');
    const box = await alice.compartment({ as: 'self' });
    expect(await box.evaluate({ code: 'one' })).toBe(1);
    expect((await box.info()).gives).toEqual(['wanted']);
    expect(opened()).toEqual([['wanted']]);
  });
});

describe('a guest that lends functions which fail', () => {
  it('fills no log of the daemon with them, and the code is told whose they are', async () => {
    const { door, guest, token, stockGuest, workers, errors } = await scene();
    guest('mallory');
    const { door: mallory } = await stockGuest(await token('mallory'));
    const box = await mallory.compartment({});
    const far = (await box.evaluate({ code: 'far' })) as {
      call(method: string, args: readonly unknown[]): Promise<unknown>;
    };
    let calls = 0;
    const lent = (): never => {
      calls += 1;
      throw new Error('the words of mallory');
    };
    const going = codeOf(far.call('keep', [lent]));
    const worker = workers[0] as RawWorker;
    const asked = (): unknown => worker.called.find(({ object }) => object === -500)?.args;
    await expect.poll(asked, PATIENCE).toBeDefined();
    const [, [[[, number]]]] = asked() as [string, [[[string, number]]]];
    for (let n = 1; n <= 5; n += 1) {
      const answer = await worker.answered(worker.call(number, [], [n]));
      expect(answer).toMatch(/^\[evaluation-failed\] .*the maker lent to the code has failed\.$/);
      expect(calls).toBe(n);
    }
    expect(errors).toEqual([]);
    await box.stop('enough');
    expect(await going).toBe('compartment-ended');
    expect(await door.whoami()).toMatchObject({ id: 'host' });
  });
});

describe('a compartment that has ended, in a process that goes on', () => {
  it('keeps no function that its maker lends to an object of it', async () => {
    const { door } = await scene();
    const shared = { isolation: 'shared' } as const;
    await door.compartment(shared);
    const box = await door.compartment(shared);
    const far = (await box.evaluate({ code: 'far' })) as {
      call(method: string, args: readonly unknown[]): Promise<unknown>;
    };
    await box.stop('enough');
    let dropped = 0;
    const drop = (): void => {
      dropped += 1;
    };
    const lent = Object.assign(() => 1, { [Symbol.dispose]: drop });
    expect(await codeOf(far.call('keep', [lent]))).toBe('compartment-ended');
    await expect.poll(() => dropped, PATIENCE).toBe(1);
  });
});

describe('a worker that floods and does not read what it is answered', () => {
  it('is not read any more either', async () => {
    const { door, workers, log } = await scene();
    const box = await door.compartment({ give: { till: { power: 'till' } } });
    await box.evaluate({ code: 'one' });
    const worker = workers[0] as RawWorker;
    const side = worker.sides[0] as number;
    const [, till] = (await worker.answered(worker.call(side, ['power'], ['till']))) as [
      string,
      number,
    ];
    const { peer } = worker.box;
    peer.pause();
    let calls = 1;
    const text = 'x'.repeat(100_000);
    const sent = (): number => log.filter((method) => method === 'keep').length;
    // Each is answered with what it brought, which stays here when it is not read.
    for (let n = 0; n < 200; n += 1) {
      calls += 1;
      peer.write(
        `["push",["pipeline",${till},["keep"],[${JSON.stringify(text)}]]]\n["pull",${calls}]\n["release",${calls},1]\n`,
      );
    }
    await expect.poll(() => sent() * text.length, PATIENCE).toBeGreaterThan(UNSENT_BYTES_PAUSE);
    let before = -1;
    while (before !== sent()) {
      before = sent();
      await new Promise((done) => setTimeout(done, 200));
    }
    expect(sent()).toBeLessThan(100);
    expect(await door.whoami()).toMatchObject({ id: 'host' });
    await box.stop('enough');
  });
});

function codeOfError(error: unknown): string {
  return receivedError(error)?.code ?? String(error);
}
