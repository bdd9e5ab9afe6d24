// A process that is locked down and measures itself; bench/confine.mjs starts it. Contestants take
// turns within each round.
import { createContext, runInContext } from 'node:vm';
import {
  caretaker,
  compartment,
  E,
  Far,
  harden,
  lockdown,
  membrane,
  narrow,
} from '../../dist/confine/library.js';

// A package of @endo/captp; it has to be there before lockdown.
const packages = new URL('../../node_modules/', import.meta.url);
await import(new URL('@endo/eventual-send/shim.js', packages));
const begun = performance.now();
lockdown();
const lockdownMs = performance.now() - begun;
const { E: EndoE, Far: endoFar } = await import('@endo/captp');

const JOBS = { starts, memory, calls };

process.on('message', async ({ job, quick }) => {
  process.send(await JOBS[job](quick ? 10 : 1));
});

/** Microseconds of each of many rooms, with its first evaluation. */
async function starts(part) {
  const samples = { create: [], first: [], again: [], context: [] };
  const microseconds = async (list, work) => {
    const start = performance.now();
    const made = await work();
    list?.push((performance.now() - start) * 1000);
    return made;
  };
  const round = async (into) => {
    const made = [];
    const room = await microseconds(into.create, () => compartment());
    await microseconds(made, () => room.evaluate('1 + 1'));
    into.first?.push(into.create.at(-1) + made[0]);
    await microseconds(into.again, () => room.evaluate('1 + 1'));
    await microseconds(into.context, () => runInContext('1 + 1', createContext({})));
  };
  for (let warm = 0; warm < 50; warm += 1) await round({ create: [0] });
  for (let at = 0; at < 2000 / part; at += 1) await round(samples);
  return { lockdownMs, ...samples };
}

/** Memory of many rooms that have all evaluated something. */
async function memory() {
  const count = 1000;
  const rooms = [compartment()];
  await rooms[0].evaluate('1 + 1');
  globalThis.gc();
  const before = process.memoryUsage();
  for (let at = 0; at < count; at += 1) {
    const room = compartment({ endowments: { own: at } });
    await room.evaluate('own + 1');
    rooms.push(room);
  }
  globalThis.gc();
  const after = process.memoryUsage();
  // So that they are all alive when they are weighed.
  const sum = await rooms[count].evaluate('own');
  return {
    count: sum + 1,
    rssMiB: (after.rss - before.rss) / 2 ** 20,
    heapMiB: (after.heapUsed - before.heapUsed) / 2 ** 20,
    wholeRssMiB: after.rss / 2 ** 20,
  };
}

/** Nanoseconds of a call through each pattern. */
async function calls(part) {
  const bare = { add: (a) => a + 1 };
  const far = Far('far', { add: (a) => a + 1 });
  const proxied = new Proxy(bare, {});
  const { proxy: lent } = caretaker(far);
  const { proxy: walled } = membrane(far);
  const small = narrow(far, { add: true });
  const guarded = narrow(far, { add: (a) => a >= 0 });
  const other = endoFar('other', { add: (a) => a + 1 });
  const record = (at) => ({ a: at, b: at });
  const contestants = {
    'bare call': [1_000_000, (at) => bare.add(at)],
    'Proxy that does nothing': [1_000_000, (at) => proxied.add(at)],
    caretaker: [1_000_000, (at) => lent.add(at)],
    'narrow, no guard': [1_000_000, (at) => small.add(at)],
    'narrow, a guard': [200_000, (at) => guarded.add(at)],
    membrane: [500_000, (at) => walled.add(at)],
    'harden {a, b}': [50_000, (at) => harden(record(at))],
    'await a number': [200_000, (at) => at, true],
    'await E(object).m()': [100_000, (at) => E(far).add(at), true],
    'await E(object).m() of @endo': [10_000, (at) => EndoE(other).add(at), true],
  };
  const samples = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]));
  for (let round = 0; round < 7; round += 1) {
    for (const [name, [count, work, waits]] of Object.entries(contestants)) {
      const times = count / part;
      const start = performance.now();
      if (waits) for (let at = 0; at < times; at += 1) await work(at);
      else for (let at = 0; at < times; at += 1) work(at);
      // The first round is the compiler's.
      if (round > 0) samples[name].push(((performance.now() - start) / times) * 1e6);
    }
  }
  return samples;
}
