// A process whose worker thread calls it over @endo/captp; lines of JSON in, milliseconds out. A
// process of its own, because the library wants its realm locked down.
import { createInterface } from 'node:readline';
import { Worker } from 'node:worker_threads';
import { loadCapTp } from './load-captp.mjs';

const { Far, makeCapTP } = await loadCapTp();
let sum = 0;
const meter = Far('meter', {
  add(amount) {
    sum += amount;
    return sum;
  },
});
const worker = new Worker(new URL('./captp-worker.mjs', import.meta.url));
const { dispatch } = makeCapTP(
  'parent',
  (message) => worker.postMessage({ captp: message }),
  Far('bootstrap', { meter: () => meter }),
);
worker.on('message', (message) => {
  if (message.captp !== undefined) dispatch(message.captp);
  else process.stdout.write(`${JSON.stringify(message.ready === true ? 'ready' : message.ms)}\n`);
});
for await (const line of createInterface({ input: process.stdin })) {
  worker.postMessage({ ask: JSON.parse(line) });
}
process.exit(0);
