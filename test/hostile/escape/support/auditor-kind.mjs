// What the harness, and no code in a compartment, asks the daemon's process.
import { ALLOWED, definePower, live, z } from 'powerbox/power';
import { changes, hear, witness } from './careless-state.mjs';

const texts = z.array(z.string());
const room = { name: 'room', schema: z.string() };

export const definition = definePower({
  kind: 'auditor',
  summary: 'Tells what came through.',
  config: z.strictObject({}),
  narrowing: z.null(),
  facets: {
    root: {
      witness: { summary: 'Tells the witness.', args: [], returns: z.string() },
      said: { summary: 'Tells what was said in a room.', args: [room], returns: texts },
      changes: { summary: 'Tells what changed.', args: [], returns: texts },
    },
  },
  concerns: () => true,
  permits: () => ALLOWED,
  effect: () => 'read',
  describe: ({ method }) => method,
  callOf: (_, { method }) => ({ method }),
  readConfig: () => ({}),
  describeConfig: () => 'auditor',
  readNarrowing: () => null,
  describeNarrowing: () => [],
  secretsOf: () => [],
});

export function open() {
  return live({
    facet: 'root',
    at: null,
    call(method, [name]) {
      if (method === 'witness') return witness;
      return method === 'said' ? hear(name) : changes();
    },
    close() {},
  });
}
