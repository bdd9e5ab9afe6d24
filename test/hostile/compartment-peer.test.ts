import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CALLS_MAX } from '../../src/gateway/limits.ts';
import { receivedError } from '../../src/gateway/send-error.ts';
import type { CompartmentDoor, CompartmentWords } from '../../src/wire/compartment.ts';
import type { HostDoor } from '../../src/wire/doors.ts';
import { fakeWorkers } from '../support/fake-worker.ts';
import { type Gateway, openGateway, PATIENCE } from '../support/gateway-harness.ts';
import {
  type Answers,
  type Message,
  type RawWorker,
  rawWorker,
  thrown,
} from './support/raw-worker.ts';

/**
 * A worker whose code broke out of its compartment and speaks to the daemon as it likes. All that
 * it gets is what its compartments were given.
 */

interface Scene extends Gateway {
  readonly door: HostDoor;
  readonly workers: readonly RawWorker[];
  open(words?: CompartmentWords): Promise<Open>;
}

interface Open {
  readonly box: CompartmentDoor;
  readonly worker: RawWorker;
  /** The number of the daemon's side of this compartment, in the words of the worker. */
  readonly side: number;
}

const EXAMPLES: Readonly<Record<string, Message | string | number>> = {
  one: 1,
  text: 'text',
};

async function scene(answers: Answers = () => undefined): Promise<Scene> {
  const raw: RawWorker[] = [];
  const workers = fakeWorkers((box) => {
    raw.push(rawWorker(box, (code, worker) => EXAMPLES[code] ?? answers(code, worker)));
  });
  onTestFinished(() => workers.close());
  const gateway = await openGateway({ workers });
  for (const name of ['one', 'two']) gateway.kernel.names.write('host', name, gateway.till(name));
  const client = await gateway.host();
  const door = client.door as unknown as HostDoor;
  return {
    ...gateway,
    door,
    workers: raw,
    async open(words = { give: { till: { power: 'one' } } }) {
      const box = await door.compartment(words);
      // Those that share a process come after those that have their own.
      const worker = raw.at(-1) as RawWorker;
      return { box, worker, side: worker.sides.at(-1) as number };
    },
  };
}

/** The number of an object that the daemon answered with. */
function exported(answer: unknown): number {
  expect(answer).toEqual(['export', expect.any(Number)]);
  return (answer as readonly [string, number])[1];
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    (value) => `a value: ${JSON.stringify(value)}`,
    (thrown) => thrown,
  );
  return receivedError(error)?.code ?? String(error);
}

describe('a worker that keeps to the rules', () => {
  it('is answered: with its own powers, and only them', async () => {
    const { open, log } = await scene();
    const { box, worker, side } = await open();
    expect(await box.evaluate({ code: 'text' })).toBe('text');
    const till = exported(await worker.answered(worker.call(side, ['power'], ['till'])));
    expect(await worker.answered(worker.call(till, ['put'], [5]))).toBe(5);
    expect(log).toEqual(['put']);
    expect(await worker.answered(worker.call(side, ['power'], ['other']))).toContain(
      '[endowment-missing]',
    );
  });
});

