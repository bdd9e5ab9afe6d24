// Joins the modules that a cold start loads into a few files, in place, after `tsc`: Node takes
// about half a millisecond for each module, and `powerbox run` has more than a hundred in each of
// its two processes (docs/benchmarks.md has the numbers). Packages stay as they are installed,
// but for commander, which is text like ours.
// Every other file of dist is left alone, so that each module can still be imported by itself.
import { readFileSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [dist = join(root, 'dist')] = process.argv.slice(2);

await bundleCommandLine(join(dist, 'cli'));
await bundleEgress(join(dist, 'egress'));

/** `main.js` stays small; what `run` needs is one file; each other verb is loaded when asked for. */
async function bundleCommandLine(folder) {
  const main = join(folder, 'main.js');
  const verbs = join(folder, 'verbs.js');
  const chunks = join(folder, 'chunks');
  rmSync(chunks, { recursive: true, force: true });
  const needed = new Set([...reached(main), ...reached(join(folder, 'commands/run.js'))]);
  // A module that waits for `main` must not be in the file that `main` waits for.
  needed.delete(main);
  needed.delete(verbs);
  const bundle = await rolldown({
    input: { main },
    platform: 'node',
    external: isPackage,
    plugins: [keepPlaces((id) => (id === main ? folder : chunks))],
  });
  await bundle.write({
    dir: folder,
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name].js',
    codeSplitting: { groups: [{ name: 'run', test: (id) => needed.has(id) }] },
  });
}

async function bundleEgress(folder) {
  const bundle = await rolldown({
    input: { main: join(folder, 'main.js') },
    platform: 'node',
    external: isPackage,
    plugins: [keepPlaces(() => folder)],
  });
  await bundle.write({ dir: folder, entryFileNames: '[name].js', codeSplitting: false });
}

/** Packages stay apart, but for the one that every cold start reads. */
function isPackage(id) {
  return !id.startsWith('.') && !id.startsWith('/') && id !== 'commander';
}

/** A module that finds files beside itself finds them where they are, wherever it is joined. */
function keepPlaces(folderOf) {
  return {
    name: 'keep-places',
    transform(code, id) {
      if (!code.includes('import.meta.url')) return null;
      const place = JSON.stringify(relative(folderOf(id), id));
      return code.replaceAll('import.meta.url', `new URL(${place}, import.meta.url).href`);
    },
  };
}

/** A module and all that it imports at once, as `tsc` writes such imports. */
function reached(path, seen = new Set()) {
  if (seen.has(path)) return seen;
  seen.add(path);
  const text = readFileSync(path, 'utf8');
  for (const [, target] of text.matchAll(/^(?:import|export)\b[^;]*?from '(\.[^']+)';/gm)) {
    reached(join(dirname(path), target), seen);
  }
  return seen;
}
