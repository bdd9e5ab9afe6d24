// Feeds changed inputs to every parser for a time:
//   npm run fuzz -- [--seed N] [--seconds N] [--report FILE] [TARGET…]
// The seed is printed, and the same seed makes the same inputs. An input that breaks a promise is
// kept in fuzz/repros, where `npm test` tries it again from then on. The report is JSON by target;
// what it has of targets that did not run now stays.
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/** Time for starting and for making an input shorter, beyond the time that was asked for. */
const REST_SECONDS = 300;
const TARGETS_MAX = 32;

const { values, positionals: targets } = parseArgs({
  options: {
    seed: { type: 'string' },
    seconds: { type: 'string', default: '30' },
    report: { type: 'string' },
  },
  allowPositionals: true,
});
const seed = values.seed === undefined ? randomInt(2 ** 32) : whole('seed', values.seed);
const seconds = whole('seconds', values.seconds);
process.stdout.write(`fuzzing ${seconds} s each, --seed ${seed}\n`);

const folder = mkdtempSync(join(tmpdir(), 'powerbox-fuzz-'));
const outcomes = join(folder, 'outcomes');
const root = join(import.meta.dirname, '..');
const vitest = join(root, 'node_modules/vitest/vitest.mjs');
const { status, signal } = spawnSync(
  process.execPath,
  [vitest, 'run', '--config', join(root, 'fuzz/vitest.config.ts')],
  {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, FUZZ: JSON.stringify({ seed, seconds, targets, outcomes }) },
    // An input that a target never comes back from ends here, and the seed tells which it was.
    timeout: (seconds * TARGETS_MAX + REST_SECONDS) * 1000,
    killSignal: 'SIGKILL',
  },
);
if (signal !== null) process.stdout.write(`a target hangs: --seed ${seed}\n`);
process.exitCode = status ?? 1;
if (values.report !== undefined) report(values.report);
rmSync(folder, { recursive: true });

function report(file) {
  const known = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const date = new Date().toISOString();
  const lines = existsSync(outcomes) ? readFileSync(outcomes, 'utf8').trim().split('\n') : [];
  for (const line of lines) {
    const { target, ...outcome } = JSON.parse(line);
    known[target] = { date, node: process.version, seconds, seed, ...outcome };
  }
  const sorted = Object.fromEntries(Object.entries(known).sort());
  writeFileSync(file, `${JSON.stringify(sorted, null, 2)}\n`);
}

function whole(name, text) {
  if (/^[0-9]{1,10}$/.test(text)) return Number(text);
  process.stderr.write(`--${name} is a whole number.\n`);
  process.exit(64);
}
