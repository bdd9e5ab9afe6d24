// A kind whose objects do for code what a careless host does, in the daemon itself.
import { ALLOWED, definePower, live, z } from 'powerbox/power';
import { say, witness } from './careless-state.mjs';
import { makeHost } from './host.mjs';

const anything = { name: 'value', schema: z.unknown() };
const methods = Object.keys(makeHost('', () => {}, true)).filter((name) => name !== 'Counter');

export const definition = definePower({
  kind: 'careless',
  summary: 'Does what it is told with whatever it is given.',
  config: z.strictObject({ room: z.string(), leaky: z.boolean() }),
  narrowing: z.null(),
  facets: {
    root: Object.fromEntries(
      methods.map((name) => [
        name,
        {
          summary: 'Does it.',
          args: [anything, anything, anything, anything],
          returns: z.unknown(),
        },
      ]),
    ),
  },
  concerns: () => true,
  permits: () => ALLOWED,
  effect: () => 'read',
  describe: ({ method }) => method,
  callOf: (_, { method }) => ({ method }),
  readConfig: (text) => ({ room: text.replace(/^leaky-/, ''), leaky: text.startsWith('leaky-') }),
  describeConfig: ({ room }) => `careless ${room}`,
  readNarrowing: () => null,
  describeNarrowing: () => [],
  secretsOf: () => [],
});

export function open({ room, leaky }) {
  const host = makeHost(witness, (text) => say(room, String(text)), leaky);
  return live({
    facet: 'root',
    at: null,
    // As far as it was given arguments: some methods look at how many there are.
    call: (method, args) =>
      host[method](...args.slice(0, args.findLastIndex((each) => each !== undefined) + 1)),
    close() {},
  });
}
