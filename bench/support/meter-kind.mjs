// The smallest kind of power: what its calls cost is what the kernel costs.
import { z } from 'zod';
import { live } from '../../dist/ocap/live.js';
import { definePower } from '../../dist/ocap/power.js';
import { ALLOWED, refuse } from '../../dist/ocap/verdict.js';

const add = {
  summary: 'Adds to the meter.',
  args: [{ name: 'amount', schema: z.number() }],
  returns: z.number(),
};

const definition = definePower({
  kind: 'meter',
  summary: 'Counts.',
  config: z.strictObject({}),
  narrowing: z.strictObject({ most: z.number() }),
  facets: {
    root: { add, wait: { summary: 'Waits for its end.', args: [], returns: z.unknown() } },
  },
  concerns: () => true,
  permits: ({ most }, { amount }) =>
    amount <= most ? ALLOWED : refuse('narrowing-refused', `No more than ${most}.`),
  effect: () => 'read',
  describe: ({ method, amount }) => `${method} ${amount}`,
  callOf: (_, { method, args }) => ({ method, amount: args[0] ?? 0 }),
  readConfig: () => ({}),
  describeConfig: () => 'a meter',
  readNarrowing: ([most]) => ({ most: Number(most) }),
  describeNarrowing: ({ most }) => [String(most)],
  secretsOf: () => [],
});

/** `open` of the kind; every power is a meter of its own. */
export const METER = {
  definition,
  open() {
    let sum = 0;
    return live({
      facet: 'root',
      at: null,
      call(method, args, context) {
        if (method === 'add') {
          sum += args[0];
          return sum;
        }
        const { signal } = context;
        return new Promise((_, fail) => {
          signal.addEventListener('abort', () => fail(signal.reason));
        });
      },
      close() {},
    });
  },
};
