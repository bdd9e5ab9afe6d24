// The load generator. It runs in a box and outside one alike: it is told what to do by lines of
// JSON on standard input, {"path","connections","seconds" or "requests","fresh"}, and answers each
// with one line. `fresh` makes a new connection for every request. As lean as can be, because it
// shares two processors with what is measured.
//
//   load.mjs HOST ADDRESS PORT CA_FILE|- TOKEN
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { connect, createSecureContext } from 'node:tls';

const [host, address, port, caFile, token] = process.argv.slice(2);
const ca = caFile === '-' ? process.env.SSL_CERT_FILE : caFile;
const secureContext = createSecureContext({ ca: readFileSync(ca) });

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await run(JSON.parse(line)))}\n`);
}
process.exit(0);

async function run({ path, connections, seconds, requests = Number.POSITIVE_INFINITY, fresh }) {
  const head = Buffer.from(
    `GET ${path} HTTP/1.1\r\nhost: ${host}\r\nuser-agent: load\r\naccept: */*\r\n${token === '-' ? '' : `authorization: Bearer ${token}\r\n`}\r\n`,
  );
  const state = { left: requests, end: 0, latencies: [], bytes: 0, failed: '' };
  const open = fresh ? [] : await Promise.all(Array.from({ length: connections }, () => dial()));
  // Not counted: the first request of each connection dials, makes certificates, fills caches.
  const warm = { ...state, left: connections * 2, end: Date.now() + 60_000, latencies: [] };
  await Promise.all(open.map((socket) => loop(socket, head, warm)));
  const start = performance.now();
  state.end = Date.now() + (seconds ?? 600) * 1000;
  await Promise.all(
    fresh
      ? Array.from({ length: connections }, () => freshLoop(head, state))
      : open.map((socket) => loop(socket, head, state)),
  );
  const ms = performance.now() - start;
  for (const socket of open) socket.destroy();
  const sorted = Float64Array.from(state.latencies).sort();
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return {
    requests: sorted.length,
    ms,
    bytes: state.bytes,
    p50: at(0.5),
    p99: at(0.99),
    failed: state.failed,
  };
}

async function freshLoop(head, state) {
  while (state.left > 0 && Date.now() < state.end && state.failed === '') {
    const start = performance.now();
    const socket = await dial();
    const one = { ...state, left: 1, latencies: [], bytes: 0, end: Number.POSITIVE_INFINITY };
    await loop(socket, head, one);
    socket.destroy();
    state.left -= 1;
    state.bytes += one.bytes;
    state.failed ||= one.failed;
    state.latencies.push(performance.now() - start);
  }
}

/** Requests on one connection, one after the other. */
function loop(socket, head, state) {
  return new Promise((done) => {
    let gathered = null;
    let missing = -1;
    let start = 0;
    const next = () => {
      if (state.left <= 0 || Date.now() >= state.end || state.failed !== '') {
        socket.removeAllListeners('data');
        done();
        return;
      }
      state.left -= 1;
      missing = -1;
      gathered = null;
      start = performance.now();
      socket.write(head);
    };
    const ended = () => {
      state.failed ||= 'the connection ended';
      done();
    };
    socket.on('error', ended).on('close', ended);
    socket.on('data', (chunk) => {
      let body = chunk.length;
      if (missing === -1) {
        gathered = gathered === null ? chunk : Buffer.concat([gathered, chunk]);
        const at = gathered.indexOf('\r\n\r\n');
        if (at === -1) return;
        const text = gathered.toString('latin1', 0, at);
        const length = Number(/\ncontent-length: *(\d+)/i.exec(text)?.[1] ?? Number.NaN);
        if (!text.startsWith('HTTP/1.1 200') || Number.isNaN(length)) {
          state.failed ||= `answered ${text.split('\r\n')[0]}`;
        }
        body = gathered.length - at - 4;
        missing = length;
      }
      missing -= body;
      state.bytes += body;
      if (missing > 0) return;
      state.latencies.push(performance.now() - start);
      next();
    });
    next();
  });
}

function dial() {
  return new Promise((done, fail) => {
    const socket = connect(
      { host: address, port: Number(port), servername: host, secureContext },
      () => {
        socket.setNoDelay(true);
        done(socket);
      },
    );
    socket.on('error', fail);
  });
}
