// npm run conformance -- [--target powerbox|srt|mitmproxy|none]… [--json] [--only 10,11] [--write]
// Joins the sources of this folder into one file, and runs that in namespaces of its own.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

const root = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'powerbox-conformance-'));
let status = 1;
try {
  const bundle = await rolldown({
    input: join(root, 'conformance/run.ts'),
    platform: 'node',
    external: /^node:/,
  });
  await bundle.write({ file: join(folder, 'run.mjs') });
  const program = [process.execPath, join(folder, 'run.mjs'), root, ...process.argv.slice(2)];
  const rooted = process.getuid() === 0;
  // Who is not root gets the same rights over namespaces of their own, and over nothing else.
  const user = rooted ? [] : ['--user', '--map-current-user', '--keep-caps'];
  const words = [...user, '--net', '--mount', ...program];
  const ended = spawnSync('unshare', words, { cwd: root, stdio: 'inherit' });
  if (ended.error !== undefined) console.error(`Cannot run unshare: ${ended.error.message}`);
  status = ended.status ?? 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = status;
