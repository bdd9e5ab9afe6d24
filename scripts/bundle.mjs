// Joins the modules that a cold start loads into a few files, in place, after `tsc`: Node takes
// about half a millisecond for each module, and `powerbox run` has more than a hundred in each of
// its two processes (docs/benchmarks.md has the numbers). Packages stay as they are installed,
// but for a few that are text like ours.
// Every other file of dist is left alone, so that each module can still be imported by itself.
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [dist = join(root, 'dist')] = process.argv.slice(2);

/** Verbs whose whole work is to ask the daemon. */
const DOOR_VERBS = ['can', 'grant', 'grants', 'guest', 'name', 'pending', 'power', 'revoke'];

/** Packages of text like ours; `zod` alone has eighty modules. */
const READ_AT_START = ['commander', 'capnweb', 'ws', 'zod'];

await bundleCommandLine(join(dist, 'cli'));
await bundleDaemon(join(dist, 'daemon'));
await bundleWhole(join(dist, 'egress'));
await bundleWhole(join(dist, 'egress/fetch'));
await bundleWhole(join(dist, 'host/command'));
await bundleSealed(join(dist, 'boxes/compartment/worker'));
await bundleSealed(join(dist, 'agent/runner'));

/**
 * `main.js` stays small. What every verb needs is one file, what `run` needs besides is another,
 * and so is what the verbs that ask the daemon need; each other verb is loaded when asked for.
 */
async function bundleCommandLine(folder) {
  const main = join(folder, 'main.js');
  const verbs = join(folder, 'verbs.js');
  const chunks = join(folder, 'chunks');
  rmSync(chunks, { recursive: true, force: true });
  const shown = ['table', 'text', 'time', 'colour'].map((name) => `render/${name}.js`);
  const core = reachedFrom(folder, ['main.js', 'context.js', ...shown]);
  // A module that waits for `main` must not be in the file that `main` waits for.
  core.delete(main);
  core.delete(verbs);
  const door = reachedFrom(folder, [
    '../daemon/client.js',
    ...DOOR_VERBS.map((verb) => `commands/${verb}.js`),
  ]);
  const run = reachedFrom(folder, ['commands/run.js']);
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
    codeSplitting: {
      groups: [
        { name: 'core', priority: 4, test: (id) => core.has(id) || id.includes('/commander/') },
        // Else `run` would load what the others talk to the daemon with, which it does not need.
        { name: 'shared', priority: 3, test: (id) => door.has(id) && run.has(id) },
        { name: 'door', priority: 2, test: (id) => door.has(id) || id.includes('/capnweb/') },
        { name: 'run', priority: 1, test: (id) => run.has(id) },
      ],
    },
  });
}

/** `main.js` takes the lock before it loads the rest: of many that start at once, one goes on. */
async function bundleDaemon(folder) {
  const main = join(folder, 'main.js');
  const chunks = join(folder, 'chunks');
  rmSync(chunks, { recursive: true, force: true });
  const first = reachedFrom(folder, ['main.js']);
  const rest = reachedFrom(folder, ['open-daemon.js']);
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
    codeSplitting: {
      groups: [
        { name: 'first', priority: 2, test: (id) => id !== main && first.has(id) },
        { name: 'daemon', priority: 1, test: (id) => rest.has(id) || isReadAtStart(id) },
      ],
    },
  });
}

async function bundleWhole(folder) {
  const bundle = await rolldown({
    input: { main: join(folder, 'main.js') },
    platform: 'node',
    external: isPackage,
    plugins: [keepPlaces(() => folder)],
  });
  await bundle.write({ dir: folder, entryFileNames: '[name].js', codeSplitting: false });
}

/**
 * A program for a box that has nothing but Node: with all its packages, as `main.cjs`, and beside it
 * what it loads later. As CommonJS, which Node starts 10 ms sooner than a module.
 */
async function bundleSealed(folder) {
  for (const name of readdirSync(folder)) if (name.endsWith('.cjs')) rmSync(join(folder, name));
  const bundle = await rolldown({
    input: { main: join(folder, 'main.js') },
    platform: 'node',
    external: [/^node:/],
  });
  await bundle.write({
    dir: folder,
    format: 'cjs',
    // What is a module is strict, and SES starts in no other way.
    banner: "'use strict';",
    entryFileNames: '[name].cjs',
    chunkFileNames: '[name].cjs',
    comments: { legal: true },
  });
}

/** Packages stay apart, but for those that are read at a cold start. */
function isPackage(id) {
  return !id.startsWith('.') && !id.startsWith('/') && !READ_AT_START.includes(id);
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

function isReadAtStart(id) {
  return READ_AT_START.some((name) => id.includes(`/node_modules/${name}/`));
}

function reachedFrom(folder, files) {
  return new Set(files.flatMap((file) => [...reached(join(folder, file))]));
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
