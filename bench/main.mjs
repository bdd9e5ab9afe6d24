// npm run bench -- NAME [--quick]: prints a table and writes bench/results/NAME.json. What is
// compared is measured in one run, in turns, because the machine's noise is that of all of them.
import { circumstances, writeResults } from './support/report.mjs';

const NAMES = [
  'start',
  'egress',
  'boxes',
  'journal',
  'state',
  'gateway',
  'compartments',
  'verdict',
  'kernel',
  'fairness',
  'confine',
];
const [name = 'all', ...flags] = process.argv.slice(2);
const chosen = name === 'all' ? NAMES : [name];

if (!chosen.every((one) => NAMES.includes(one))) {
  console.error(`Usage: npm run bench -- ${[...NAMES, 'all'].join('|')} [--quick]`);
  process.exit(64);
}
for (const one of chosen) {
  const { measure } = await import(`./${one}.mjs`);
  const before = circumstances();
  writeResults(one, before, await measure({ quick: flags.includes('--quick') }));
}
