// The part of the load generator that speaks HTTP/2.
import { connect, constants } from 'node:http2';

/** Enough for the body of one answer, so that a window never has to be waited for. */
const WINDOW_BYTES = 8 << 20;

/** `unsupported` when the other side does not choose h2. `dial` opens a TLS connection. */
export async function runStreams(job, dial, { host, token }) {
  const { path, connections, streams, seconds, requests = Number.POSITIVE_INFINITY } = job;
  const sockets = await Promise.all(
    Array.from({ length: connections }, () => dial(['h2', 'http/1.1'])),
  );
  if (sockets.some(({ alpnProtocol }) => alpnProtocol !== 'h2')) {
    for (const socket of sockets) socket.destroy();
    return { unsupported: true, failed: '' };
  }
  const sessions = sockets.map((socket) => open(socket, host));
  const headers = { ':path': path, 'user-agent': 'load', accept: '*/*' };
  if (token !== '-') headers.authorization = `Bearer ${token}`;
  const state = { left: requests, end: 0, latencies: [], bytes: 0, failed: '' };
  const warm = {
    ...state,
    left: connections * streams * 2,
    end: Date.now() + 60_000,
    latencies: [],
  };
  const all = (of) =>
    sessions.flatMap((session) =>
      Array.from({ length: streams }, () => loop(session, headers, of)),
    );
  await Promise.all(all(warm));
  state.failed ||= warm.failed;
  const start = performance.now();
  state.end = Date.now() + (seconds ?? 600) * 1000;
  await Promise.all(all(state));
  const ms = performance.now() - start;
  for (const session of sessions) session.destroy();
  const sorted = Float64Array.from(state.latencies).sort();
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  const { bytes, failed } = state;
  return { requests: sorted.length, ms, bytes, p50: at(0.5), p99: at(0.99), failed };
}

function open(socket, host) {
  const session = connect(`https://${host}`, {
    createConnection: () => socket,
    settings: { initialWindowSize: WINDOW_BYTES, enablePush: false },
  });
  session.on('error', () => {});
  session.on('connect', () => session.setLocalWindowSize(WINDOW_BYTES * 8));
  return session;
}

async function loop(session, headers, state) {
  while (state.left > 0 && Date.now() < state.end && state.failed === '') {
    state.left -= 1;
    const start = performance.now();
    await one(session, headers, state);
    if (state.failed === '') state.latencies.push(performance.now() - start);
  }
}

function one(session, headers, state) {
  return new Promise((done) => {
    const stream = session.request(headers, { endStream: true });
    stream.on('response', ({ ':status': status }) => {
      if (status !== 200) state.failed ||= `answered ${status}`;
    });
    stream.on('data', (chunk) => {
      state.bytes += chunk.length;
    });
    stream.on('error', (error) => {
      state.failed ||= error.message;
    });
    stream.on('close', () => {
      if (stream.rstCode !== constants.NGHTTP2_NO_ERROR) state.failed ||= `reset ${stream.rstCode}`;
      done();
    });
  });
}
