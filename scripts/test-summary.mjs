// Runs vitest and ends with one plain line, `N passed, N failed`, for whoever reads a log.
// Arguments go to vitest; the exit status is vitest's own.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'test-summary-'));
const report = join(folder, 'report.json');
const vitest = join(root, 'node_modules/vitest/vitest.mjs');
const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
const { status } = spawnSync(
  process.execPath,
  [vitest, 'run', ...reporters, ...process.argv.slice(2)],
  { cwd: root, stdio: 'inherit' },
);
process.stdout.write(`${summary(status)}\n`);
process.exitCode = status ?? 1;
rmSync(folder, { recursive: true, force: true });

/** A file that could not even be loaded counts as one failure: none of its tests ran. */
function summary(status) {
  try {
    const result = JSON.parse(readFileSync(report, 'utf8'));
    const unloaded = result.testResults.filter(
      (file) => file.status === 'failed' && !file.assertionResults.some(failed),
    );
    return `${result.numPassedTests} passed, ${result.numFailedTests + unloaded.length} failed`;
  } catch {
    return `0 passed, 1 failed (vitest ended with status ${status} and wrote no report)`;
  }
}

function failed(test) {
  return test.status === 'failed';
}
