import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Reference } from '../../src/kernel/kernel.ts';
import { type Break, give, HOST, openWorld, PLACES, type World } from './support/authority/cast.ts';
import { makeTrusting } from './support/authority/designators.ts';
import { BOUNDS } from './support/authority/programs.ts';
import type { Effect } from './support/authority/well.ts';

/** What a tool was given to begin with. */
interface Gift {
  readonly tool: 0 | 1;
  readonly well: 0 | 1;
  readonly places: readonly string[];
  readonly most: number;
  readonly uses: number | null;
  readonly delegable: boolean;
}

/** One step of two tools that hide nothing from each other. Numbers choose among what both have. */
interface Move {
  readonly do: 'draw' | 'bucket' | 'stream' | 'swap' | 'give' | 'enclose' | 'echo' | 'object';
  readonly by: 0 | 1;
  readonly at: number;
  readonly place: string;
  readonly amount: number;
}

const which = fc.constantFrom(0 as const, 1 as const);

const gifts: fc.Arbitrary<readonly Gift[]> = fc.array(
  fc.record({
    tool: which,
    well: which,
    places: fc.subarray(PLACES, { minLength: 1, maxLength: 2 }),
    most: fc.constantFrom(1, 5),
    uses: fc.option(fc.integer({ min: 1, max: 3 })),
    delegable: fc.boolean(),
  }),
  { minLength: 2, maxLength: 4 },
);

const moves: fc.Arbitrary<readonly Move[]> = fc.array(
  fc.record({
    do: fc.constantFrom(
      ...(['draw', 'draw', 'bucket', 'stream', 'swap', 'give', 'enclose', 'echo'] as const),
      ...(['object', 'object', 'object'] as const),
    ),
    by: which,
    at: fc.nat(30),
    place: fc.constantFrom(...PLACES),
    amount: fc.constantFrom(1, 5, 50),
  }),
  { minLength: 20, maxLength: 60 },
);

interface Table {
  readonly world: World;
  readonly tools: readonly string[];
  readonly given: readonly { readonly gift: Gift; readonly id: string }[];
  /** Ids and objects that either of them came by: both have them. */
  readonly ids: string[];
  readonly objects: Reference[];
}

function openTable(list: readonly Gift[], broken?: Break): Table {
  const world = openWorld(broken);
  const tools = world.guests.slice(2);
  const given = list.map((gift) => {
    const { places, most, uses, delegable } = gift;
    const narrowing = { places, most };
    const asked = { narrowing, uses, delegable };
    const id = give(world, HOST, world.roots[gift.well] ?? '', tools[gift.tool] ?? '', asked);
    return { gift, id: id ?? '' };
  });
  return { world, tools, given, ids: given.map(({ id }) => id), objects: [] };
}

async function move(table: Table, step: Move): Promise<void> {
  const { world, tools, ids, objects } = table;
  const { kernel } = world;
  const me = tools[step.by] ?? '';
  const other = tools[1 - step.by] ?? '';
  const id = ids[step.at % ids.length] ?? '';
  const object = objects[step.at % Math.max(1, objects.length)];
  const own = (): Reference => kernel.reference(me, id);
  if (step.do === 'draw') {
    await kernel.use(me, own(), 'draw', [step.place, step.amount, '']);
  } else if (step.do === 'bucket' || step.do === 'stream') {
    objects.push((await kernel.use(me, own(), step.do, [step.place])) as Reference);
  } else if (step.do === 'swap') {
    objects.push(kernel.reference(other, id));
  } else if (step.do === 'give') {
    ids.push(kernel.grant(me, { parent: id, to: other }).id);
  } else if (step.do === 'enclose') {
    const mail = kernel.mail.send(me, other, 'take it', [{ name: 'it', grant: id }]);
    kernel.mail.adopt(other, mail.id, 'it', `from-${mail.id}`);
  } else if (step.do === 'echo') {
    objects.push((await kernel.use(me, own(), 'echo', [object])) as Reference);
  } else if (object !== undefined) {
    const args = object.facet === 'root' ? [step.place, step.amount, ''] : [step.amount, ''];
    if (object.facet === 'stream') await kernel.use(me, object, 'next', []);
    else await kernel.use(me, object, 'draw', args);
  }
}

/** What was done that neither could have done by itself with what it was given. */
async function beyond(
  list: readonly Gift[],
  steps: readonly Move[],
  broken?: Break,
): Promise<{ readonly effects: readonly Effect[]; readonly beyond: readonly Effect[] }> {
  const table = openTable(list, broken);
  for (const step of steps) await move(table, step).catch(() => undefined);
  const { effects } = table.world.well;
  await table.world.kernel.close();
  const covers = ({ well, places, most }: Gift, effect: Effect): boolean =>
    effect.well === (well === 0 ? 'one' : 'two') &&
    (effect.place === null || places.includes(effect.place)) &&
    effect.amount <= most;
  const outside = effects.filter((effect) => !list.some((gift) => covers(gift, effect)));
  const bounded = list.every(({ uses }) => uses !== null);
  const total = list.reduce((sum, { uses }) => sum + (uses ?? 0), 0);
  return { effects, beyond: [...outside, ...(bounded ? effects.slice(total) : [])] };
}

describe('two tools that share all they know', () => {
  it('do no more together than the grants of one and of the other allow', async () => {
    let effects = 0;
    await fc.assert(
      fc.asyncProperty(gifts, moves, async (list, steps) => {
        const done = await beyond(list, steps);
        effects += done.effects.length;
        expect(done.beyond).toEqual([]);
      }),
      BOUNDS,
    );
    expect(effects).toBeGreaterThan(50);
  }, 60_000);

  it('use nothing of each other’s that was not given on', async () => {
    let tried = 0;
    await fc.assert(
      fc.asyncProperty(gifts, moves, async (list, steps) => {
        // Nothing may be given on: then each does only what its own grants say.
        const kept = list.map((gift) => ({ ...gift, delegable: false }));
        const table = openTable(kept);
        for (const step of steps) await move(table, step).catch(() => undefined);
        for (const { holder, well, place } of table.world.well.effects) {
          tried += 1;
          const own = kept.filter((gift) => table.tools[gift.tool] === holder);
          const at = (gift: Gift): boolean =>
            well === (gift.well === 0 ? 'one' : 'two') && gift.places.includes(place ?? '');
          expect(own.some(at)).toBe(true);
        }
        await table.world.kernel.close();
      }),
      BOUNDS,
    );
    expect(tried).toBeGreaterThan(50);
  }, 60_000);

  it('would be seen to, where a kernel lets them use what they name', async () => {
    const lists = fc.sample(gifts, 100);
    const programs = fc.sample(moves, 100);
    // Neither was given anything of well two, and the host's own grant is named.
    for (const [at, list] of lists.entries()) {
      const one = list.map((gift) => ({ ...gift, well: 0 as const, delegable: false }));
      const broken: Break = {
        kernel(kernel, world) {
          const trusting = makeTrusting(kernel);
          const reference = (holder: string, grant: string): Reference =>
            trusting.reference(holder, world.roots[1] ?? grant);
          return { ...trusting, reference };
        },
      };
      if ((await beyond(one, programs[at] ?? [], broken)).beyond.length > 0) return;
    }
    expect.unreachable('The property sees nothing.');
  });
});
