import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Kernel, Reference } from '../../src/kernel/kernel.ts';
import { callback } from '../../src/kernel/reference.ts';
import { type Break, give, HOST, openWorld, type World } from './support/authority/cast.ts';
import { designatorsOf, makeOneNamespace, makeTrusting } from './support/authority/designators.ts';
import { BOUNDS } from './support/authority/programs.ts';

/**
 * An agent holds a power. A tool, which does not, knows everything that can be known of it: ids,
 * names, texts, and even the object that stands for it. It asks for the power by all of these, of
 * the kernel and of the agent, who passes on whatever it is handed.
 */
interface Scene {
  readonly world: World;
  readonly agent: string;
  readonly tool: string;
  readonly agents: string;
  readonly tools: string;
}

function openScene(broken: Break = {}): Scene {
  const world = openWorld(broken);
  const [agent = '', , tool = ''] = world.guests;
  const [one = '', two = ''] = world.roots;
  const agents = give(world, HOST, one, agent) ?? '';
  const tools = give(world, HOST, two, tool) ?? '';
  return { world, agent, tool, agents, tools };
}

type Ask = (scene: Scene, designator: unknown) => unknown;

/** Ways to ask with a designator; each may throw. What they give is tried as a reference. */
const ASKS: Readonly<Record<string, Ask>> = {
  use: (_, it) => it,
  reference: ({ world, tool }, it) => world.kernel.reference(tool, String(it)),
  lookup: ({ world, tool }, it) =>
    world.kernel.reference(tool, world.kernel.names.lookup(tool, String(it))),
  write: ({ world, tool }, it) => {
    world.kernel.names.write(tool, 'mine', String(it));
    return world.kernel.reference(tool, world.kernel.names.lookup(tool, 'mine'));
  },
  copy: ({ world, tool }, it) => {
    world.kernel.names.copy(tool, String(it), 'copied');
    return world.kernel.reference(tool, world.kernel.names.lookup(tool, 'copied'));
  },
  grant: ({ world, tool }, it) => {
    const [, other = ''] = world.guests;
    return world.kernel.grant(tool, { parent: String(it), to: other });
  },
  grantToItself: ({ world, agent, tool }, it) =>
    world.kernel.grant(tool, { parent: String(it), to: agent }),
  revoke: ({ world, tool }, it) => world.kernel.revoke(tool, { grant: String(it) }, ''),
  enclose: ({ world, agent, tool }, it) =>
    world.kernel.mail.send(tool, agent, 'x', [{ name: 'x', grant: String(it) }]),
  adopt: ({ world, agent, tool }, it) => {
    const mail = world.kernel.mail.send(agent, tool, String(it), []);
    return world.kernel.mail.adopt(tool, mail.id, String(it), 'adopted');
  },
  request: ({ world, agent, tool }, it) => {
    const ask = { to: agent, kind: 'well', text: String(it), power: String(it) };
    const mail = world.kernel.mail.request(tool, ask);
    return world.kernel.mail.resolve(tool, mail.id, String(it));
  },
  argument: ({ world, tool, tools }, it) =>
    world.kernel.use(tool, world.kernel.reference(tool, tools), 'echo', [it]),
  nested: async ({ world, tool, tools }, it) => {
    const own = world.kernel.reference(tool, tools);
    const [given] = (await world.kernel.use(tool, own, 'echo', [[it]])) as unknown[];
    return given;
  },
  callback: async ({ world, tool, tools }, it) => {
    let heard: unknown;
    const call = callback((...args) => {
      heard = args[0];
      return it;
    });
    await world.kernel.use(tool, world.kernel.reference(tool, tools), 'watch', [call]);
    await world.well.ring();
    return heard;
  },
  /** The agent hands what it was told to its own power, as data, and gives back what comes. */
  deputy: ({ world, agent, agents }, it) =>
    world.kernel.use(agent, world.kernel.reference(agent, agents), 'echo', [it]),
  place: async ({ world, tool, tools }, it) =>
    world.kernel.use(tool, world.kernel.reference(tool, tools), 'bucket', [String(it)]),
};

/** Draws at the agent's well that were done for the tool. */
async function drawnFor(
  scene: Scene,
  ways: readonly (readonly [string, number])[],
): Promise<number> {
  const { world, tool, agent, agents } = scene;
  const designators = designatorsOf(world, agent, agents);
  for (const [way, at] of ways) {
    let given: unknown;
    try {
      given = await ASKS[way]?.(scene, designators[at % designators.length]);
    } catch {
      continue;
    }
    for (const method of ['draw', 'bucket']) {
      // Whatever it is: the kernel is asked to use it for the tool.
      const used = async (): Promise<unknown> =>
        world.kernel.use(tool, given as Reference, method, ['north', 1, '']);
      await used().catch(() => undefined);
    }
  }
  return world.well.effects.filter(({ well }) => well === 'one').length;
}

const ways = fc.array(fc.tuple(fc.constantFrom(...Object.keys(ASKS)), fc.nat(40)), {
  minLength: 5,
  maxLength: 30,
});

describe('a tool that knows of a power, and was not given it', () => {
  it('gets nothing done with it by any name, and takes nothing away', async () => {
    await fc.assert(
      fc.asyncProperty(ways, async (some) => {
        const scene = openScene();
        const { world, agent, tool, agents } = scene;
        expect(await drawnFor(scene, some)).toBe(0);
        const held = world.kernel.grants({ to: tool }).map(({ power }) => power.text);
        expect(held).toEqual(['well two']);
        // The agent has lost nothing.
        const own = world.kernel.reference(agent, agents);
        expect(await world.kernel.use(agent, own, 'draw', ['north', 1, ''])).toBeGreaterThan(0);
        await world.kernel.close();
      }),
      BOUNDS,
    );
  }, 60_000);

  it('gets it done once it was given it', async () => {
    const scene = openScene();
    const { world, agent, tool, agents } = scene;
    const given = give(world, agent, agents, tool) ?? '';
    await world.kernel.use(tool, world.kernel.reference(tool, given), 'draw', ['north', 1, '']);
    expect(world.well.effects.map(({ holder, well }) => [holder, well])).toEqual([[tool, 'one']]);
    await world.kernel.close();
  });

  it.each<[string, (kernel: Kernel, world: World) => Kernel]>([
    ['takes whoever holds a grant for whoever names it', (kernel) => makeTrusting(kernel)],
    [
      'has one namespace for all',
      (kernel, world) => makeOneNamespace(kernel, () => world.guests[0] ?? ''),
    ],
  ])('would be seen to, where the kernel %s', async (_, broken) => {
    const tries = fc.sample(ways, 100);
    for (const some of tries) {
      const scene = openScene({ kernel: broken });
      if ((await drawnFor(scene, some)) > 0) return;
    }
    expect.unreachable('The property sees nothing.');
  });
});
