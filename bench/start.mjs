// What a person waits for: `powerbox run -- true` from a cold command line, and a first request.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CLI, HOST, introduce, makePlace, startUpstream } from './support/place.mjs';
import { printTable, summary } from './support/report.mjs';
import { sandboxRuntime, withPrograms } from './support/tools.mjs';

const TIMED = new URL('support/timed.pl', import.meta.url).pathname;
const NODE = process.execPath;

export async function measure({ quick }) {
  const rounds = quick ? 5 : 25;
  const place = makePlace();
  const upstream = await startUpstream(place);
  try {
    introduce(place, upstream);
    const contenders = makeContenders(place, upstream);
    const samples = new Map(contenders.map(({ name }) => [name, []]));
    // The first round only fills caches.
    for (let round = 0; round <= rounds; round++) {
      for (const { name, command, cwd, env } of contenders) {
        const taken = time(command, cwd, env);
        if (taken.status !== 0) throw new Error(`${name} ended with status ${taken.status}`);
        if (round > 0) samples.get(name).push(taken);
      }
    }
    return report(contenders, samples, upstream, rounds);
  } finally {
    upstream.close();
    place.close();
  }
}

function makeContenders(place, upstream) {
  const env = place.env;
  const cwd = place.workspace;
  const repository = makeRepository(place);
  const run = [NODE, CLI, 'run'];
  const url = `https://${HOST}/1k`;
  const direct = [
    '--resolve',
    `${HOST}:${upstream.port}:127.0.0.1`,
    `https://${HOST}:${upstream.port}/1k`,
  ];
  writeFileSync(join(place.root, 'ca.pem'), upstream.ca);
  return [
    { name: 'powerbox run -- true', cwd, env, command: [...run, '--', 'true'] },
    ...srt(place),
    {
      name: 'powerbox run -- true (git repository)',
      cwd: repository,
      env,
      command: [...run, '--', 'true'],
    },
    {
      name: 'powerbox run -- curl (first request)',
      cwd,
      env,
      command: [...run, '--allow', HOST, '--', 'curl', '-sf', url],
    },
    {
      name: 'curl without a box',
      cwd,
      env,
      command: ['curl', '-sf', '--cacert', join(place.root, 'ca.pem'), ...direct],
    },
    { name: 'node -e 0', cwd, env, command: [NODE, '-e', '0'] },
    {
      name: 'bwrap true',
      cwd,
      env,
      command: [
        'bwrap',
        '--unshare-all',
        '--ro-bind',
        '/',
        '/',
        '--proc',
        '/proc',
        '--dev',
        '/dev',
        'true',
      ],
    },
  ];
}

function srt(place) {
  const env = withPrograms(['socat', 'rg']);
  const runtime = env === null ? null : sandboxRuntime();
  if (runtime === null) return [];
  const settings = join(place.root, 'srt.json');
  const network = { allowedDomains: [HOST], deniedDomains: [] };
  const filesystem = { denyRead: [], allowWrite: [place.workspace], denyWrite: [] };
  writeFileSync(settings, JSON.stringify({ network, filesystem }));
  const command = [runtime.node, runtime.path, '-s', settings, '-c', 'true'];
  return [
    { name: `srt ${runtime.version} -c true`, srt: true, cwd: place.workspace, env, command },
  ];
}

/** A small repository, as most workspaces are one. */
function makeRepository(place) {
  const folder = join(place.root, 'repository');
  mkdirSync(join(folder, 'src'), { recursive: true });
  for (let file = 0; file < 100; file++)
    writeFileSync(join(folder, 'src', `${file}.js`), 'export {};\n');
  const git = (...args) => execFileSync('git', ['-C', folder, ...args], { stdio: 'ignore' });
  git('init');
  git('add', '.');
  git('-c', 'user.name=bench', '-c', 'user.email=bench@bench.example', 'commit', '-m', 'one');
  return folder;
}

function time(command, cwd, env) {
  return JSON.parse(execFileSync('perl', [TIMED, cwd, ...command], { env, encoding: 'utf8' }));
}

function report(contenders, samples, upstream, rounds) {
  const rows = contenders.map(({ name, srt: isSrt }) => ({
    name,
    isSrt: isSrt === true,
    wallMs: summary(samples.get(name).map(({ wallMs }) => wallMs)),
    cpuMs: summary(samples.get(name).map(({ cpuMs }) => cpuMs)),
  }));
  const ms = ({ median, min, max }) => `${median.toFixed(1)} (${min.toFixed(0)}-${max.toFixed(0)})`;
  printTable(
    `start: ${rounds} rounds in turns; median (least-most), milliseconds`,
    ['', 'wall', 'processor, all processes'],
    rows.map((row) => [row.name, ms(row.wallMs), ms(row.cpuMs)]),
  );
  const [powerbox] = rows;
  const other = rows.find((row) => row.isSrt);
  const ratio = other && {
    wall: powerbox.wallMs.median / other.wallMs.median,
    wallOfLeast: powerbox.wallMs.min / other.wallMs.min,
    cpu: powerbox.cpuMs.median / other.cpuMs.median,
  };
  if (ratio) {
    console.log(
      `\n  powerbox / srt: wall ${ratio.wall.toFixed(2)}, least wall ${ratio.wallOfLeast.toFixed(2)}, processor ${ratio.cpu.toFixed(2)} (target: wall at most 0.50)`,
    );
  }
  return { upstream: upstream.name, rounds, rows, powerboxToSrt: ratio ?? null };
}
