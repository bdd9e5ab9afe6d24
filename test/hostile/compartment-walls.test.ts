import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readNodeFiles } from '../../src/boxes/compartment/node-files.ts';
import { workerSpec } from '../../src/boxes/compartment/walls.ts';
import { ALLOWED, CHECKED } from '../../src/boxes/process/bare-filter.ts';
import { processor } from '../../src/boxes/process/plan.ts';
import { processState } from '../../src/boxes/process/proc.ts';
import {
  type Bench,
  type Ended,
  openBench,
  runBox,
  STARTERS,
  type Starter,
  USER_ID,
} from '../integration/box-harness.ts';

/**
 * What a worker could do if its code had broken out of its compartment, and out of the engine:
 * first with all that Node has, then with the system calls themselves.
 */

let bench: Bench;
let main: string;
const HERE = dirname(fileURLToPath(import.meta.url));

beforeAll(() => {
  bench = openBench('built');
  main = join(bench.dist, 'tricks/main.cjs');
  mkdirSync(dirname(main));
  cpSync(join(HERE, 'support/worker-tricks.cjs'), main);
  cpSync(join(HERE, '../integration/worker-driver.mjs'), join(bench.dist, '../worker-driver.mjs'));
  execFileSync('chmod', ['-R', 'a+rX', bench.dist]);
});
afterAll(() => bench.close());

function inWalls(starter: Starter, program: readonly string[], sources: readonly string[]) {
  const room = bench.room(starter);
  const { env, limits, walls, mounts, cwd } = workerSpec({
    ...{ id: 'x', stateDir: room.state, main, memoryBytes: 256 * 1024 ** 2 },
  });
  const further = sources.map((path) => ({
    source: realpathSync(path),
    target: path,
    access: 'ro' as const,
  }));
  const known = new Set(mounts.map(({ target }) => target));
  return runBox(bench, room, {
    ...{ program, env, limits, cwd },
    ...(walls === undefined ? {} : { walls }),
    mounts: [...mounts, ...further.filter(({ target }) => !known.has(target))],
  });
}

const readings = ({ stdout }: Ended): Record<string, string> =>
  Object.fromEntries(
    stdout
      .trim()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );

describe.each(STARTERS)('a worker of %s that has broken out of its engine', (starter) => {
  test('finds nothing to read, write, reach, start or end with what Node has', async () => {
    const flags = workerSpec({ id: 'x', stateDir: '/', main, memoryBytes: 256 * 1024 ** 2 });
    const told = await inWalls(starter, flags.program, []);
    expect(told).toMatchObject({ status: 0 });
    const outside = execFileSync(process.execPath, [main], {
      encoding: 'utf8',
      env: { PATH: '/usr/bin:/bin', HOST_SECRET: 'of the host' },
    });
    const control = readings({ stdout: outside } as Ended);
    const got = readings(told);
    expect(Object.keys(got)).toEqual(Object.keys(control));
    for (const [trick, result] of Object.entries(control)) expect(result, trick).toBe('done');
    for (const [trick, result] of Object.entries(got)) expect(result, trick).not.toBe('done');
  });

  test('has no system call but those that are named', async () => {
    const index = processor() === 'x64' ? 0 : 1;
    const named = [...Object.values(ALLOWED), ...Object.values(CHECKED)].map((row) => row[index]);
    const skipped = [...named.filter((number) => number !== null), ...TRAMPOLINES].join(',');
    const script = `for my $nr (0 .. 470) {
      next if grep { $_ == $nr } (${skipped});
      $! = 0;
      my $r = syscall($nr, -1, -1, -1, -1, -1, -1);
      print "$nr=", ($r == -1 ? $! + 0 : "done"), "\\n";
    }`;
    const told = readings(await perl(starter, script));
    expect(Object.keys(told).length).toBeGreaterThan(350);
    expect(new Set(Object.values(told))).toEqual(new Set(['38']));
  });

  test('cannot use those for more than they are let in for', async () => {
    const got = readings(await perl(starter, TRICKS));
    for (const [trick, result] of Object.entries(got)) expect(result, trick).not.toBe('done');
    const outside = execFileSync('/usr/bin/perl', ['-e', TRICKS], {
      encoding: 'utf8',
      ...(process.getuid?.() === 0 ? { uid: USER_ID, gid: USER_ID } : {}),
      cwd: '/tmp',
    });
    const control = readings({ stdout: outside } as Ended);
    expect(Object.keys(got)).toEqual(Object.keys(control));
    for (const [trick, result] of Object.entries(control)) expect(result, trick).toBe('done');
  });

  function perl(by: Starter, script: string): Promise<Ended> {
    const { program, libraries } = readNodeFiles('/usr/bin/perl');
    // By its path: perl opens /dev/null for a script in its arguments.
    const file = join(bench.dist, 'tricks/script.pl');
    writeFileSync(file, script, { mode: 0o644 });
    return inWalls(by, [program, file], [program, ...libraries, file]);
  }
});

/** uretprobe and uprobe: no filter sees them, and they end whom the kernel did not send there. */
const TRAMPOLINES = [335, 336];

