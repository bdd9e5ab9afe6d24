// Numbers of a run: medians, a table on the terminal, and a file below bench/results.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';

const RESULTS = new URL('../results/', import.meta.url).pathname;

/** Median, least and most of some numbers. */
export function summary(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median =
    sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, min: sorted[0], max: sorted.at(-1), samples: sorted.length };
}

/** The value below which the share `share` of the numbers lies. */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

/** Prints rows of text in columns: the first to the left, the others to the right. */
export function printTable(title, heads, rows) {
  const all = [heads, ...rows].map((row) => row.map(String));
  const widths = heads.map((_, column) => Math.max(...all.map((row) => row[column].length)));
  const line = (row) =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at]) : cell.padStart(widths[at])))
      .join('  ');
  console.log(`\n${title}`);
  for (const row of all) console.log(`  ${line(row)}`);
}

/** What the numbers depend on. */
export function circumstances() {
  const [cpu] = cpus();
  return {
    date: new Date().toISOString(),
    command: `npm run bench -- ${process.argv.slice(2).join(' ')}`,
    commit: commit(),
    node: process.version,
    kernel: release(),
    processors: `${cpus().length} x ${cpu?.model ?? 'unknown'}`,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    load1min: loadavg()[0],
  };
}

/** Writes bench/results/NAME.json. `load1min` of before and after says how quiet the machine was. */
export function writeResults(name, before, results) {
  mkdirSync(RESULTS, { recursive: true });
  const file = join(RESULTS, `${name}.json`);
  const text = JSON.stringify({ ...before, load1minAfter: loadavg()[0], ...results }, null, 2);
  writeFileSync(file, `${text}\n`);
  console.log(
    `\n  load ${before.load1min.toFixed(1)} before, ${loadavg()[0].toFixed(1)} after; written to ${file}`,
  );
}

/** Processor time of a process so far, in milliseconds; the kernel counts in steps of 10. */
export function cpuMs(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** A field of /proc/PID/status or smaps_rollup, in KiB. */
export function memoryKiB(pid, file, field) {
  const text = readFileSync(`/proc/${pid}/${file}`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0);
}

/** The processes that a process has started and that still run. */
export function childrenOf(pid) {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8')
      .split(' ')
      .filter(Boolean)
      .map(Number),
  );
}

function commit() {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}
