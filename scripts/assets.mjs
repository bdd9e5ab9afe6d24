// Copies what `tsc` leaves behind, such as the Perl program that starts a box, from src to dist.
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [from = join(root, 'src'), to = join(root, 'dist')] = process.argv.slice(2);
const ASSETS = /\.(pl|json|sql|html|css)$/;

for (const entry of readdirSync(from, { withFileTypes: true, recursive: true })) {
  if (!entry.isFile() || !ASSETS.test(entry.name)) continue;
  const folder = entry.parentPath ?? entry.path;
  const target = join(to, folder.slice(from.length), entry.name);
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(join(folder, entry.name), target);
}
