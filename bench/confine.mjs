// Compartments in one process: what one costs to make, to keep and to call into, beside a context
// of node:vm and the eventual send of @endo.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { printTable, quantile, summary } from './support/report.mjs';

const CHILD = new URL('./support/confine-child.mjs', import.meta.url);

export async function measure({ quick }) {
  const starts = await inChild('starts', quick);
  const memory = await inChild('memory', quick);
  const calls = await inChild('calls', quick);
  const { lockdownMs, ...samples } = starts;
  const spread = (values) => ({
    p50: quantile(values, 0.5),
    p99: quantile(values, 0.99),
    least: quantile(values, 0),
    samples: values.length,
  });
  const startsUs = Object.fromEntries(
    Object.entries(samples).map(([name, values]) => [name, spread(values)]),
  );
  const row = (name, { least, p50, p99 }) => [
    name,
    least.toFixed(0),
    p50.toFixed(0),
    p99.toFixed(0),
  ];
  printTable(
    'A compartment in a process that is locked down (microseconds)',
    ['', 'least', 'p50', 'p99'],
    [
      row('made', startsUs.create),
      row('made, with its first evaluation', startsUs.first),
      row('another evaluation', startsUs.again),
      row('a context of node:vm, with its first', startsUs.context),
    ],
  );
  printTable(
    `${memory.count} compartments that have evaluated something (MiB)`,
    ['resident', 'of it heap', 'whole process'],
    [[memory.rssMiB, memory.heapMiB, memory.wholeRssMiB].map((value) => value.toFixed(1))],
  );
  const callsNs = Object.fromEntries(
    Object.entries(calls).map(([name, values]) => [name, summary(values)]),
  );
  printTable(
    'One call (nanoseconds)',
    ['', 'median', 'least'],
    Object.entries(callsNs).map(([name, { median, min }]) => [
      name,
      median.toFixed(0),
      min.toFixed(0),
    ]),
  );
  return { lockdownMs, startsUs, memory, callsNs };
}

/** Each in a process of its own: lockdown is for good, and memory is that of one job. */
async function inChild(job, quick) {
  const child = fork(CHILD, [], { execArgv: ['--expose-gc'], serialization: 'advanced' });
  child.send({ job, quick });
  const [result] = await once(child, 'message');
  child.kill();
  return result;
}
