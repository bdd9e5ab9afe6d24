// Programs that a benchmark compares with, and that Powerbox itself has no use for. What is not
// installed is fetched into a folder of its own; nothing of the system is changed.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

const CACHE = process.env.POWERBOX_BENCH_CACHE ?? join(tmpdir(), 'powerbox-bench');
const ROOT = join(CACHE, 'root');
/** What is compared with has to be the same for all who compare. */
const SRT = '0.0.83';
/** A Node for programs that this one is too old for. */
const NODE = '24.9.0';
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
 * @anthropic-ai/sandbox-runtime with a Node that runs it: `version`, `home` (the package's folder),
 * `path` (its command) and `node` (the program to start it with). Null without a registry.
 */
export function sandboxRuntime() {
  const folder = join(CACHE, `srt-${SRT}`);
  const home = join(folder, 'node_modules/@anthropic-ai/sandbox-runtime');
  try {
    if (!existsSync(home)) install(folder, `@anthropic-ai/sandbox-runtime@${SRT}`);
    const { version, bin, engines } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'));
    const command = typeof bin === 'string' ? bin : Object.values(bin)[0];
    return { version, home, path: join(home, command), node: nodeFor(engines.node) };
  } catch (error) {
    console.error(`  srt cannot be had: ${String(error.message).split('\n')[0]}`);
    return null;
  }
}

/** The path of this Node when it is new enough for `wanted` (">=22.12.0"), else of a fetched one. */
function nodeFor(wanted) {
  const [major, minor] = wanted.match(/\d+/g).map(Number);
  const [ownMajor, ownMinor] = process.versions.node.split('.').map(Number);
  if (ownMajor > major || (ownMajor === major && ownMinor >= minor)) return process.execPath;
  const folder = join(CACHE, `node-${NODE}`);
  const name = `node-linux-${process.arch}`;
  const program = join(folder, 'node_modules', name, 'bin/node');
  if (!existsSync(program)) install(folder, `${name}@${NODE}`);
  return program;
}

/** The path of mitmdump; null where there is none, and standard error says how to install it. */
export function mitmproxy() {
  const path = locate('mitmdump');
  if (path === null) console.error('  mitmproxy is not here; to install it: apt install mitmproxy');
  return path;
}

function install(folder, wanted) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  npm(['install', '--no-audit', '--no-fund', '--ignore-scripts', wanted], folder);
}

function npm(args, cwd) {
  execFileSync('npm', args, { cwd, stdio: 'ignore' });
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
