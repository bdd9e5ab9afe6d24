// Round trips through the gateway: a stock session of capnweb over the unix socket, each call
// through the kernel with its rows on disk. In the same run, in turns, @endo/captp doing the bare
// call over a unix socket. Client and server are processes of their own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { printTable, summary } from './support/report.mjs';

const PEER = fileURLToPath(new URL('./support/gateway-peer.mjs', import.meta.url));
/** Calls that are on their way at once: one after the other, and as a busy client has them. */
const CONCURRENT = [1, 64];
const LIBRARIES = ['capnweb', 'captp'];

export async function measure({ quick }) {
  const rounds = quick ? 3 : 9;
  const calls = { capnweb: quick ? 2_048 : 16_384, captp: quick ? 512 : 4_096 };
  const root = mkdtempSync(join(tmpdir(), 'powerbox-bench-'));
  const peers = {};
  try {
    for (const library of LIBRARIES) peers[library] = await startPeers(library, root);
    const rates = await measureRates(peers, calls, rounds);
    return report(rates);
  } finally {
    for (const { server, client } of Object.values(peers)) {
      server.kill();
      client.kill();
    }
    rmSync(root, { recursive: true });
  }
}

async function measureRates(peers, calls, rounds) {
  const rates = {};
  for (const library of LIBRARIES) rates[library] = new Map(CONCURRENT.map((one) => [one, []]));
  for (let round = -1; round < rounds; round += 1) {
    for (const concurrent of CONCURRENT) {
      for (const library of LIBRARIES) {
        const ms = await peers[library].ask({ calls: calls[library], concurrent });
        // The first round only warms up.
        if (round >= 0) rates[library].get(concurrent).push((calls[library] / ms) * 1000);
      }
    }
  }
  return rates;
}

/** Round trips a second, of each library and by calls at once. */
function report(rates) {
  const results = {};
  for (const [at, concurrent] of CONCURRENT.entries()) {
    const name = at === 0 ? 'sequential' : 'concurrent';
    const capnweb = summary(rates.capnweb.get(concurrent));
    const captp = summary(rates.captp.get(concurrent));
    results[name] = { concurrent, capnweb, captp, ratio: capnweb.median / captp.median };
  }
  printTable(
    'gateway: round trips a second over a unix socket (medians)',
    ['calls at once', 'capnweb, through the kernel', 'captp, the bare call', 'ratio'],
    Object.values(results).map(({ concurrent, capnweb, captp, ratio }) => [
      concurrent,
      capnweb.median.toFixed(0),
      captp.median.toFixed(0),
      ratio.toFixed(1),
    ]),
  );
  return results;
}

async function startPeers(library, root) {
  // The gateway chooses the name of its socket in the home.
  const socketPath = join(root, library === 'capnweb' ? 'powerbox.sock' : 'captp.sock');
  const server = start(`${library}-server`, socketPath);
  await Promise.race([once(server.stdout, 'data'), failed(server)]);
  const client = start(`${library}-client`, socketPath);
  const answers = createInterface({ input: client.stdout })[Symbol.asyncIterator]();
  return {
    server,
    client,
    async ask(question) {
      client.stdin.write(`${JSON.stringify(question)}\n`);
      const { value } = await answers.next();
      if (value === undefined) throw new Error(`The client of ${library} ended.`);
      return JSON.parse(value);
    },
  };
}

function start(role, socketPath) {
  return spawn(process.execPath, [PEER, role, socketPath], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}

async function failed(server) {
  await once(server, 'exit');
  throw new Error('A server ended before it listened.');
}
