// A worker thread that calls its parent over @endo/captp, for bench/compartments.mjs: told
// {"calls","concurrent"}, it answers with the milliseconds that they took. It runs in a realm that
// was locked down, as the library's own daemon has it.
import { parentPort } from 'node:worker_threads';
import { loadCapTp } from './load-captp.mjs';

const { E, makeCapTP } = await loadCapTp();
const { dispatch, getBootstrap } = makeCapTP('worker', (message) =>
  parentPort.postMessage({ captp: message }),
);
parentPort.on('message', (message) => {
  if (message.captp !== undefined) dispatch(message.captp);
  else void run(message.ask);
});
const meter = await E(getBootstrap()).meter();
parentPort.postMessage({ ready: true });

async function run({ calls, concurrent }) {
  const started = performance.now();
  let left = calls;
  const keepCalling = async () => {
    for (; left > 0; left -= 1) await E(meter).add(1);
  };
  await Promise.all(Array.from({ length: concurrent }, keepCalling));
  parentPort.postMessage({ ms: performance.now() - started });
}
