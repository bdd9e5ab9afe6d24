// What a request costs on its way out of a box: the whole road, from a client in a real box through
// the egress (TLS on both sides, judged, a secret put in, two rows in the journal, the answer
// scrubbed) to a TLS server of this machine, beside the same client without a box.
import { spawn } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CLI, HOST, introduce, makePlace, SECRET, startUpstream } from './support/place.mjs';
import { childrenOf, cpuMs, memoryKiB, printTable, summary } from './support/report.mjs';

const LOAD = new URL('support/load.mjs', import.meta.url).pathname;
const GUARDED = 'powerbox, secret and scrub';
const PLAIN = 'powerbox, no secret';
const DIRECT = 'direct';
const WARM = { path: '/1k', connections: 32, requests: 10_000 };

export async function measure({ quick }) {
  const seconds = quick ? 1 : 3;
  const rounds = quick ? 2 : 5;
  const phases = [
    { name: '1 KiB, 1 connection', job: { path: '/1k', connections: 1, seconds } },
    { name: '1 KiB, 32 connections', job: { path: '/1k', connections: 32, seconds } },
    {
      name: 'new connections, 4 at once',
      job: { path: '/1k', connections: 4, seconds, fresh: true },
    },
    { name: '1 MiB, 4 connections', job: { path: '/1m', connections: 4, seconds } },
  ];
  const place = makePlace();
  const upstream = await startUpstream(place);
  const clients = [];
  try {
    introduce(place, upstream);
    cpSync(LOAD, join(place.workspace, 'load.mjs'));
    writeFileSync(join(place.workspace, 'ca.pem'), upstream.ca);
    clients.push(await startDirect(place, upstream));
    clients.push(await startBoxed(PLAIN, place, '-', []));
    clients.push(await startBoxed(GUARDED, place, '$BENCH_TOKEN', ['--secret', 'BENCH_TOKEN']));
    // Not counted: code is compiled for the way it is used only after some thousands of requests.
    for (const client of clients) await client.ask(WARM);
    const rows = await compare(clients, phases, rounds);
    printRows(rows, rounds, seconds);
    const large = await sendLarge(clients.find(({ name }) => name === GUARDED));
    return { upstream: upstream.name, rounds, secondsEach: seconds, rows, gibibyte: large };
  } finally {
    await Promise.all(clients.map((client) => client.close()));
    upstream.close();
    place.close();
  }
}

async function compare(clients, phases, rounds) {
  const rows = phases.flatMap((phase) => clients.map((client) => ({ phase, client, samples: [] })));
  for (let round = 0; round < rounds; round++) {
    for (const row of rows) row.samples.push(await sample(row.client, row.phase.job));
  }
  return rows.map(({ phase, client, samples }) => {
    const of = (pick) => summary(samples.map(pick));
    return {
      phase: phase.name,
      client: client.name,
      perSecond: of(({ requests, ms }) => (requests * 1000) / ms),
      megabytesPerSecond: of(({ bytes, ms }) => bytes / 1000 / ms),
      p50Ms: of(({ p50 }) => p50),
      p99Ms: of(({ p99 }) => p99),
      egressCpuUs:
        client.egress === null ? null : of(({ cpu, requests }) => (cpu * 1000) / requests),
    };
  });
}

async function sample(client, job) {
  const before = client.egress === null ? 0 : cpuMs(client.egress);
  const result = await client.ask(job);
  if (result.failed !== '') throw new Error(`${client.name}: ${result.failed}`);
  // Rows of answers are written with the turn after.
  return { ...result, cpu: client.egress === null ? 0 : cpuMs(client.egress) - before };
}

function printRows(rows, rounds, seconds) {
  const number = ({ median }, digits) => median.toFixed(digits);
  printTable(
    `egress: ${rounds} rounds of ${seconds} s each, in turns; medians`,
    ['', '', 'requests/s', 'MB/s', 'p50 ms', 'p99 ms', 'egress processor, us a request'],
    rows.map((row) => [
      row.phase,
      row.client,
      number(row.perSecond, 0),
      number(row.megabytesPerSecond, 1),
      number(row.p50Ms, 2),
      number(row.p99Ms, 2),
      row.egressCpuUs === null
        ? ''
        : `${number(row.egressCpuUs, 0)} (${row.egressCpuUs.min.toFixed(0)}-${row.egressCpuUs.max.toFixed(0)})`,
    ]),
  );
}

/** One GiB through the scrub: how fast, and how much memory the egress takes for it. */
async function sendLarge(client) {
  const rss = () => memoryKiB(client.egress, 'status', 'VmRSS') / 1024;
  const before = rss();
  // Writing 5 there sets the peak back to what is resident now (proc(5)).
  writeFileSync(`/proc/${client.egress}/clear_refs`, '5');
  const cpuBefore = cpuMs(client.egress);
  const { ms, bytes, failed } = await client.ask({ path: '/1g', connections: 1, requests: 1 });
  if (failed !== '' || bytes < 2 ** 30) throw new Error(`the large answer did not come: ${failed}`);
  // The load's first, uncounted requests send as much twice more.
  const result = {
    megabytesPerSecond: bytes / 1000 / ms,
    rssBeforeMiB: before,
    rssPeakMiB: memoryKiB(client.egress, 'status', 'VmHWM') / 1024,
    cpuMs: cpuMs(client.egress) - cpuBefore,
  };
  console.log(
    `\n  1 GiB through the scrub: ${result.megabytesPerSecond.toFixed(0)} MB/s; memory of the egress ${before.toFixed(0)} MiB before, ${result.rssPeakMiB.toFixed(0)} MiB at most`,
  );
  return result;
}

function startDirect(place, upstream) {
  const ca = join(place.workspace, 'ca.pem');
  const args = [LOAD, HOST, '127.0.0.1', String(upstream.port), ca, SECRET];
  return asked(DIRECT, spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] }), null);
}

async function startBoxed(name, place, token, flags) {
  const load = `exec ${process.execPath} load.mjs ${HOST} ${HOST} 443 - "${token}"`;
  const args = [CLI, 'run', '--allow', HOST, ...flags, '--', 'sh', '-c', load];
  const options = { cwd: place.workspace, env: place.env, stdio: ['pipe', 'pipe', 'inherit'] };
  const child = spawn(process.execPath, args, options);
  const client = asked(name, child, null);
  await client.ask({ path: '/1k', connections: 1, requests: 1 });
  return { ...client, egress: egressOf(child.pid) };
}

function asked(name, child, egress) {
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = new Promise((done) => child.once('exit', done));
  return {
    name,
    egress,
    async ask(job) {
      child.stdin.write(`${JSON.stringify(job)}\n`);
      const { value, done } = await answers.next();
      if (done) throw new Error(`${name} ended`);
      return JSON.parse(value);
    },
    async close() {
      child.stdin.end();
      await ended;
    },
  };
}

function egressOf(starter) {
  const found = childrenOf(starter).find((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('egress/main.js'),
  );
  if (found === undefined) throw new Error('the egress process was not found');
  return found;
}
