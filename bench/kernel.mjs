// What the kernel costs: a guarded, journaled, revocable call in the same process, by the depth of
// its grant, and the end of a grant on which ten thousand others hang.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openJournal } from '../dist/journal/journal.js';
import { openKernel } from '../dist/kernel/open-kernel.js';
import { openHome } from '../dist/store/home.js';
import { openKernelStore } from '../dist/store/kernel-database.js';
import { METER } from './support/meter-kind.mjs';
import { printTable, summary } from './support/report.mjs';

const DEPTHS = [1, 4, 16];
/** Uses that begin in one turn, as those of a busy session do. */
const BATCH = 256;
const DESCENDANTS = 10_000;

export async function measure({ quick }) {
  const rounds = quick ? 40 : 200;
  const recorded = await withKernel(true, (kernel) => useAll(kernel, rounds));
  const unrecorded = await withKernel(false, (kernel) => useAll(kernel, rounds));
  const revocations = [];
  for (let round = 0; round < (quick ? 2 : 5); round += 1) {
    revocations.push(await withKernel(true, revokeMany));
  }
  const revokeMs = summary(revocations.map(({ totalMs }) => totalMs));
  const cutMs = summary(revocations.map(({ cutMs }) => cutMs));
  printTable(
    'One use in the same process (microseconds, medians)',
    ['depth of the grant', 'with its rows', 'without rows', 'alone, with rows'],
    DEPTHS.map((depth) => [
      depth,
      recorded[depth].batch.median.toFixed(1),
      unrecorded[depth].batch.median.toFixed(1),
      recorded[depth].alone.median.toFixed(1),
    ]),
  );
  printTable(
    `The end of a grant with ${DESCENDANTS} below it (milliseconds, medians)`,
    ['', 'ms'],
    [
      ['revoke returns', revokeMs.median.toFixed(1)],
      ['a call in flight is cut', cutMs.median.toFixed(1)],
    ],
  );
  return { batch: BATCH, recorded, unrecorded, descendants: DESCENDANTS, revokeMs, cutMs };
}

async function useAll(kernel, rounds) {
  const results = {};
  const uses = DEPTHS.map((depth) => [depth, grantOfDepth(kernel, depth)]);
  for (const [, { holder, reference }] of uses) {
    for (let round = 0; round < 20; round += 1) await batch(kernel, holder, reference);
  }
  const taken = new Map(DEPTHS.map((depth) => [depth, { batch: [], alone: [] }]));
  // In turns, so that the machine's noise is that of all of them.
  for (let round = 0; round < rounds; round += 1) {
    for (const [depth, { holder, reference }] of uses) {
      let started = performance.now();
      await batch(kernel, holder, reference);
      taken.get(depth).batch.push(((performance.now() - started) * 1000) / BATCH);
      started = performance.now();
      await kernel.use(holder, reference, 'add', [1]);
      await new Promise((next) => setImmediate(next));
      taken.get(depth).alone.push((performance.now() - started) * 1000);
    }
  }
  for (const [depth, times] of taken) {
    results[depth] = { batch: summary(times.batch), alone: summary(times.alone) };
  }
  return results;
}

async function batch(kernel, holder, reference) {
  const uses = [];
  for (let use = 0; use < BATCH; use += 1) uses.push(kernel.use(holder, reference, 'add', [1]));
  await Promise.all(uses);
  // The rows that say how they ended are written with the next turn.
  await new Promise((next) => setImmediate(next));
}

/** Depth 1 is the host's own; each further one is a guest's, and narrows. */
function grantOfDepth(kernel, depth) {
  let holder = 'host';
  let parent = kernel.makePower('meter', {}, '').root.id;
  for (let level = 2; level <= depth; level += 1) {
    const to = kernel.addGuest(`g${depth}-${level}`, { reason: '' }).id;
    const narrowing = { most: 1000 - level };
    parent = kernel.grant(holder, { parent, to, narrowing }).id;
    holder = to;
  }
  return { holder, reference: kernel.reference(holder, parent) };
}

async function revokeMany(kernel) {
  const ann = kernel.addGuest('ann', { reason: '' }).id;
  const { root } = kernel.makePower('meter', {}, '');
  const top = kernel.grant('host', { parent: root.id, to: ann }).id;
  let last;
  kernel.together(() => {
    for (let index = 0; index < DESCENDANTS; index += 1) {
      const to = index % 100 === 0 ? kernel.addGuest(`g${index}`, { reason: '' }).id : last.to;
      last = kernel.grant(ann, { parent: top, to, as: `n${index}` });
    }
  });
  let cutAt = 0;
  const waiting = kernel.use(last.to, kernel.reference(last.to, last.id), 'wait', []).catch(() => {
    cutAt = performance.now();
  });
  await new Promise((next) => setTimeout(next, 50));
  const started = performance.now();
  await kernel.revoke('host', { grant: top }, 'a measurement');
  const totalMs = performance.now() - started;
  await waiting;
  return { totalMs, cutMs: cutAt - started };
}

async function withKernel(recorded, work) {
  const root = mkdtempSync(join(tmpdir(), 'powerbox-bench-'));
  const home = openHome({ POWERBOX_HOME: root });
  const journal = openJournal(home, Buffer.alloc(32, 1));
  const store = openKernelStore(home);
  const kernel = openKernel({
    store,
    journal: recorded ? journal : { appendMany: (entries) => entries.map((_, index) => index) },
    kinds: new Map([['meter', METER]]),
    lastUsed: () => new Map(),
  });
  try {
    return await work(kernel);
  } finally {
    await kernel.close();
    store.close();
    journal.close();
    rmSync(root, { recursive: true });
  }
}