/** Starts a worker as `starter` does, in a process of its own. */
function drive(starter: Starter, asked: object): ChildProcess {
  const { state } = bench.room(starter);
  const driver = join(bench.dist, '../worker-driver.mjs');
  const asUser = starter === 'user' && process.getuid?.() === 0;
  return spawn(process.execPath, [driver, bench.dist, JSON.stringify({ boxes: state, ...asked })], {
    stdio: ['ignore', 'pipe', 'inherit'],
    ...(asUser ? { uid: USER_ID, gid: USER_ID } : {}),
  });
}

async function textOf(child: ChildProcess): Promise<string> {
  let text = '';
  child.stdout?.on('data', (data) => {
    text += data;
  });
  await once(child, 'close');
  return text;
}

describe.each(STARTERS)('a worker of %s', (starter) => {
  test('evaluates, as nobody, with no authority', async () => {
    const programs = ['1 + 1', '"x".repeat(3)'];
    const { results, ended, status } = JSON.parse(await textOf(drive(starter, { programs })));
    expect(results).toEqual([{ resolve: 2 }, { resolve: 'xxx' }]);
    expect(ended).toEqual({ why: 'killed', status: 137 });
    const line = (name: string): string | undefined =>
      new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(status)?.[1];
    expect(line('NoNewPrivs')).toBe('1');
    expect(line('Seccomp')).toBe('2');
    expect(line('CapEff')).toBe('0000000000000000');
    expect(line('CapBnd')).toBe('0000000000000000');
    // Outside, in its starter's namespace, and in its own: it is not the first of any.
    expect(line('NSpid')?.split('\t').length).toBeGreaterThanOrEqual(3);
    if (starter === 'root') expect(Number(line('Uid')?.split('\t')[0])).toBeGreaterThan(65_536);
  });

  test('ends when its memory is used up, by whatever keeps the limit here', async () => {
    const programs = ['const a = []; for (;;) a.push({ a: [1, 2, 3] });'];
    const asked = { programs, memoryBytes: 128 * 1024 ** 2 };
    const { results, ended } = JSON.parse(await textOf(drive(starter, asked)));
    expect(results).toEqual(['ended']);
    expect(ended.why).toBe('memory');
  });

  test('has no more bytes than its limit, by whatever keeps it here', async () => {
    const buffer = 'new Uint8Array(2 ** 31 - 1).fill(1).length';
    const asked = { programs: [buffer], memoryBytes: 128 * 1024 ** 2 };
    const { results, ended, stats } = JSON.parse(await textOf(drive(starter, asked)));
    // A limit on what is reserved refuses the buffer; one on what is used ends the process.
    if (results[0] === 'ended') expect(ended.why).toBe('memory');
    else expect(JSON.stringify(results[0])).toMatch(/evaluation-failed.*RangeError/);
    expect(stats.memoryBytes).toBeLessThan(128 * 1024 ** 2);
  });

  test('dies with its starter', async () => {
    const child = drive(starter, { programs: ['await new Promise(() => {})'], tell: true });
    const [data] = (await once(child.stdout as Readable, 'data')) as [Buffer];
    const { pid } = JSON.parse(String(data)) as { pid: number };
    expect(processState(pid)).toBeDefined();
    child.kill('SIGKILL');
    const end = Date.now() + 10_000;
    while (processState(pid) !== undefined && Date.now() < end) await sleep(10);
    expect(processState(pid)).toBeUndefined();
  });
});

const nr = (name: keyof typeof CHECKED): number =>
  CHECKED[name][processor() === 'x64' ? 0 : 1] ?? -1;

/** Prints what each did; harmless where it is let through. */
const TRICKS = `
  my $file = "/tmp/powerbox-walls-$$\\0";
  sub try { my ($name, @a) = @_; $! = 0; my $r = syscall(shift @a, @a); print "$name=", ($r == -1 ? $! + 0 : "done"), "\\n"; return $r }
  my $pid = fork; if (defined $pid && $pid == 0) { exit 0 } print "fork=", (defined $pid ? "done" : $! + 0), "\\n";
  try('socket-unix', ${nr('socket')}, 1, 1, 0);
  try('socket-inet', ${nr('socket')}, 2, 1, 0);
  try('socket-inet6', ${nr('socket')}, 10, 2, 0);
  try('socket-netlink', ${nr('socket')}, 16, 3, 0);
  try('open-to-make', ${nr('openat')}, -100, $file, 0101, 0600);
  try('open-to-append', ${nr('openat')}, -100, $file, 02001, 0600);
  try('open-to-write-what-is-there', ${nr('openat')}, -100, $file, 2, 0);
  try('open-a-nameless-file', ${nr('openat')}, -100, "/tmp\\0", 020200002, 0600);
  unlink substr($file, 0, -1);
  my $limit = pack 'Q Q', 100, 100;
  try('set-a-limit', ${nr('prlimit64')}, 0, 4, $limit, 0);
  try('outlive-its-starter', ${nr('prctl')}, 1, 0, 0, 0, 0);
  try('be-dumpable', ${nr('prctl')}, 4, 1, 0, 0, 0);
  try('signals-for-input', ${nr('fcntl')}, 0, 8, $$);
  try('name-the-terminal', ${nr('ioctl')}, 1, 0x5452, "\\0\\0\\0\\0");
  try('signal-itself', ${nr('tgkill')}, $$, $$, 18);
  print "proc=", (open(my $own, '<', '/proc/self/status') ? "done" : $! + 0), "\\n";
  print "folder=", (opendir(my $root, '/etc') ? "done" : $! + 0), "\\n";
`;
