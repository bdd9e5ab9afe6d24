// Compartments through the SDK and a daemon as it runs: how long one takes to be there, cold and
// warm, how fast one is ended that loops, and how many uses of a power its code makes a second,
// each through the membrane, the kernel and the journal. In the same run, in turns, @endo/captp
// doing the bare call between a worker thread and its parent.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { connect } from '../dist/sdk/index.js';
import { printTable, quantile, summary } from './support/report.mjs';

const METER = fileURLToPath(new URL('./support/meter-module.mjs', import.meta.url));
const CAPTP = fileURLToPath(new URL('./support/captp-parent.mjs', import.meta.url));
/** Calls that are on their way at once: one after the other, and as a busy program has them. */
const CONCURRENT = [1, 64];
const SHARED = { isolation: 'shared' };
const SIZES = [1, 64, 1024];
const WARM_WAIT_MS = 3_000;
/** A process that is ready still rehearses for some time. */
const REHEARSAL_MS = 400;

export async function measure({ quick }) {
  const cold = await measureCold(quick ? 3 : 11);
  const place = await makePlace();
  try {
    const warm = await measureWarm(place.powerbox, quick ? 15 : 100);
    const shared = await measureShared(place.powerbox, quick ? 15 : 100);
    const kill = await measureKill(place.powerbox, quick ? 5 : 30);
    const calls = await measureCalls(place.powerbox, quick);
    const values = await measureValues(place.powerbox, quick ? 20 : 200);
    return report({ cold, warm, shared, kill, calls, values });
  } finally {
    await place.close();
  }
}

async function makePlace() {
  const home = mkdtempSync(join(tmpdir(), 'powerbox-bench-'));
  writeFileSync(join(home, 'config.json'), JSON.stringify({ kinds: [METER] }));
  const powerbox = await connect({ home });
  const { pid } = await powerbox.door.status();
  return {
    powerbox,
    async close() {
      // It may be gone before its answer is read.
      await powerbox.door.stop().catch(() => {});
      await powerbox.close();
      await gone(pid);
      rmSync(home, { recursive: true });
    },
  };
}

/** A daemon that has begun to end holds its home until it has. */
async function gone(pid) {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await sleep(5);
  }
}

/** The first one of a daemon, which has no process ready. */
async function measureCold(samples) {
  const times = [];
  for (let n = 0; n < samples; n += 1) {
    const { powerbox, close } = await makePlace();
    try {
      times.push(await timed(() => begin(powerbox)));
    } finally {
      await close();
    }
  }
  return summary(times);
}

async function begin(powerbox) {
  const box = await powerbox.compartment();
  if ((await box.evaluate('1 + 1')) !== 2) throw new Error('The compartment cannot add.');
  return box;
}

/** One that takes a process which is ready; the next is started while nobody measures. */
async function measureWarm(powerbox, samples) {
  await (await powerbox.compartment()).close();
  return measureMade(powerbox, samples, {}, () => untilWarm(powerbox));
}

/** One in a process that its maker has already. */
async function measureShared(powerbox, samples) {
  const first = await powerbox.compartment(SHARED);
  await first.evaluate('1');
  try {
    return await measureMade(powerbox, samples, SHARED, () => sleep(20));
  } finally {
    await first.close();
  }
}

async function measureMade(powerbox, samples, options, prepared) {
  const create = [];
  const first = [];
  for (let n = -3; n < samples; n += 1) {
    await prepared();
    const started = performance.now();
    const box = await powerbox.compartment(options);
    const created = performance.now();
    await box.evaluate('1 + 1');
    const evaluated = performance.now();
    await box.close();
    if (n < 0) continue;
    create.push(created - started);
    first.push(evaluated - started);
  }
  return {
    create: summary(create),
    both: { ...summary(first), p99: quantile(first, 0.99) },
  };
}

/** Until no process is being started any more, as that would be measured too. */
async function untilWarm(powerbox) {
  let since = performance.now();
  for (;;) {
    const { warm } = (await powerbox.door.status()).compartments;
    const isLong = performance.now() - since > WARM_WAIT_MS;
    if (warm >= 2 || (warm === 1 && isLong)) break;
    // The first that is taken makes the daemon keep others ready.
    if (isLong) {
      await (await powerbox.compartment()).close();
      since = performance.now();
    }
    await sleep(25);
  }
  await sleep(REHEARSAL_MS);
}

