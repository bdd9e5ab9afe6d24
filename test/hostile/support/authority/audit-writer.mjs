// Uses powers as fast as it can, through a real kernel with its state and journal on disk, until it
// is killed. What really happens is written to a file at that moment: who, and which call.
// Arguments: folder of the compiled sources, POWERBOX_HOME, file of effects, and `late` for a
// journal that is written a little after it says so.
import { openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [sources, root, effects, broken] = process.argv.slice(2);
const load = (file) => import(pathToFileURL(join(sources, file)).href);
const { openHome } = await load('store/home.js');
const { openJournal } = await load('journal/journal.js');
const { openKernelStore } = await load('store/kernel-database.js');
const { openKernel } = await load('kernel/open-kernel.js');
const { live } = await load('ocap/live.js');
const { z } = await load('ocap/author.js');

const home = openHome({ POWERBOX_HOME: root });
const file = openSync(effects, 'a');
const journal = openJournal(home, Buffer.alloc(32, 7));
let rows = 1;
const later = {
  appendMany(entries) {
    setTimeout(() => journal.appendMany(entries), 20);
    return entries.map(() => rows++);
  },
};

const number = { name: 'number', schema: z.number() };
const definition = {
  kind: 'meter',
  summary: 'Counts.',
  config: z.strictObject({}),
  narrowing: z.null(),
  facets: {
    root: {
      count: { summary: 'Counts.', args: [number], returns: z.null() },
      part: { summary: 'Gives a part.', args: [number], returns: { facet: 'part' } },
    },
    part: { count: { summary: 'Counts.', args: [number], returns: z.null() } },
  },
  concerns: () => true,
  permits: () => ({ allow: true }),
  effect: () => 'write',
  describe: ({ method, number: of }) => `${method} ${of}`,
  callOf: (_, { method, args }) => ({ method, number: args[0] }),
  readConfig: () => ({}),
  describeConfig: () => 'meter',
  readNarrowing: () => null,
  describeNarrowing: () => [],
  secretsOf: () => [],
};

const object = (facet) =>
  live({
    facet,
    at: null,
    call(method, [of], { holder }) {
      writeSync(file, `${holder} ${method} ${of}\n`);
      return method === 'part' ? object('part') : null;
    },
    close() {},
  });

const kernel = openKernel({
  store: openKernelStore(home),
  journal: broken === 'late' ? later : journal,
  kinds: new Map([['meter', { definition, open: () => object('root') }]]),
  lastUsed: () => new Map(),
});

const power = kernel.makePower('meter', {}, 'a test').root.id;
const holders = ['a', 'b', 'c'].map((name) => {
  const guest = kernel.addGuest(`${name}-${process.pid}`, { reason: 'a test' }).id;
  const { id } = kernel.grant('host', { parent: power, to: guest });
  return { guest, reference: kernel.reference(guest, id) };
});
let count = Date.now() * 1_000;
writeSync(1, 'begun\n');
await Promise.all(holders.map(work));

async function work({ guest, reference }) {
  for (;;) {
    const many = 1 + Math.floor(Math.random() * 4);
    const part = await kernel.use(guest, reference, 'part', [count++]);
    await Promise.all(
      Array.from({ length: many }, (_, at) =>
        kernel.use(guest, at % 2 === 0 ? reference : part, 'count', [count++]),
      ),
    );
    kernel.release(part);
  }
}
