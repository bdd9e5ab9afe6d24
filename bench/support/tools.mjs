// Programs that a benchmark compares with, and that Powerbox itself has no use for. What is not
// installed is fetched into a folder of its own; nothing of the system is changed.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

const CACHE = process.env.POWERBOX_BENCH_CACHE ?? join(tmpdir(), 'powerbox-bench');
const ROOT = join(CACHE, 'root');
/** Debian's packages, with the libraries of theirs that a small system lacks. */
const PACKAGES = { nginx: ['nginx'], socat: ['socat', 'libwrap0'], rg: ['ripgrep'] };

/** The environment in which `programs` are found, or null when one cannot be had. */
export function withPrograms(programs) {
  const missing = programs.filter((name) => locate(name) === null);
  for (const name of missing) fetchPackage(PACKAGES[name] ?? []);
  if (programs.some((name) => locate(name) === null)) return null;
  const libraries = existsSync(ROOT)
    ? ['usr/lib', 'lib'].flatMap((folder) => machineFolders(join(ROOT, folder)))
    : [];
  return {
    ...process.env,
    PATH: [...binaries(), process.env.PATH].join(delimiter),
    ...(libraries.length === 0 ? {} : { LD_LIBRARY_PATH: libraries.join(delimiter) }),
  };
}

/** The path of a program, or null. */
export function locate(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...binaries(), '/usr/sbin'];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}

/**
 * The newest version of @anthropic-ai/sandbox-runtime that says it runs on this Node, with its
 * version; null without a registry.
 */
export function sandboxRuntime() {
  const folder = join(CACHE, 'srt');
  const home = join(folder, 'node_modules/@anthropic-ai/sandbox-runtime');
  try {
    if (!existsSync(home)) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'package.json'), '{"private":true}');
      const wanted = `@anthropic-ai/sandbox-runtime@${newestForThisNode()}`;
      npm(['install', '--no-audit', '--no-fund', '--ignore-scripts', wanted], folder);
    }
    const { version, bin } = JSON.parse(
      execFileSync(
        process.execPath,
        ['-p', `JSON.stringify(require(${JSON.stringify(`${home}/package.json`)}))`],
        {
          encoding: 'utf8',
        },
      ),
    );
    return { version, path: join(home, typeof bin === 'string' ? bin : Object.values(bin)[0]) };
  } catch (error) {
    console.error(`  srt cannot be had: ${String(error.message).split('\n')[0]}`);
    return null;
  }
}

function newestForThisNode() {
  const major = Number(process.versions.node.split('.')[0]);
  const versions = JSON.parse(npm(['view', '@anthropic-ai/sandbox-runtime', 'versions', '--json']));
  for (const version of versions.reverse().slice(0, 12)) {
    const wants = npm(['view', `@anthropic-ai/sandbox-runtime@${version}`, 'engines.node']).trim();
    const least = Number(/\d+/.exec(wants)?.[0] ?? 0);
    if (least <= major) return version;
  }
  throw new Error(`no version of srt runs on Node ${major}`);
}

function npm(args, cwd = CACHE) {
  mkdirSync(cwd, { recursive: true });
  return execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}

function fetchPackage(names) {
  if (names.length === 0) return;
  const folder = join(CACHE, 'packages');
  mkdirSync(folder, { recursive: true });
  for (const name of names) {
    if (spawnSync('apt-get', ['download', name], { cwd: folder, stdio: 'ignore' }).status !== 0)
      return;
    const file = readdirSync(folder).find((entry) => entry.startsWith(`${name}_`));
    if (file !== undefined) spawnSync('dpkg-deb', ['-x', join(folder, file), ROOT]);
  }
}

function binaries() {
  return ['usr/bin', 'usr/sbin'].map((folder) => join(ROOT, folder));
}

function machineFolders(folder) {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => /-linux-gnu/.test(name));
  return names.map((name) => join(folder, name));
}
