// What a box that floods its egress costs another box: how long the other's requests take alone,
// beside a flood on an egress of its own (as the command line starts them), and beside one that
// shares its egress. All of it shares the machine's processors, the flood's own program included.
import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { openHome } from '../dist/store/home.js';
import { endBoxes, holdBox, holdEgress } from './support/held-box.mjs';
import { HOST, introduce, makePlace, startUpstream } from './support/place.mjs';
import { cpuMs, memoryKiB, printTable } from './support/report.mjs';

const FLOODS = ['requests', 'answers', 'refusals', 'connections', 'names', 'silence', 'questions'];
const SECRET = { secrets: ['BENCH_TOKEN'], workspace: 'ro' };
const WATCH_MS = 100;

export async function measure({ quick }) {
  const seconds = quick ? 1 : 4;
  const place = makePlace();
  const upstream = await startUpstream(place);
  const told = [];
  const boxes = [];
  try {
    introduce(place, upstream);
    for (const file of ['load.mjs', 'flood.mjs']) {
      cpSync(new URL(`support/${file}`, import.meta.url).pathname, join(place.workspace, file));
    }
    const home = openHome({ POWERBOX_HOME: place.home });
    const egress = holdEgress(home, (line) => told.push(line));
    const other = holdEgress(home, (line) => told.push(line));
    const start = async (on, script) => {
      const box = await holdBox(place, home, on, ['sh', '-c', script], SECRET);
      boxes.push(box);
      return asked(box);
    };
    const node = process.execPath;
    const load = `exec ${node} load.mjs ${HOST} ${HOST} 443 - "$BENCH_TOKEN"`;
    const flood = `exec ${node} flood.mjs ${HOST} "$BENCH_TOKEN"`;
    const calm = await start(egress, load);
    const same = await start(egress, flood);
    const apart = await start(other, flood);
    await calm({ path: '/1k', connections: 4, requests: 5000 });
    const rows = [];
    rows.push({ flood: 'none', where: '', ...(await beside(calm, null, null, egress, seconds)) });
    for (const what of FLOODS) {
      rows.push({
        flood: what,
        where: 'its own egress',
        ...(await beside(calm, apart, what, other, seconds)),
      });
      rows.push({
        flood: what,
        where: 'the same egress',
        ...(await beside(calm, same, what, egress, seconds)),
      });
    }
    print(rows, seconds);
    return { upstream: upstream.name, secondsEach: seconds, rows, told: told.length };
  } finally {
    await endBoxes(boxes);
    upstream.close();
    place.close();
  }
}

/** The calm box's requests, while the other one floods `egress`. */
async function beside(calm, flood, what, egress, seconds) {
  const watch = watchEgress(egress.pid);
  const going = flood?.({ what, seconds: seconds + 1 });
  await sleep(500);
  const before = cpuMs(egress.pid);
  const result = await calm({ path: '/1k', connections: 4, seconds });
  const cpu = cpuMs(egress.pid) - before;
  const done = (await going)?.done ?? 0;
  if (result.failed !== '') throw new Error(`beside ${what}: ${result.failed}`);
  // What was refused waits its turn, and must not count for the next one.
  await sleep(flood === null ? 0 : 2_500);
  return {
    perSecond: (result.requests * 1000) / result.ms,
    p50Ms: result.p50,
    p99Ms: result.p99,
    done,
    egressCpu: cpu / (seconds * 1000),
    ...watch(),
  };
}

/** The most that the process had at once, as far as looks now and then tell. */
function watchEgress(pid) {
  const most = { descriptors: 0, rssMiB: 0 };
  const timer = setInterval(() => {
    most.descriptors = Math.max(most.descriptors, readdirSync(`/proc/${pid}/fd`).length);
    most.rssMiB = Math.max(most.rssMiB, memoryKiB(pid, 'status', 'VmRSS') / 1024);
  }, WATCH_MS);
  return () => {
    clearInterval(timer);
    return most;
  };
}

function asked({ box }) {
  const answers = createInterface({ input: box.stdout })[Symbol.asyncIterator]();
  return async (job) => {
    box.stdin.write(`${JSON.stringify(job)}\n`);
    const { value, done } = await answers.next();
    if (done) throw new Error('a box ended');
    return JSON.parse(value);
  };
}

function print(rows, seconds) {
  printTable(
    `fairness: 4 connections of a calm box for ${seconds} s, beside a box that floods`,
    [
      ...['flood', 'on', 'requests/s', 'p50 ms', 'p99 ms'],
      ...['flood did', 'egress processor', 'descriptors', 'memory MiB'],
    ],
    rows.map((row) => [
      row.flood,
      row.where,
      row.perSecond.toFixed(0),
      row.p50Ms.toFixed(2),
      row.p99Ms.toFixed(2),
      row.done,
      `${(row.egressCpu * 100).toFixed(0)} %`,
      row.descriptors,
      row.rssMiB.toFixed(0),
    ]),
  );
}
