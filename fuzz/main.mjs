// Feeds changed inputs to every parser for a time: npm run fuzz -- [--seed N] [--seconds N] [TARGET…]
// The seed is printed, and the same seed makes the same inputs. An input that breaks a promise is
// kept in fuzz/repros, where `npm test` tries it again from then on.
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/** Time for starting and for making an input shorter, beyond the time that was asked for. */
const REST_SECONDS = 300;
const TARGETS_MAX = 16;

const { values, positionals: targets } = parseArgs({
  options: { seed: { type: 'string' }, seconds: { type: 'string', default: '30' } },
  allowPositionals: true,
});
const seed = values.seed === undefined ? randomInt(2 ** 32) : whole('seed', values.seed);
const seconds = whole('seconds', values.seconds);
process.stdout.write(`fuzzing ${seconds} s each, --seed ${seed}\n`);

const root = join(import.meta.dirname, '..');
const vitest = join(root, 'node_modules/vitest/vitest.mjs');
const { status, signal } = spawnSync(
  process.execPath,
  [vitest, 'run', '--config', join(root, 'fuzz/vitest.config.ts')],
  {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, FUZZ: JSON.stringify({ seed, seconds, targets }) },
    // An input that a target never comes back from ends here, and the seed tells which it was.
    timeout: (seconds * TARGETS_MAX + REST_SECONDS) * 1000,
    killSignal: 'SIGKILL',
  },
);
if (signal !== null) process.stdout.write(`a target hangs: --seed ${seed}\n`);
process.exitCode = status ?? 1;

function whole(name, text) {
  if (/^[0-9]{1,10}$/.test(text)) return Number(text);
  process.stderr.write(`--${name} is a whole number.\n`);
  process.exit(64);
}
