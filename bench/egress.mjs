// What a request costs on its way out of a box: the whole road, from a client in a real box through
// the egress (TLS on both sides, judged, a secret put in, two rows in the journal, the answer
// scrubbed) to a TLS server of this machine; beside the same client with nothing in between, and
// with other programs that end TLS for it.
import { writeFileSync } from 'node:fs';
import { NAMES, startContenders } from './egress/contenders.mjs';
import { judge, printMemory, printRows } from './egress/judge.mjs';
import { introduce, makePlace, startUpstream } from './support/place.mjs';
import { cpuMs, memoryKiB, summary } from './support/report.mjs';

const MANY = '1 KiB, 32 connections';
const LEAD_SECONDS = 0.6;

export async function measure({ quick }) {
  const seconds = quick ? 0.5 : 1;
  const rounds = quick ? 2 : 5;
  const phases = [
    { name: '1 KiB, 1 connection', job: { path: '/1k', connections: 1, seconds } },
    { name: MANY, job: { path: '/1k', connections: 32, seconds } },
    {
      name: 'new connections, 4 at once',
      job: { path: '/1k', connections: 4, seconds, fresh: true },
    },
    { name: '1 MiB, 4 connections', job: { path: '/1m', connections: 4, seconds } },
    { name: 'HTTP/2, 1 KiB, 1 stream', job: { path: '/1k', connections: 1, streams: 1, seconds } },
    {
      name: 'HTTP/2, 1 KiB, 4 x 8 streams',
      job: { path: '/1k', connections: 4, streams: 8, seconds },
    },
    {
      name: 'HTTP/2, 1 MiB, 4 x 1 stream',
      job: { path: '/1m', connections: 4, streams: 1, seconds },
    },
  ];
  const place = makePlace();
  const upstream = await startUpstream(place);
  let contenders = [];
  try {
    introduce(place, upstream);
    contenders = await startContenders(place, upstream);
    const able = await warmUp(contenders, quick);
    const before = new Map(contenders.map((one) => [one, residentMiB(one)]));
    const rows = await compare(contenders, phases, rounds, able);
    printRows(rows, rounds, seconds);
    const memory = contenders
      .filter(({ pid }) => pid !== null)
      .map((one) => ({
        client: one.name,
        before: before.get(one),
        after: residentMiB(one),
        most: memoryKiB(one.pid, 'status', 'VmHWM') / 1024,
      }));
    printMemory(memory);
    const targets = judge(rows, MANY);
    const large = await sendLarge(contenders.find(({ name }) => name === NAMES.powerbox));
    return {
      upstream: upstream.name,
      rounds,
      secondsEach: seconds,
      rows,
      memoryMiB: memory,
      targets,
      gibibyte: large,
    };
  } finally {
    await Promise.all(contenders.map((contender) => contender.close()));
    upstream.close();
    place.close();
  }
}

/**
 * Not counted: code is compiled for the way it is used only after some thousands of requests. Gives
 * those that speak HTTP/2.
 */
async function warmUp(contenders, quick) {
  const able = new Set();
  const seconds = quick ? 4 : 6;
  for (const contender of contenders) {
    // What is fast because it leaves the secret out is not to be compared.
    const proof = { path: '/authorized', connections: 1, requests: 1 };
    if (contender.name !== NAMES.plain) await asked(contender, proof);
    await asked(contender, { path: '/1k', connections: 32, requests: 10_000, seconds });
    const job = { path: '/1k', connections: 4, streams: 8, requests: 5_000, seconds: seconds / 2 };
    const { unsupported } = await asked(contender, job);
    if (unsupported !== true) able.add(contender);
  }
  return able;
}

async function compare(contenders, phases, rounds, able) {
  const rows = phases.flatMap((phase) =>
    contenders.map((client) => ({ phase, client, samples: [] })),
  );
  const measured = rows.filter(
    ({ phase, client }) => phase.job.streams === undefined || able.has(client),
  );
  for (let round = 0; round < rounds; round++) {
    for (const row of measured) row.samples.push(await sample(row.client, row.phase.job));
  }
  const results = rows.map(({ phase, client, samples }) => {
    const of = (pick) => (samples.length === 0 ? null : summary(samples.map(pick)));
    return {
      phase: phase.name,
      client: client.name,
      perSecond: of(({ requests, ms }) => (requests * 1000) / ms),
      megabytesPerSecond: of(({ bytes, ms }) => bytes / 1000 / ms),
      p50Ms: of(({ p50 }) => p50),
      p99Ms: of(({ p99 }) => p99),
      cpuUs: client.pid === null ? null : of(({ cpu, requests }) => (cpu * 1000) / requests),
    };
  });
  return results.map((row) => ({ ...row, toPowerbox: ratiosOf(row, results) }));
}

/** How often the speed and the processor time of Powerbox go into those of another. */
function ratiosOf(row, rows) {
  const powerbox = rows.find(
    ({ phase, client }) => phase === row.phase && client === NAMES.powerbox,
  );
  if (row.perSecond === null || powerbox.perSecond === null) return null;
  const cpu = row.cpuUs === null ? null : row.cpuUs.median / powerbox.cpuUs.median;
  return { perSecond: row.perSecond.median / powerbox.perSecond.median, cpu };
}

/**
 * One kind of load after another makes Node compile its code anew, for half a second or so: what
 * comes before is not counted.
 */
async function sample(client, job) {
  await asked(client, { ...job, seconds: LEAD_SECONDS });
  const before = client.pid === null ? 0 : cpuMs(client.pid);
  const result = await asked(client, job);
  return { ...result, cpu: client.pid === null ? 0 : cpuMs(client.pid) - before };
}

async function asked(client, job) {
  const result = await client.ask(job);
  if (result.failed !== '') throw new Error(`${client.name}: ${result.failed}`);
  return result;
}

function residentMiB({ pid }) {
  return pid === null ? 0 : memoryKiB(pid, 'status', 'VmRSS') / 1024;
}

/** One GiB through the scrub: how fast, and how much memory the egress takes for it. */
async function sendLarge(client) {
  const before = residentMiB(client);
  // Writing 5 there sets the peak back to what is resident now (proc(5)).
  writeFileSync(`/proc/${client.pid}/clear_refs`, '5');
  const cpuBefore = cpuMs(client.pid);
  const { ms, bytes } = await asked(client, { path: '/1g', connections: 1, requests: 1 });
  if (bytes < 2 ** 30) throw new Error('the large answer did not come whole');
  // The load's first, uncounted requests send as much twice more.
  const result = {
    megabytesPerSecond: bytes / 1000 / ms,
    rssBeforeMiB: before,
    rssPeakMiB: memoryKiB(client.pid, 'status', 'VmHWM') / 1024,
    cpuMs: cpuMs(client.pid) - cpuBefore,
  };
  console.log(
    `\n  1 GiB through the scrub: ${result.megabytesPerSecond.toFixed(0)} MB/s; memory of the egress ${before.toFixed(0)} MiB before, ${result.rssPeakMiB.toFixed(0)} MiB at most`,
  );
  return result;
}
