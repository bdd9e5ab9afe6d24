import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, type Powerbox } from '../../src/sdk/index.ts';
import type { CompartmentDoor, CompartmentWords } from '../../src/wire/compartment.ts';
import type { GuestDoor } from '../../src/wire/doors.ts';
import { type DaemonPlace, makeDaemonPlace } from '../support/daemon.ts';

/**
 * Authority through the daemon as it is built: the host gives to an agent, the agent to a tool that
 * is a compartment, and the tool's code does what it can with what it got.
 */

type Box = CompartmentDoor & Disposable;

let place: DaemonPlace;
let powerbox: Powerbox;
let data: string;

beforeAll(async () => {
  place = makeDaemonPlace();
  await place.json('daemon', 'start');
  powerbox = await connect({ home: place.home, start: false });
  data = join(place.workspace, 'data');
  for (const folder of ['a', 'b']) mkdirSync(join(data, folder), { recursive: true });
  await powerbox.door.makePower(`files:${data}`, 'data', 'a test');
});

afterAll(async () => {
  await powerbox?.close();
  place?.close();
});

interface Agent {
  readonly name: string;
  readonly id: string;
  readonly door: GuestDoor;
  /** Its grant of the folder. */
  readonly grant: string;
}

let agents = 0;

async function makeAgent(only: readonly string[] = []): Promise<Agent> {
  const name = `agent-${++agents}`;
  const { id } = await powerbox.door.addGuest(name, 'a test');
  const words = { power: 'data', to: name, as: 'data', only };
  const { id: grant } = await powerbox.door.grant(words);
  return { name, id, door: await powerbox.door.guest(name), grant };
}

async function makeTool(agent: Agent, words: CompartmentWords = {}): Promise<Box> {
  const give = { data: { power: 'data' } };
  return (await agent.door.compartment({ give, ...words })) as Box;
}

async function codeOf(work: PromiseLike<unknown>): Promise<string> {
  try {
    return `no failure but ${JSON.stringify(await work)}`;
  } catch (error) {
    const { code, message } = error as Error & { readonly code?: string };
    return code ?? /\[([a-z-]+)\]/.exec(message)?.[1] ?? String(error);
  }
}

/** Code that goes on writing, by each way that it has: the power, and an object that it gave. */
const WRITER = `
  const part = await E(data).subdirectory('/a');
  const heard = [];
  globalThis.part = part;
  globalThis.heard = heard;
  await E(data).watch('/a', (event) => { heard.push(event); });
  const go = async (write) => { for (let n = 1; ; n++) await write(String(n)); };
  globalThis.ends = Promise.allSettled([
    go((text) => E(data).write('/a/power', text)),
    go((text) => E(part).write('/object', text)),
  ]);
  'begun'`;

const written = (): readonly number[] =>
  ['power', 'object'].map((file) => Number(readFileSync(join(data, 'a', file), 'utf8')));

type End = (agent: Agent, tool: Box) => Promise<unknown>;

const ENDS: readonly (readonly [string, End])[] = [
  ['the agent’s grant', ({ grant }) => powerbox.door.revoke({ what: 'grant', id: grant }, '')],
  ['the agent', ({ name }) => powerbox.door.removeGuest(name, '')],
  [
    'the tool’s grant, by the agent',
    async ({ id, door }) => {
      const [given] = await door.grants({ of: id });
      return door.revoke({ what: 'grant', id: given?.id ?? '' }, '');
    },
  ],
  ['the tool', (_, tool) => tool.stop('')],
];

describe('what a tool was given', () => {
  it.each(ENDS)(
    'works no more when the end of %s has come back',
    async (_, end) => {
      for (const file of ['power', 'object']) writeFileSync(join(data, 'a', file), '0');
      const agent = await makeAgent();
      const tool = await makeTool(agent);
      expect(await tool.evaluate({ code: WRITER })).toBe('begun');
      await expect.poll(() => Math.min(...written()), { timeout: 20_000 }).toBeGreaterThan(3);
      await end(agent, tool);
      const atEnd = written();
      writeFileSync(join(data, 'a', 'news'), String(Math.random()));
      await sleep(100);
      expect(written()).toEqual(atEnd);
      // What was in flight, the object that was given, the power, and the callback.
      for (const code of [
        `const all = await ends; if (all.some(({ status }) => status === 'fulfilled')) 1; else throw all[0].reason`,
        `await E(part).write('/object', 'late')`,
        `await E(data).write('/a/power', 'late')`,
        `if (heard.some(({ path }) => path.includes('news'))) 1; else throw new Error('[nothing-heard]')`,
      ]) {
        const told = await codeOf(tool.evaluate({ code }));
        expect(told).toMatch(/^(?!no failure)/);
      }
      expect(written()).toEqual(atEnd);
    },
    60_000,
  );

  it('works no more after the daemon was killed and came back', async () => {
    const own = makeDaemonPlace();
    try {
      await own.json('daemon', 'start');
      const before = await connect({ home: own.home, start: false });
      await before.door.addGuest('ann', 'a test');
      await before.door.makePower(`files:${data}`, 'data', 'a test');
      const { id } = await before.door.grant({ power: 'data', to: 'ann', as: 'data' });
      const used = await before.door.guest('ann');
      const first = (await used.compartment({ give: { data: { power: 'data' } } })) as Box;
      expect(await first.evaluate({ code: `(await E(data).list('/')).length` })).toBe(2);
      await before.door.revoke({ what: 'grant', id }, '');
      process.kill(own.daemonPid() ?? 0, 'SIGKILL');
      await before.close();
      await own.json('daemon', 'start');
      const again = await connect({ home: own.home, start: false });
      const ann = await again.door.guest('ann');
      const tool = ann.compartment({ give: { data: { power: id } } });
      expect(await codeOf(tool)).toMatch(/^(?:grant-revoked|grant-unknown|name-unknown)$/);
      await again.close();
    } finally {
      own.close();
    }
  }, 60_000);
});

