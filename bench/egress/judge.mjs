// The rows of the comparison, and what is aimed at.
import { printTable } from '../support/report.mjs';
import { NAMES } from './contenders.mjs';

export function printRows(rows, rounds, seconds) {
  const number = (of, digits) => (of === null ? '-' : of.median.toFixed(digits));
  printTable(
    `egress: ${rounds} rounds of ${seconds} s each, in turns; medians; x: beside powerbox, secret and scrub`,
    ['', '', 'requests/s', 'x', 'MB/s', 'p50 ms', 'p99 ms', 'processor, us a request', 'x'],
    rows.map((row) =>
      row.perSecond === null
        ? [row.phase, row.client, ...Array(7).fill('-')]
        : [
            row.phase,
            row.client,
            number(row.perSecond, 0),
            times(row.toPowerbox?.perSecond),
            number(row.megabytesPerSecond, 1),
            number(row.p50Ms, 2),
            number(row.p99Ms, 2),
            spread(row.cpuUs),
            times(row.toPowerbox?.cpu),
          ],
    ),
  );
}

/** Beside that of Powerbox with its secret. */
function times(ratio) {
  return typeof ratio === 'number' ? ratio.toFixed(2) : '';
}

function spread(cpuUs) {
  if (cpuUs === null) return '';
  return `${cpuUs.median.toFixed(0)} (${cpuUs.min.toFixed(0)}-${cpuUs.max.toFixed(0)})`;
}

export function printMemory(memory) {
  printTable(
    'memory of what is in between, MiB',
    ['', 'before', 'after', 'at most'],
    memory.map((row) => [
      row.client,
      ...[row.before, row.after, row.most].map((mib) => mib.toFixed(0)),
    ]),
  );
}

/** Powerbox against what is aimed at, in the phase `phase`; a rival that is not here is left out. */
export function judge(rows, phase) {
  const of = (client) => rows.find((row) => row.phase === phase && row.client === client);
  const powerbox = of(NAMES.powerbox);
  const srt = of(NAMES.srt);
  const mitmproxy = of(NAMES.mitmproxy);
  const targets = [target('processor, us a request', powerbox.cpuUs.median, 'at most', 160)];
  if (srt !== undefined) {
    targets.push(
      target('processor, of srt', powerbox.cpuUs.median / srt.cpuUs.median, 'at most', 1 / 3),
      target('p99 ms, beside that of srt', powerbox.p99Ms.median, 'at most', srt.p99Ms.median),
      target('requests/s, of srt', powerbox.perSecond.median / srt.perSecond.median, 'at least', 3),
    );
  }
  if (mitmproxy !== undefined) {
    const ratio = powerbox.perSecond.median / mitmproxy.perSecond.median;
    targets.push(target('requests/s, of mitmproxy', ratio, 'at least', 8));
  }
  printTable(
    `powerbox, secret and scrub: ${phase}`,
    ['', 'measured', 'aimed at', ''],
    targets.map(({ what, is, word, aim, met }) => [
      what,
      is.toFixed(2),
      `${word} ${aim.toFixed(2)}`,
      met ? 'met' : 'missed',
    ]),
  );
  return targets;
}

function target(what, is, word, aim) {
  return { what, is, word, aim, met: word === 'at most' ? is <= aim : is >= aim };
}
