// What is compared, each with the same load generator: nothing between it and the server, a tunnel
// that looks at nothing, Powerbox, and two programs that do part of what Powerbox does.
import { spawn } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CLI, HOST, SECRET } from '../support/place.mjs';
import { childrenOf } from '../support/report.mjs';
import { mitmproxy, sandboxRuntime, withPrograms } from '../support/tools.mjs';
import { freePort, untilOpen } from './ports.mjs';

const SUPPORT = new URL('../support/', import.meta.url).pathname;
const RIVALS = new URL('../rivals/', import.meta.url).pathname;
const NODE = process.execPath;
/** The name of the server for programs that have no place to say where a name is. */
const LOCAL = 'localhost';
const PLACEHOLDER = 'mask_7Qm2kVxT9aLp4RzWc8HdYs3Ne';

export const NAMES = {
  direct: 'direct',
  tunnel: 'CONNECT tunnel',
  plain: 'powerbox, no secret',
  powerbox: 'powerbox, secret and scrub',
  srt: 'srt, secret and filter',
  mitmproxy: 'mitmproxy, script',
};

/**
 * Starts all that can be had. Each has `name`, `ask(job)`, `pid` of what is in between (null for
 * nothing), and `close()`.
 */
export async function startContenders(place, upstream) {
  for (const file of ['load.mjs', 'load-h2.mjs'])
    cpSync(join(SUPPORT, file), join(place.workspace, file));
  const started = [];
  const starts = [startDirect, startTunnel, startPlain, startPowerbox, startSrt, startMitmproxy];
  try {
    for (const start of starts) {
      const contender = await start(place, upstream);
      if (contender !== null) started.push(contender);
    }
    return started;
  } catch (error) {
    for (const contender of started) await contender.close();
    throw error;
  }
}

function startDirect(place, upstream) {
  const load = startLoad(place, [
    HOST,
    '127.0.0.1',
    upstream.port,
    certificate(place, 'direct', upstream.ca),
    SECRET,
  ]);
  return { name: NAMES.direct, pid: null, ...load };
}

async function startTunnel(place, upstream) {
  const { child, said } = await startRival(NODE, [join(RIVALS, 'tunnel.mjs')], process.env);
  return throughProxy(NAMES.tunnel, place, upstream, {
    child,
    ...said,
    ca: upstream.ca,
    token: SECRET,
  });
}

function startPlain(place) {
  return startBoxed(NAMES.plain, place, '-', []);
}

function startPowerbox(place) {
  return startBoxed(NAMES.powerbox, place, '$BENCH_TOKEN', ['--secret', 'BENCH_TOKEN']);
}

async function startSrt(place, upstream) {
  const runtime = sandboxRuntime();
  const env = withPrograms(['socat', 'rg']);
  if (runtime === null || env === null) return null;
  const own = {
    ...env,
    BENCH_TOKEN: SECRET,
    NODE_EXTRA_CA_CERTS: certificate(place, 'upstream', upstream.ca),
  };
  const { port } = upstream;
  const args = [runtime.home, `${LOCAL}:${port}`, `127.0.0.1:${port}`, 'BENCH_TOKEN'];
  const { child, said } = await startRival(runtime.node, [join(RIVALS, 'srt.mjs'), ...args], own);
  return throughProxy(NAMES.srt, place, upstream, { child, ...said });
}

async function startMitmproxy(place, upstream) {
  const program = mitmproxy();
  if (program === null) return null;
  const port = await freePort();
  const folder = join(place.root, 'mitmproxy');
  const trusted = certificate(place, 'upstream', upstream.ca);
  const options = ['--listen-host', '127.0.0.1', '--listen-port', `${port}`, '--quiet'];
  options.push('--set', `confdir=${folder}`, '--set', `ssl_verify_upstream_trusted_ca=${trusted}`);
  options.push('-s', join(RIVALS, 'mitmproxy.py'));
  const given = { BENCH_HOST: LOCAL, BENCH_VALUE: SECRET, BENCH_PLACEHOLDER: PLACEHOLDER };
  const child = spawn(program, options, { env: { ...process.env, ...given }, stdio: 'ignore' });
  await untilOpen(port);
  const ca = readFileSync(join(folder, 'mitmproxy-ca-cert.pem'), 'utf8');
  const rival = { child, proxy: `${port}`, ca, token: PLACEHOLDER };
  return throughProxy(NAMES.mitmproxy, place, upstream, rival);
}

/** The load from outside of any box, by CONNECT. */
function throughProxy(name, place, upstream, { child, proxy, token, ca }) {
  const file = certificate(place, name.replace(/\W/g, ''), ca);
  const load = startLoad(place, [LOCAL, LOCAL, upstream.port, file, token, proxy]);
  return {
    name,
    pid: child.pid,
    ask: load.ask,
    async close() {
      await load.close();
      child.stdin?.end();
      const ended = new Promise((done) => child.once('exit', done));
      if (child.exitCode !== null || child.signalCode !== null) return;
      const timer = setTimeout(() => child.kill('SIGKILL'), child.stdin === null ? 0 : 3000);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** In a real box, where connections go through the egress by themselves. */
async function startBoxed(name, place, token, flags) {
  const load = `exec ${NODE} load.mjs ${HOST} ${HOST} 443 - "${token}"`;
  const rule = `GET https://${HOST}/*`;
  const args = [CLI, 'run', '--allow', rule, ...flags, '--', 'sh', '-c', load];
  const options = { cwd: place.workspace, env: place.env, stdio: ['pipe', 'pipe', 'inherit'] };
  const child = spawn(NODE, args, options);
  const contender = asked(name, child);
  await contender.ask({ path: '/1k', connections: 1, requests: 1 });
  return { name, pid: egressOf(child.pid), ...contender };
}

function startLoad(place, args) {
  const load = join(place.workspace, 'load.mjs');
  const child = spawn(NODE, [load, ...args.map(String)], { stdio: ['pipe', 'pipe', 'inherit'] });
  return asked(args[0], child);
}

function asked(name, child) {
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = new Promise((done) => child.once('exit', done));
  return {
    async ask(job) {
      child.stdin.write(`${JSON.stringify(job)}\n`);
      const { value, done } = await answers.next();
      if (done) throw new Error(`${name}: the load ended`);
      return JSON.parse(value);
    },
    async close() {
      child.stdin.end();
      await ended;
    },
  };
}

/** A program that says in one line of JSON how it is reached, and ends with its standard input. */
async function startRival(program, args, env) {
  const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const { value, done } = await createInterface({ input: child.stdout })
    [Symbol.asyncIterator]()
    .next();
  if (done) throw new Error(`${args[0]} did not start`);
  return { child, said: JSON.parse(value) };
}

function certificate(place, name, text) {
  const file = join(place.root, `${name}.pem`);
  writeFileSync(file, text);
  return file;
}

function egressOf(starter) {
  const found = childrenOf(starter).find((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('egress/main.js'),
  );
  if (found === undefined) throw new Error('the egress process was not found');
  return found;
}