/** From the word to end it until the evaluation that hangs has failed with the reason. */
async function measureKill(powerbox, samples) {
  const told = [];
  const ended = [];
  for (let n = 0; n < samples; n += 1) {
    const box = await begin(powerbox);
    const failed = box.evaluate('for (;;);').then(
      () => Promise.reject(new Error('It came to an end.')),
      (error) => error.code,
    );
    await sleep(50);
    const started = performance.now();
    const closing = box.close('enough');
    if ((await failed) !== 'compartment-ended') throw new Error('It failed for another reason.');
    told.push(performance.now() - started);
    await closing;
    ended.push(performance.now() - started);
  }
  return { told: summary(told), ended: summary(ended) };
}

async function measureCalls(powerbox, quick) {
  const rounds = quick ? 3 : 9;
  const calls = { powerbox: quick ? 4_096 : 16_384, captp: quick ? 512 : 4_096 };
  const box = await powerbox.compartment({ give: { meter: 'meter:' } });
  const run = await box.evaluate(`
    async (calls, concurrent) => {
      let left = calls;
      const keepCalling = async () => {
        for (; left > 0; left -= 1) await E(meter).add(1);
      };
      await Promise.all(Array.from({ length: concurrent }, keepCalling));
    }`);
  const captp = await startCapTp();
  const rates = { powerbox: new Map(), captp: new Map() };
  try {
    for (let round = -1; round < rounds; round += 1) {
      for (const concurrent of CONCURRENT) {
        const own = await timed(() => run(calls.powerbox, concurrent));
        const theirs = await captp.ask({ calls: calls.captp, concurrent });
        // The first round only warms up.
        if (round < 0) continue;
        add(rates.powerbox, concurrent, (calls.powerbox / own) * 1000);
        add(rates.captp, concurrent, (calls.captp / theirs) * 1000);
      }
    }
  } finally {
    captp.close();
    await box.close();
  }
  return CONCURRENT.map((concurrent) => {
    const own = summary(rates.powerbox.get(concurrent));
    const theirs = summary(rates.captp.get(concurrent));
    return { concurrent, powerbox: own, captp: theirs, ratio: own.median / theirs.median };
  });
}

function add(map, key, value) {
  map.set(key, [...(map.get(key) ?? []), value]);
}

async function startCapTp() {
  const child = spawn(process.execPath, [CAPTP], { stdio: ['pipe', 'pipe', 'inherit'] });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value } = await answers.next();
    if (value === undefined) throw new Error('The process of captp ended.');
    return JSON.parse(value);
  };
  await next();
  return {
    ask(question) {
      child.stdin.write(`${JSON.stringify(question)}\n`);
      return next();
    },
    close: () => void child.kill(),
  };
}

/** A text that the code gives, from its evaluation until it is here. */
async function measureValues(powerbox, samples) {
  const box = await powerbox.compartment();
  const give = await box.evaluate('(size) => "x".repeat(size)');
  const rows = [];
  for (const kib of SIZES) {
    const times = [];
    for (let n = 0; n < samples; n += 1) times.push(await timed(() => give(kib * 1024)));
    rows.push({ kib, ...summary(times) });
  }
  await box.close();
  return rows;
}

async function timed(work) {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

function report(results) {
  const { cold, warm, shared, kill, calls, values } = results;
  const ms = ({ median, min, max }) => [median.toFixed(2), min.toFixed(2), max.toFixed(2)];
  printTable(
    'compartments: milliseconds through the SDK',
    ['', 'median', 'least', 'most'],
    [
      ['cold: the first of a daemon, with its first evaluation', ...ms(cold)],
      ['warm: made', ...ms(warm.create)],
      ['warm: made, and its first evaluation', ...ms(warm.both)],
      ['in a shared process: made', ...ms(shared.create)],
      ['in a shared process: made, and its first evaluation', ...ms(shared.both)],
      ['for (;;): ended, and the evaluation has failed', ...ms(kill.told)],
      ['for (;;): ended, and nothing of it is left', ...ms(kill.ended)],
      ...values.map(({ kib, ...rest }) => [`a text of ${kib} KiB`, ...ms(rest)]),
    ],
  );
  const p99 = [warm, shared].map(({ both }) => both.p99.toFixed(2));
  console.log(`  with its first evaluation, p99: warm ${p99[0]}, in a shared process ${p99[1]}`);
  printTable(
    'compartments: uses of a power by its code, a second (medians)',
    ['calls at once', 'through the kernel', 'captp, thread to thread', 'ratio'],
    calls.map(({ concurrent, powerbox, captp, ratio }) => [
      concurrent,
      powerbox.median.toFixed(0),
      captp.median.toFixed(0),
      ratio.toFixed(1),
    ]),
  );
  return results;
}
