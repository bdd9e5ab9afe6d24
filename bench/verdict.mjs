// What a verdict costs by how many grants a box holds, and how soon a download ends whose grant is
// taken back: with a real box, the real daemon, and this process as the server.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { daemonDoor } from '../dist/daemon/client.js';
import { decide } from '../dist/egress/decide.js';
import { makeBoxGrants } from '../dist/egress/link/box-grants.js';
import { parseRule } from '../dist/policy/rule.js';
import { openHome } from '../dist/store/home.js';
import { CLI } from './support/place.mjs';
import { printTable, summary } from './support/report.mjs';

const COUNTS = [10, 10_000];
/** How the grants differ, and a call that the last of them permits. */
const LAYOUTS = [
  {
    name: 'each for a host of its own',
    rule: (at) => `GET h${at}.example.com/v1/**`,
    call: (at) => callTo(`h${at}.example.com`, '/v1/items/7'),
  },
  {
    name: 'each for a path of one host',
    rule: (at) => `GET api.example.com/repos/r${at}/**`,
    call: (at) => callTo('api.example.com', `/repos/r${at}/issues/7`),
  },
];

export async function measure({ quick }) {
  const rounds = quick ? 20 : 100;
  const verdicts = [];
  for (const layout of LAYOUTS) {
    for (const count of COUNTS) verdicts.push(await measureLayout(layout, count, rounds));
  }
  const results = { rounds, verdicts };
  printTable(
    'One verdict on a request (microseconds, medians)',
    ['grants of the box', 'how many', 'microseconds'],
    results.verdicts.map(({ layout, count, indexed }) => [
      layout,
      count,
      indexed.median.toFixed(2),
    ]),
  );
  const cuts = await measureCuts(quick ? 5 : 20);
  const of = (pick) => summary(cuts.map(pick));
  const revoke = {
    cutMs: of(({ cutMs }) => cutMs),
    returnedMs: of(({ returnedMs }) => returnedMs),
  };
  printTable(
    'A grant is taken back in the middle of a download (milliseconds)',
    ['', 'median', 'worst'],
    [
      ['the upstream sees the cut', revoke.cutMs.median.toFixed(1), revoke.cutMs.max.toFixed(1)],
      ['revoke returns', revoke.returnedMs.median.toFixed(1), revoke.returnedMs.max.toFixed(1)],
    ],
  );
  return { ...results, revoke };
}

async function measureLayout({ name, rule, call }, count, rounds) {
  const grants = makeBoxGrants();
  const held = Array.from({ length: count }, (_, at) => grantOf(at, rule(at)));
  grants.apply(changeOf(held));
  const link = { grants, known: () => Promise.resolve(true) };
  const wanted = call(count - 1);
  const question = { call: wanted, reader: null, signal: () => null };
  const indexed = [];
  // The first rounds are for the compiler.
  for (let round = -20; round < rounds; round++) {
    const began = performance.now();
    for (let i = 0; i < 100; i++) {
      const decision = await decide(link, question);
      if (!decision.ok) throw new Error(decision.reason);
      decision.hold.release();
    }
    if (round >= 0) indexed.push((performance.now() - began) * 10);
  }
  return { layout: name, count, indexed: summary(indexed) };
}

function callTo(host, path) {
  return {
    scheme: 'https',
    host,
    port: 443,
    method: 'GET',
    path,
    query: '',
    headers: [],
    body: null,
  };
}

function grantOf(at, text) {
  const { config, narrowing } = parseRule(text);
  const id = `gr-${at}`;
  const times = { notBefore: null, expires: null };
  const asks = { asks: false, approval: 'none', secret: null };
  return {
    id,
    kind: 'http',
    chain: ['root', id],
    text,
    config,
    narrowings: [narrowing],
    ...times,
    ...asks,
  };
}

function changeOf(grants) {
  const rest = { ended: [], secrets: [], own: [] };
  return { type: 'change', change: 1, whole: true, guest: 'gu-bench', grants, ...rest };
}

async function measureCuts(rounds) {
  const root = mkdtempSync(join(tmpdir(), 'powerbox-bench-'));
  const env = { ...process.env, POWERBOX_HOME: join(root, 'home') };
  const home = openHome(env);
  let closed = () => {};
  const server = createServer((_, response) => {
    response.writeHead(200);
    const timer = setInterval(() => response.write('x'.repeat(16_384)), 2);
    response.once('close', () => {
      clearInterval(timer);
      closed(performance.now());
    });
  }).listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const hosts = { 'stream.bench.example:80': { connect: `127.0.0.1:${server.address().port}` } };
  writeFileSync(home.config, JSON.stringify({ egress: { hosts } }));
  const session = await daemonDoor(home, { start: true });
  try {
    await session.door.addGuest('bench', 'a bench');
    const loop = 'while [ -e go ]; do curl -s -o /dev/null http://stream.bench.example/; done';
    const workspace = join(root, 'workspace');
    mkdirSync(workspace);
    writeFileSync(join(workspace, 'go'), '');
    const args = [CLI, 'run', '--quiet', '--as', 'bench', '--', 'sh', '-c', loop];
    const box = spawn(process.execPath, args, {
      cwd: workspace,
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const ended = new Promise((done) => box.once('exit', done));
    const early = ended.then(() => {
      throw new Error('the box ended');
    });
    early.catch(() => {});
    const cuts = [];
    for (let round = 0; round < rounds; round++) {
      cuts.push(await Promise.race([cutOnce(), early]));
    }
    rmSync(join(workspace, 'go'));
    await ended;
    return cuts;
  } finally {
    // The answer may not come any more.
    await session.door.stop().catch(() => {});
    session.close();
    server.closeAllConnections();
    server.close();
    rmSync(root, { recursive: true, force: true, maxRetries: 20 });
  }

  async function cutOnce() {
    const began = new Promise((done) => server.once('request', done));
    const words = { power: 'http://stream.bench.example', to: 'bench', reason: 'a bench' };
    const grant = await session.door.grant(words);
    await began;
    await sleep(150);
    const cut = new Promise((done) => {
      closed = done;
    });
    const asked = performance.now();
    await session.door.revoke({ what: 'grant', id: grant.id }, 'the bench is over');
    const returnedMs = performance.now() - asked;
    return { cutMs: (await cut) - asked, returnedMs };
  }
}
