// One side of a connection for bench/gateway.mjs: gateway-peer.mjs ROLE SOCKET. A server says
// `ready` when it listens. A client is told by lines of JSON, {"calls","concurrent"}, and answers
// each with the milliseconds that it took; `concurrent` calls are on their way at once.
import { connect as connectTo, createServer } from 'node:net';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { loadCapTp } from './load-captp.mjs';

const [role, socketPath] = process.argv.slice(2);
const roles = {
  'capnweb-server': serveGateway,
  'capnweb-client': async () => {
    const { connect } = await import('../../dist/gateway/client.js');
    const { door } = await connect(socketPath);
    const meter = await door.lookup('meter');
    return () => meter.add(1);
  },
  'captp-server': serveCapTp,
  'captp-client': async () => {
    const { E, makeCapTP } = await loadCapTp();
    const socket = connectTo(socketPath);
    const { dispatch, getBootstrap } = makeCapTP('client', (message) => writeLine(socket, message));
    readLines(socket, dispatch);
    const meter = await E(getBootstrap()).meter();
    return () => E(meter).add(1);
  },
};
const call = await roles[role]();
if (call !== undefined) {
  for await (const line of createInterface({ input: process.stdin })) {
    const { calls, concurrent } = JSON.parse(line);
    const started = performance.now();
    let left = calls;
    const keepCalling = async () => {
      for (; left > 0; left -= 1) await call();
    };
    await Promise.all(Array.from({ length: concurrent }, keepCalling));
    process.stdout.write(`${JSON.stringify(performance.now() - started)}\n`);
  }
  process.exit(0);
}

/** The doors as the daemon opens them, with the state and the journal on disk. */
async function serveGateway() {
  const { openDoors } = await import('../../dist/gateway/doors.js');
  const { openJournal } = await import('../../dist/journal/journal.js');
  const { openKernel } = await import('../../dist/kernel/open-kernel.js');
  const { openHome } = await import('../../dist/store/home.js');
  const { openKernelStore } = await import('../../dist/store/kernel-database.js');
  const { METER } = await import('./meter-kind.mjs');
  const home = openHome({ POWERBOX_HOME: dirname(socketPath) });
  const store = openKernelStore(home);
  const kernel = openKernel({
    store,
    journal: openJournal(home, Buffer.alloc(32, 1)),
    kinds: new Map([['meter', METER]]),
    lastUsed: () => new Map(),
  });
  const { root } = kernel.makePower('meter', {}, '');
  kernel.names.write('host', 'meter', root.id);
  const daemon = { info: async () => ({}), stop() {}, running: () => null };
  const workers = { warm: () => 0, take: () => Promise.reject(new Error('no compartments here')) };
  const options = { kernel, tokens: store.tokens, home: home.root, port: null, daemon, workers };
  await openDoors({ ...options, log: console.error });
  process.stdout.write('ready\n');
}

/** The bare call: an object with one method, without guard, grant or journal. */
async function serveCapTp() {
  const { Far, makeCapTP } = await loadCapTp();
  let sum = 0;
  const meter = Far('meter', {
    add(amount) {
      sum += amount;
      return sum;
    },
  });
  const bootstrap = Far('bootstrap', { meter: () => meter });
  const server = createServer((socket) => {
    const { dispatch } = makeCapTP('server', (message) => writeLine(socket, message), bootstrap);
    readLines(socket, dispatch);
  });
  server.listen(socketPath, () => process.stdout.write('ready\n'));
}

/** As the gateway frames: what is said in one go leaves in one write. */
function writeLine(socket, message) {
  if (socket.writableCorked === 0) {
    socket.cork();
    process.nextTick(() => socket.uncork());
  }
  socket.write(`${JSON.stringify(message)}\n`);
}

function readLines(socket, dispatch) {
  socket.setNoDelay(true);
  let rest = '';
  socket.on('data', (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop();
    for (const line of lines) dispatch(JSON.parse(line));
  });
}
