// Many boxes alive at once, held by one process with one egress, as a daemon will hold them: what
// each costs, and whether all get their own answer at once. Then what a box costs that the command
// line holds by itself (`powerbox run --detach`).
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openHome } from '../dist/store/home.js';
import { endBoxes, holdBox, holdEgress } from './support/held-box.mjs';
import { CLI, HOST, introduce, makePlace, startUpstream } from './support/place.mjs';
import { childrenOf, cpuMs, memoryKiB, printTable, summary } from './support/report.mjs';

/** Starts that are under way at once; more than a few per processor only wait for each other. */
const STARTS_AT_ONCE = 4;

export async function measure({ quick }) {
  const count = quick ? 20 : 200;
  const place = makePlace();
  const upstream = await startUpstream(place);
  try {
    introduce(place, upstream);
    const held = await manyBoxes(place, count);
    const detached = await detachedBoxes(place, quick ? 2 : 5);
    print(held, detached);
    return { upstream: upstream.name, held, detached };
  } finally {
    upstream.close();
    place.close();
  }
}

async function manyBoxes(place, count) {
  const home = openHome({ POWERBOX_HOME: place.home });
  const told = [];
  const egress = holdEgress(home, (line) => told.push(line));
  const boxes = [];
  try {
    // The first box also starts the egress; it is not one of those that are counted.
    boxes.push(await oneBox(place, home, egress, 'first'));
    await say(boxes[0]);
    const before = memory(egress);
    const startsMs = [];
    const start = performance.now();
    const cpuBefore = process.cpuUsage();
    const queue = Array.from({ length: count }, (_, index) => index);
    const work = async () => {
      for (let index = queue.shift(); index !== undefined; index = queue.shift()) {
        const began = performance.now();
        boxes.push(await oneBox(place, home, egress, `box-${index}`));
        startsMs.push(performance.now() - began);
      }
    };
    const workers = Array.from({ length: STARTS_AT_ONCE }, work);
    await Promise.all(workers);
    const allMs = performance.now() - start;
    const { user, system } = process.cpuUsage(cpuBefore);
    await sleep(1000);
    const after = memory(egress);
    const programs = boxes.slice(1).map(({ box }) => pssOfTree(box.pid));
    const egressCpu = cpuMs(egress.pid);
    const sent = performance.now();
    const answers = await Promise.all(boxes.slice(1).map(say));
    const answersMs = performance.now() - sent;
    const right = boxes
      .slice(1)
      .filter(({ name }, index) => answers[index] === `/id/${name}`).length;
    const each = (field) => (after[field] - before[field]) / count;
    return {
      count,
      startsAtOnce: STARTS_AT_ONCE,
      allMs,
      startMs: summary(startsMs),
      hostCpuMsEach: (user + system) / 1000 / count,
      programPssKiB: summary(programs),
      egressPssKiBEach: each('egressPss'),
      egressPssKiB: after.egressPss,
      hostPssKiBEach: each('hostPss'),
      kernelKiBEach: each('kernel'),
      curl: {
        right,
        allMs: answersMs,
        egressCpuMs: cpuMs(egress.pid) - egressCpu,
        egressPssKiB: memory(egress).egressPss,
      },
      told,
    };
  } finally {
    await endBoxes(boxes);
  }
}

/** A shell that waits for a line, then asks the upstream for its own name. */
async function oneBox(place, home, egress, name) {
  const ask = `read -r line; curl -s https://${HOST}/id/${name}; read -r line`;
  return { name, ...(await holdBox(place, home, egress, ['sh', '-c', ask])) };
}

function say({ box }) {
  return new Promise((done) => {
    let text = '';
    box.stdout.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
      if (text.endsWith('\n')) done(text.trim());
    });
    box.stdout.once('close', () => done(text.trim()));
    box.stdin.write('\n');
  });
}

