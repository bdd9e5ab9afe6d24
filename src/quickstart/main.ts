import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AGENT_SCRIPT, CODE } from './agent-script.ts';
import { type CommandPlace, powerbox } from './command-line.ts';
import { API_HOST, type Demo, GIT_HOST, startDemo } from './demo.ts';
import { claims, type Evidence, gather } from './evidence.ts';
import { journal, painter, sides, verdicts } from './report.ts';

const paint = painter(process.stdout.isTTY === true && !process.env.NO_COLOR);

/**
 * Shows the main job on two servers of its own: a script in a box uses a token that it never
 * holds. Exit status 0 when everything that it says was so, 1 when not. Leaves nothing behind.
 */
async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'powerbox-quickstart-'));
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => interruption.abort(new Error('it was interrupted')));
  }
  let demo: Demo | undefined;
  try {
    demo = await startDemo();
    process.exitCode = report(await perform(demo, folder, interruption.signal));
  } finally {
    await demo?.close();
    // A daemon that was just being started may write until it sees that its home is gone.
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  }
}

const SECRET_FLAGS = [
  `--for=https://${API_HOST}`,
  '--in=header:authorization:bearer',
  `--for=https://${GIT_HOST}`,
  '--in=header:authorization:basic-password',
];
const EVAL_FLAGS = [`--give=api=https://${API_HOST} with ACME_TOKEN`, '--only=api=GET /v1/me'];
const RUN_FLAGS = ['--secret=ACME_TOKEN', `--allow=${API_HOST}`, `--allow=${GIT_HOST}`];

async function perform(demo: Demo, folder: string, interrupted: AbortSignal): Promise<Evidence> {
  const [home, workspace, user] = ['home', 'workspace', 'user'].map((name) => {
    mkdirSync(join(folder, name), { mode: 0o700 });
    return join(folder, name);
  }) as [string, string, string];
  const hosts = { egress: { hosts: demo.hosts } };
  writeFileSync(join(home, 'config.json'), JSON.stringify(hosts), { mode: 0o600 });
  writeFileSync(join(workspace, 'agent.sh'), AGENT_SCRIPT);
  writeFileSync(join(workspace, 'task.js'), CODE);
  const env = { PATH: process.env.PATH ?? '/usr/bin:/bin', HOME: user, POWERBOX_HOME: home };
  const place: CommandPlace = { folder: workspace, env, interrupted };

  heading('Powerbox: a program uses a token that it never holds.');
  step(1, `An API and a git server start: ${API_HOST}, ${GIT_HOST}.`, []);
  step(2, 'Their token goes into the vault, with where it may go.', [
    'powerbox secret set ACME_TOKEN',
    ...SECRET_FLAGS,
  ]);
  // Its daemon comes and goes whole, whatever happens between.
  const uninterrupted = { ...place, interrupted: new AbortController().signal };
  await powerbox(uninterrupted, ['daemon', 'start']);
  try {
    return await play(demo, place);
  } finally {
    await powerbox(uninterrupted, ['daemon', 'stop']);
  }
}

async function play(demo: Demo, place: CommandPlace): Promise<Evidence> {
  const set = await powerbox(place, ['secret', 'set', 'ACME_TOKEN', ...SECRET_FLAGS], demo.token);
  if (set.status !== 0) throw new Error(`powerbox secret set failed: ${set.stderr.trim()}`);
  step(3, 'A script runs in a box: good work, and an attempt at theft.', [
    'powerbox run',
    ...RUN_FLAGS,
    '-- sh agent.sh',
  ]);
  const run = await powerbox(place, ['run', ...RUN_FLAGS, '--', 'sh', 'agent.sh']);
  step(4, 'Code that a model may have written runs in a compartment.', [
    'powerbox eval',
    ...EVAL_FLAGS.map((flag) => `'${flag}'`),
    '--json task.js',
  ]);
  print(CODE.split('\n').map((line) => paint('dim', `   > ${line}`)));
  const code = await powerbox(place, ['eval', ...EVAL_FLAGS, '--json', 'task.js']);
  const log = await powerbox(place, ['log', '--json']);
  const verify = await powerbox(place, ['log', 'verify']);
  return gather(demo, place.folder, { run, code, log, verify });
}

/** Prints what was found; gives the exit status. */
function report(evidence: Evidence): number {
  print(['', ...sides(evidence, paint), '', ...journal(evidence, paint), '']);
  const found = claims(evidence);
  print(verdicts(found, paint));
  if (found.every((claim) => claim.holds)) return 0;
  const { run } = evidence;
  print(['', `The script ended with status ${run.status} and printed:`, run.stdout, run.stderr]);
  return 1;
}

function heading(text: string): void {
  print([paint('bold', text), '']);
}

function step(number: number, text: string, command: readonly string[]): void {
  const [first, ...flags] = command;
  const lines = first === undefined ? [] : [`$ ${first}`, ...flags.map((flag) => `    ${flag}`)];
  const last = lines.length - 1;
  const shell = lines.map((line, at) => paint('dim', `   ${line}${at < last ? ' \\' : ''}`));
  print([`${number}  ${text}`, ...shell]);
}

function print(lines: readonly string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`);
}

await main().catch((error: unknown) => {
  const reason = error instanceof Error ? error.message : String(error);
  process.stderr.write(`The quickstart could not finish: ${reason}\n`);
  process.exitCode = 1;
});