describe('a worker that breaks the rules of its channel', () => {
  it.each<readonly [string, string]>([
    ['what is no JSON', 'x\n'],
    ['what is no message', '{}\n'],
    ['a message of no kind', '["hello"]\n'],
    ['a stream', '["stream",["pipeline",0,[],[]]]\n'],
    ['a pipe', '["pipe"]\n'],
    ['a program over lists', '["push",["remap",0,[],[],[]]]\n'],
    ['a call within a call', '["push",["pipeline",0,["x"],[["pipeline",0,["y"],[]]]]]\n'],
    ['an object of a class', '["push",["pipeline",0,["x"],[["headers",[]]]]]\n'],
    ['a line without an end', 'x'.repeat(5 * 1024 ** 2)],
    ['nesting without an end', `["resolve",2,${'[['.repeat(2_000)}${']]'.repeat(2_000)}]\n`],
    ['what it lets go of and never had', '["release",-77,1]\n'],
    ['what it lets go of less than nothing times', '["release",-1,-5]\n'],
    ['an answer that is not there yet', '["resolve",2,["promise",-60]]\n'],
    ['its own end', '["abort",["error","Error","[internal] mine"]]\n'],
  ])('by %s loses its process, and its maker is told', async (_, text) => {
    const { open, door, errors } = await scene();
    const { box, worker } = await open();
    const other = await open();
    const going = codeOf(box.evaluate({ code: 'never' }));
    worker.sayText(text);
    expect(await going).toBe('compartment-ended');
    await expect.poll(() => worker.box.killed(), PATIENCE).toBe(true);
    expect(await codeOf(box.evaluate({ code: 'one' }))).toBe('compartment-ended');
    expect(await other.box.evaluate({ code: 'one' })).toBe(1);
    expect(await door.whoami()).toMatchObject({ id: 'host' });
    expect(errors).toEqual([]);
  });

  it.each<readonly [string, Message]>([
    ['answers that nobody asked for', ['resolve', 999, 1]],
    ['an answer in place of its own main object', ['resolve', 0, ['export', -50]]],
    ['a refusal that is no error', ['reject', 2, 5]],
    ['a pull of what is not there', ['pull', 77]],
    ['a call of what is not there', ['push', ['pipeline', -99, ['power'], ['till']]]],
  ])('by %s gets nothing and harms nobody', async (_, message) => {
    const { open, door, log } = await scene();
    const { box, worker } = await open();
    const other = await open();
    const going = codeOf(box.evaluate({ code: 'never' }));
    worker.say(message);
    await sleep(50);
    await Promise.all([codeOf(box.stop('the test is over')), going]);
    expect(await going).not.toContain('a value');
    expect(await other.box.evaluate({ code: 'one' })).toBe(1);
    expect(await door.whoami()).toMatchObject({ id: 'host' });
    expect(log).toEqual([]);
  });
});