describe('a tool that knows names', () => {
  it('is given nothing for the names, ids and texts of what another holds', async () => {
    const [rich, poor] = [await makeAgent(), await makeAgent(['below /b'])];
    const [{ power = '' } = {}] = await powerbox.door.grants({ to: rich.name });
    const names = [rich.grant, power, `${rich.name}/data`, `../${rich.name}/data`, 'host/data'];
    for (const name of names) {
      const tool = poor.door.compartment({ give: { data: { power: name } } });
      expect([name, await codeOf(tool)]).toEqual([
        name,
        expect.stringMatching(
          /^(?:grant-unknown|name-unknown|name-invalid|power-invalid|host-only)$/,
        ),
      ]);
    }
    for (const as of [rich.name, rich.id, 'host', '..']) {
      expect([as, await codeOf(poor.door.compartment({ as }))]).toEqual([
        as,
        expect.stringMatching(/^[a-z]+(?:-[a-z]+)*$/),
      ]);
    }
    // Its code has the same names as data, and its own power to hand them to.
    const tool = await makeTool(poor);
    for (const code of [
      `await E(given.grant).write('/a/power', 'forged')`,
      `await E({ grant: given.grant }).write('/a/power', 'forged')`,
      `await E(data).write(given.grant + '/a/power', 'forged')`,
      `await E(data).write('/b/../a/power', 'forged')`,
      `await E(data).write('/a/power', 'forged')`,
      `await E(await E(data).subdirectory('/a')).write('/power', 'forged')`,
    ]) {
      const program = { code, with: { given: { grant: rich.grant } } };
      const fresh = await makeTool(poor, { isolation: 'shared' });
      expect(await codeOf(fresh.evaluate(program))).toMatch(/^(?!no failure)/);
      await fresh.stop('');
    }
    expect(readFileSync(join(data, 'a', 'power'), 'utf8')).not.toContain('forged');
    // That it may do what it was given shows that the rest was refused, not broken.
    await tool.evaluate({ code: `await E(data).write('/b/own', 'mine')` });
    expect(readFileSync(join(data, 'b', 'own'), 'utf8')).toBe('mine');
  }, 60_000);
});

describe('two tools of one agent, in one process', () => {
  it('do not come by what the other has', async () => {
    const agent = await makeAgent();
    const share = (folder: string): Promise<Box> => {
      const give = { data: { power: 'data', only: [`below ${folder}`] } };
      return makeTool(agent, { give, isolation: 'shared' });
    };
    const [one, two] = [await share('/a'), await share('/b')];
    const hide = `
      for (const place of [globalThis, Object, Array.prototype, E, Far, console, URL, Symbol.for('x')]) {
        try { place.left = data; } catch {}
        try { Object.getPrototypeOf(place).left = data; } catch {}
      }
      'hidden'`;
    const seek = `
      const found = [];
      for (const place of [globalThis, Object, Array.prototype, E, Far, console, URL, Symbol.for('x')]) {
        if (place.left !== undefined) found.push(place.left);
      }
      for (const each of [...found, data]) {
        try { await E(each).write('/a/power', 'colluded'); } catch {}
      }
      found.length`;
    await one.evaluate({ code: hide });
    expect(await two.evaluate({ code: seek })).toBe(0);
    expect(readFileSync(join(data, 'a', 'power'), 'utf8')).not.toContain('colluded');
    // The one that holds it finds it again, and may.
    expect(await one.evaluate({ code: seek })).toBeGreaterThan(0);
    expect(readFileSync(join(data, 'a', 'power'), 'utf8')).toBe('colluded');
  }, 60_000);
});
