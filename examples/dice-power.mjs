// A kind of power in one file: dice that somebody may throw so often. The daemon loads it when
// config.json names it, {"kinds": ["/path/to/dice-power.mjs"]}, and then:
//
//   powerbox power add dice:d20 --as lucky
//   powerbox grant lucky to ann --only 3 --budget uses=10
import { randomInt } from 'node:crypto';
import { ALLOWED, definePower, live, PowerboxError, refuse, z } from 'powerbox/power';

/** More dice than anybody throws at once. */
const DICE_MAX = 100;

const Count = z.int().min(1).max(DICE_MAX);

/** Everything that judges or explains a call. It is pure: the same call has the same verdict. */
export const definition = definePower({
  kind: 'dice',
  summary: 'Throw dice of one kind.',
  config: z.strictObject({ sides: z.int().min(2).max(1000) }),
  narrowing: z.strictObject({ most: Count }),
  facets: {
    root: {
      throw: {
        summary: 'Throws some dice and gives what they show.',
        args: [{ name: 'count', schema: Count }],
        returns: z.array(z.int()),
      },
      cup: { summary: 'Gives a cup that keeps a sum.', args: [], returns: { facet: 'cup' } },
    },
    cup: {
      throw: {
        summary: 'Throws some dice and gives the sum of all so far.',
        args: [{ name: 'count', schema: Count }],
        returns: z.int(),
      },
    },
  },
  concerns: (config, call) => config.sides === call.sides,
  permits: (narrowing, call) =>
    call.count <= narrowing.most
      ? ALLOWED
      : refuse('narrowing-refused', `Only ${narrowing.most} dice may be thrown at once.`),
  effect: () => 'read',
  describe: ({ count, sides }) => `throw ${count} dice of ${sides} sides`,
  callOf: ({ sides }, { method, args }) => ({ sides, count: method === 'cup' ? 0 : args[0] }),
  readConfig(text) {
    const config = { sides: Number(/^d([0-9]+)$/.exec(text)?.[1]) };
    if (definition.config.safeParse(config).success) return config;
    throw new PowerboxError('power-invalid', 'Cannot make dice: write d20 for those of 20 sides.');
  },
  describeConfig: ({ sides }) => `dice:d${sides}`,
  readNarrowing(texts) {
    // What any of the texts allows is allowed.
    const most = Count.safeParse(Math.max(...texts.map(Number)));
    if (most.success) return { most: most.data };
    throw new PowerboxError('narrowing-invalid', 'Cannot narrow dice: give a number of dice.');
  },
  describeNarrowing: ({ most }) => [String(most)],
  secretsOf: () => [],
});

/** The object that does the work. The kernel alone calls it, after everything has been judged. */
export function open({ sides }) {
  const dice = (count) => Array.from({ length: count }, () => randomInt(sides) + 1);
  return live({
    facet: 'root',
    at: null,
    call: (method, [count]) => (method === 'cup' ? openCup(dice) : dice(count)),
    close() {},
  });
}

/** What a call gives back is under the same grant, and ends with it. */
function openCup(dice) {
  let sum = 0;
  return live({
    facet: 'cup',
    at: null,
    call(_method, [count]) {
      for (const shown of dice(count)) sum += shown;
      return sum;
    },
    close() {},
  });
}