describe('a worker that reaches for what it was not given', () => {
  it('finds no door', async () => {
    const { open, rows } = await scene();
    const { worker } = await open();
    const before = rows.length;
    for (const method of ['lookup', 'grant', 'compartment', 'makePower', 'open', 'constructor']) {
      const answer = await worker.answered(worker.call(0, [method], ['one']));
      expect(answer).toContain('[method-unknown]');
    }
    expect(rows.slice(before)).toEqual([]);
  });

  it('has no other method of its side, and no property', async () => {
    const { open } = await scene();
    const { worker, side } = await open();
    for (const path of [['session'], ['holder'], ['powers', 'get'], ['constructor', 'from']]) {
      expect(await worker.answered(worker.call(side, path, ['till']))).toMatch(/^\[/);
    }
    for (const args of [[], [7], [null], ['__proto__'], ['till', 'x'], [['export', -5]]]) {
      const answer = await worker.answered(worker.call(side, ['power'], args));
      if (args[0] !== 'till') expect(answer).toContain('[endowment-missing]');
    }
    for (const args of [['loud', 'x'], ['log', 5], [], ['log']]) {
      expect(await worker.answered(worker.call(side, ['say'], args))).toContain('[call-invalid]');
    }
  });

  it('cannot use a power of one compartment as another, in the same process', async () => {
    const { open, log, kept } = await scene();
    const shared = { isolation: 'shared' } as const;
    const { worker } = await open({ ...shared, give: { mine: { power: 'one' } } });
    await open({ ...shared, give: { yours: { power: 'two' } } });
    const [first, second] = worker.sides as [number, number];
    expect(await worker.answered(worker.call(first, ['power'], ['yours']))).toContain(
      '[endowment-missing]',
    );
    const mine = exported(await worker.answered(worker.call(first, ['power'], ['mine'])));
    const yours = exported(await worker.answered(worker.call(second, ['power'], ['yours'])));
    // The control: its own comes back in to it.
    await worker.answered(worker.call(mine, ['keep'], [['import', mine]]));
    expect(log).toEqual([]);
    const drawer = exported(await worker.answered(worker.call(mine, ['drawer'], [])));
    expect(
      exported(await worker.answered(worker.call(mine, ['keep'], [['import', drawer]]))),
    ).toBeLessThan(0);
    expect(kept.size).toBe(1);
    const stolen = await worker.answered(worker.call(yours, ['keep'], [['import', drawer]]));
    expect(stolen).toContain('[call-invalid]');
    expect(kept.size).toBe(1);
  });

  it('cannot hand a power to its maker, nor its side', async () => {
    const { open } = await scene((code) => {
      const [, how, number] = /^(alone|within) (-\d+)$/.exec(code) ?? [];
      if (number === undefined) return undefined;
      const power = ['import', Number(number)];
      return how === 'alone' ? power : [[{ power }]];
    });
    const { box, worker, side } = await open();
    const till = exported(await worker.answered(worker.call(side, ['power'], ['till'])));
    for (const object of [till, side]) {
      expect(await codeOf(box.evaluate({ code: `within ${object}` }))).toBe('not-passable');
      expect(await codeOf(box.evaluate({ code: `alone ${object}` }))).toMatch(
        /^(?:not-passable|evaluation-failed)$/,
      );
    }
  });

  it('says nothing for a compartment that has ended, where its process goes on', async () => {
    const { open, log, rows } = await scene();
    const shared = { isolation: 'shared' } as const;
    const { box, worker } = await open({ ...shared, give: { till: { power: 'one' } } });
    await open({ ...shared, give: { till: { power: 'two' } } });
    const [first] = worker.sides as [number];
    const till = exported(await worker.answered(worker.call(first, ['power'], ['till'])));
    await box.stop('enough');
    expect(worker.box.killed()).toBe(false);
    expect(await worker.answered(worker.call(first, ['power'], ['till']))).toContain(
      '[compartment-ended]',
    );
    expect(await worker.answered(worker.call(first, ['say'], ['log', 'x']))).toContain(
      '[compartment-ended]',
    );
    expect(await worker.answered(worker.call(till, ['put'], [5]))).toMatch(/^\[grant-/);
    expect(log).toEqual([]);
    expect(rows.filter(({ kind }) => kind === 'console')).toEqual([]);
  });
});

describe('a worker that lies about its objects', () => {
  const far: Answers = (code) => (code === 'far' ? ['export', -500] : undefined);

  it.each<readonly [string, unknown]>([
    ['nothing', null],
    ['methods that are no names', { methods: [[1, 2]], stream: false }],
    [
      'methods without an end',
      { methods: [Array.from({ length: 5_000 }, () => 'm')], stream: false },
    ],
    ['a name without an end', { methods: [['x'.repeat(5_000)]], stream: false }],
    ['an object', ['export', -501]],
  ])('by a description that is %s is not believed', async (_, description) => {
    const { open } = await scene(far);
    const { box, worker } = await open();
    const object = (await box.evaluate({ code: 'far' })) as { describe(): Promise<unknown> };
    const told = codeOf(object.describe());
    await expect
      .poll(() => worker.called.some(({ object: one }) => one === -500), PATIENCE)
      .toBe(true);
    worker.say(['resolve', 3, description]);
    expect(await told).toBe('not-passable');
  });

  it('cannot make its maker hold more of them than it may', async () => {
    const many = [Array.from({ length: 2_000 }, (_, index) => ['export', -1_000 - index])];
    const { open, door } = await scene((code) => (code === 'many' ? many : undefined));
    const { box } = await open();
    expect(await codeOf(box.evaluate({ code: 'many' }))).toBe('limit-exceeded');
    expect(await box.evaluate({ code: 'one' })).toBe(1);
    expect(await door.whoami()).toMatchObject({ id: 'host' });
  });

  it.each([
    'internal',
    'compartment-limit',
    'compartment-ended',
    'journal-broken',
    'daemon-unreachable',
  ])('cannot say %s, which only the daemon knows', async (code) => {
    const { open } = await scene((source) =>
      source === 'lie' ? thrown(`[${code}] A lie.`) : undefined,
    );
    const { box } = await open();
    expect(await codeOf(box.evaluate({ code: 'lie' }))).toBe('evaluation-failed');
    expect(await box.evaluate({ code: 'one' })).toBe(1);
  });

  it('cannot reach the prototypes of its maker with data', async () => {
    const data: Message = [[{ constructor: 1, toJSON: 2, hasOwnProperty: 3, x: 4 }]];
    const { open } = await scene((code) => (code === 'data' ? data : undefined));
    const { box } = await open();
    expect(await box.evaluate({ code: 'data' })).toEqual([{ x: 4 }]);
  });
});

describe('a worker that holds what its maker lent it', () => {
  it('calls a function no more often at once than it may, and not once it has ended', async () => {
    const { open } = await scene((code) => (code === 'far' ? ['export', -500] : undefined));
    const { box, worker } = await open();
    let calls = 0;
    const lent = (): Promise<never> => {
      calls += 1;
      return new Promise(() => {});
    };
    const object = (await box.evaluate({ code: 'far' })) as {
      call(method: string, args: readonly unknown[]): Promise<unknown>;
    };
    const going = codeOf(object.call('keep', [lent]));
    await expect
      .poll(() => worker.called.some(({ object: one }) => one === -500), PATIENCE)
      .toBe(true);
    const args = worker.called.find(({ object: one }) => one === -500)?.args as [
      string,
      [[Message]],
    ];
    const [, number] = args[1][0][0] as readonly [string, number];
    for (let n = 0; n < CALLS_MAX; n += 1) worker.call(number, [], [n]);
    await expect.poll(() => calls, PATIENCE).toBe(CALLS_MAX);
    expect(await worker.answered(worker.call(number, [], [1]))).toContain('[session-limit]');
    await box.stop('enough');
    expect(await going).toBe('compartment-ended');
    await sleep(50);
    expect(calls).toBe(CALLS_MAX);
  });
});

describe('a worker that never answers', () => {
  it('is ended at once when its maker wants it, or its time is over', async () => {
    const { open } = await scene();
    const { box } = await open();
    const going = [1, 2, 3].map(() => codeOf(box.evaluate({ code: 'never' })));
    const started = performance.now();
    await box.stop('enough');
    expect(await Promise.all(going)).toEqual(Array(3).fill('compartment-ended'));
    expect(performance.now() - started).toBeLessThan(2_000);
    const late = await open();
    expect(await codeOf(late.box.evaluate({ code: 'never', timeMs: 50 }))).toBe(
      'compartment-limit',
    );
  });

  it('has no more evaluations at once than it may', async () => {
    const { open } = await scene();
    const { box } = await open();
    const going = Array.from({ length: 16 }, () => codeOf(box.evaluate({ code: 'never' })));
    expect(await codeOf(box.evaluate({ code: 'one' }))).toBe('limit-exceeded');
    await box.stop('enough');
    await Promise.all(going);
  });
});

describe('a worker that floods', () => {
  it('its console is ended for it, and the record holds a bounded part', async () => {
    const { open, rows, door } = await scene();
    const { box, worker, side } = await open({ limits: { outputChars: 100_000 } });
    const going = codeOf(box.evaluate({ code: 'never' }));
    const line = JSON.stringify(['push', ['pipeline', side, ['say'], ['log', 'x'.repeat(200)]]]);
    worker.sayText(`${line}\n`.repeat(3_000));
    expect(await going).toBe('compartment-limit');
    const lines = rows.filter(({ kind }) => kind === 'console');
    expect(lines.length).toBeGreaterThan(10);
    expect(lines.length).toBeLessThan(300);
    expect(JSON.stringify(lines)).toContain('lines of the console were left out');
    expect(await door.whoami()).toMatchObject({ id: 'host' });
  });

  it('with calls that it never lets go of is ended', async () => {
    const { open } = await scene();
    const { box, worker, side } = await open();
    const going = codeOf(box.evaluate({ code: 'never' }));
    const line = JSON.stringify(['push', ['pipeline', side, ['power'], ['nothing']]]);
    worker.sayText(`${line}\n`.repeat(6_000));
    expect(await going).toBe('compartment-ended');
    expect(worker.box.killed()).toBe(true);
  });

  it('leaves the others their turn', async () => {
    const { open, door } = await scene();
    const { worker, side } = await open();
    const quiet = await open({ give: { till: { power: 'two' } } });
    let flooding = true;
    let sent = 0;
    const flood = async (): Promise<void> => {
      while (flooding && !worker.box.killed()) {
        let text = '';
        for (let n = 0; n < 2_000; n += 1) {
          sent += 1;
          text += `["push",["pipeline",${side},["power"],["nothing"]]]\n["pull",${sent}]\n["release",${sent},1]\n`;
        }
        if (!worker.box.peer.write(text))
          await new Promise((done) => worker.box.peer.once('drain', done));
      }
    };
    const going = flood();
    const waits: number[] = [];
    for (let n = 0; n < 20; n += 1) {
      const started = performance.now();
      await Promise.all([door.whoami(), quiet.box.evaluate({ code: 'one' })]);
      waits.push(performance.now() - started);
    }
    flooding = false;
    await going;
    waits.sort((a, b) => a - b);
    expect(sent).toBeGreaterThan(2_000);
    expect(waits[10]).toBeLessThan(1_000);
  });
});