async function detachedBoxes(place, count) {
  const ids = [];
  const seen = [];
  try {
    for (let index = 0; index < count; index++) {
      const folder = join(place.root, `detached-${index}`);
      mkdirSync(folder);
      const options = { cwd: folder, env: place.env, encoding: 'utf8' };
      const args = [CLI, 'run', '--detach', '--allow', HOST, '--', 'sleep', '1000'];
      ids.push(execFileSync(process.execPath, args, options).trim());
    }
    await sleep(1500);
    for (const id of ids) {
      const record = JSON.parse(readFileSync(join(place.home, 'boxes', id, 'record.json'), 'utf8'));
      const starter = record.starter.pid;
      const children = childrenOf(starter);
      const egress = children.find((pid) => commandOf(pid).includes('egress/main.js'));
      const walls = children.filter((pid) => pid !== egress);
      seen.push({
        starter: memoryKiB(starter, 'smaps_rollup', 'Pss'),
        egress: egress === undefined ? 0 : memoryKiB(egress, 'smaps_rollup', 'Pss'),
        program: walls.reduce((sum, pid) => sum + pssOfTree(pid), 0),
      });
    }
  } finally {
    for (const id of ids) execFileSync(process.execPath, [CLI, 'stop', id], { env: place.env });
  }
  return {
    count,
    starterPssKiB: summary(seen.map(({ starter }) => starter)),
    egressPssKiB: summary(seen.map(({ egress }) => egress)),
    programPssKiB: summary(seen.map(({ program }) => program)),
  };
}

function memory(egress) {
  const [slab, stacks, tables, percpu] = ['Slab', 'KernelStack', 'PageTables', 'Percpu'].map(
    kernelKiB,
  );
  return {
    egressPss: memoryKiB(egress.pid, 'smaps_rollup', 'Pss'),
    hostPss: memoryKiB(process.pid, 'smaps_rollup', 'Pss'),
    kernel: slab + stacks + tables + percpu,
  };
}

function kernelKiB(field) {
  return Number(
    new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync('/proc/meminfo', 'utf8'))?.[1] ??
      0,
  );
}

/** Of a process and all that it started. */
function pssOfTree(pid) {
  const below = childrenOf(pid).reduce((sum, child) => sum + pssOfTree(child), 0);
  return below + memoryKiB(pid, 'smaps_rollup', 'Pss');
}

function commandOf(pid) {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
}

function print(held, detached) {
  const mib = (kib) => `${(kib / 1024).toFixed(2)} MiB`;
  const ms = (value) => `${value.toFixed(0)} ms`;
  printTable(
    `boxes: ${held.count} alive at once, one holder, one egress`,
    ['', 'each', 'all'],
    [
      ['time to start', `${ms(held.startMs.median)} (median)`, ms(held.allMs)],
      ['processor of the holder', `${held.hostCpuMsEach.toFixed(1)} ms`, ''],
      ['memory of helper, bubblewrap and program (PSS)', mib(held.programPssKiB.median), ''],
      ['memory of the egress (PSS)', mib(held.egressPssKiBEach), mib(held.egressPssKiB)],
      ['memory of the holder (PSS)', mib(held.hostPssKiBEach), ''],
      ['memory of the kernel', mib(held.kernelKiBEach), ''],
      [
        'one curl from every box at once',
        '',
        `${held.curl.right} of ${held.count} right in ${ms(held.curl.allMs)}`,
      ],
      [
        'processor of the egress for it',
        `${(held.curl.egressCpuMs / held.count).toFixed(1)} ms`,
        ms(held.curl.egressCpuMs),
      ],
    ],
  );
  printTable(
    `boxes: held by the command line (--detach), ${detached.count} of them`,
    ['', 'each (median)'],
    [
      ['starter (PSS)', mib(detached.starterPssKiB.median)],
      ['egress (PSS)', mib(detached.egressPssKiB.median)],
      ['helper, bubblewrap and program (PSS)', mib(detached.programPssKiB.median)],
    ],
  );
  if (held.told.length > 0) console.log(`\n  told: ${held.told.slice(0, 5).join('; ')}`);
}
