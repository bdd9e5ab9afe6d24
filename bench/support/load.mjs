// The load generator. It runs in a box and outside one alike: it is told what to do by lines of
// JSON on standard input, {"path","connections","seconds" or "requests","fresh","streams"}, and
// answers each with one line. `fresh` makes a new connection for every request; `streams` asks for
// HTTP/2, with so many requests at once on each connection. As lean as can be, because it shares
// two processors with what is measured.
//
//   load.mjs HOST ADDRESS PORT CA_FILE|- TOKEN|- [USER:PASSWORD@]PROXY_PORT|-
import { readFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { createInterface } from 'node:readline';
import { connect, createSecureContext } from 'node:tls';

const [host, address, port, caFile, token, proxy = '-'] = process.argv.slice(2);
const ca = caFile === '-' ? process.env.SSL_CERT_FILE : caFile;
const secureContext = createSecureContext({ ca: readFileSync(ca) });

for await (const line of createInterface({ input: process.stdin })) {
  const job = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(await resultOf(job))}\n`);
}
process.exit(0);

async function resultOf(job) {
  if (job.streams === undefined) return run(job);
  const { runStreams } = await import('./load-h2.mjs');
  return runStreams(job, dial, { host: authority(), token });
}

async function run({ path, connections, seconds, requests = Number.POSITIVE_INFINITY, fresh }) {
  const authorization = token === '-' ? '' : `authorization: Bearer ${token}\r\n`;
  const head = Buffer.from(
    `GET ${path} HTTP/1.1\r\nhost: ${authority()}\r\nuser-agent: load\r\naccept: */*\r\n${authorization}\r\n`,
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
  return summaryOf(state, ms);
}

function summaryOf({ latencies, bytes, failed }, ms) {
  const sorted = Float64Array.from(latencies).sort();
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { requests: sorted.length, ms, bytes, p50: at(0.5), p99: at(0.99), failed };
}

/** As a Host header has it: the port is left out where a box's own network has it. */
function authority() {
  return port === '443' ? host : `${host}:${port}`;
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

/** A TLS connection: straight to the address, or through a proxy by CONNECT. */
async function dial(protocols = ['http/1.1']) {
  const socket = proxy === '-' ? undefined : await tunnel();
  return new Promise((done, fail) => {
    const place = socket === undefined ? { host: address, port: Number(port) } : { socket };
    const secure = connect(
      { ...place, servername: host, secureContext, ALPNProtocols: protocols },
      () => {
        secure.setNoDelay(true);
        done(secure);
      },
    );
    secure.on('error', fail);
  });
}

function tunnel() {
  const [, user, proxyPort] = /^(?:(.*)@)?(\d+)$/.exec(proxy);
  const known =
    user === undefined
      ? ''
      : `proxy-authorization: Basic ${Buffer.from(user).toString('base64')}\r\n`;
  const place = `${address}:${port}`;
  return new Promise((done, fail) => {
    const socket = connectTcp({ host: '127.0.0.1', port: Number(proxyPort) }, () => {
      socket.setNoDelay(true);
      socket.write(`CONNECT ${place} HTTP/1.1\r\nhost: ${place}\r\n${known}\r\n`);
    });
    socket.on('error', fail);
    let heard = '';
    socket.on('readable', function onReadable() {
      for (let chunk = socket.read(); chunk !== null; chunk = socket.read())
        heard += chunk.toString('latin1');
      if (!heard.includes('\r\n\r\n')) return;
      socket.off('readable', onReadable);
      if (/^HTTP\/1\.[01] 200/.test(heard)) done(socket);
      else fail(new Error(`the proxy answered ${heard.split('\r\n')[0]}`));
    });
  });
}
