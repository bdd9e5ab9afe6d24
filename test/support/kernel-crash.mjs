// Kills a writer of the state again and again, and proves after each kill that nothing it had
// acknowledged is lost and no transaction is there by half: what the file holds is exactly what a
// store holds that was never killed and was given the same transactions, with or without the one
// that was going on. Prints one JSON object; exits with 1 at the first fault.
//
//   node test/support/kernel-crash.mjs SOURCES [--kills N] [--seed N] [--out FILE] [--full] [--damage]
//
// SOURCES is the folder of the compiled sources. With --full the writers are not killed: their
// disk takes no more after a while, another amount each time. --damage takes an acknowledged row away by hand,
// to show that this would be found.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { circumstances } from '../../bench/support/report.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kills: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string' },
    full: { type: 'boolean', default: false },
    damage: { type: 'boolean', default: false },
  },
});
const sources = resolve(positionals[0] ?? 'dist');
const load = (file) => import(pathToFileURL(join(sources, file)).href);
const { openHome } = await load('store/home.js');
const { openDatabase } = await load('store/database.js');
const { openKernelStore } = await load('store/kernel-database.js');

const WRITER = join(import.meta.dirname, 'kernel-writer.mjs');
/** A new home after so many kills, so that comparing stays quick and new files are killed too. */
const KILLS_OF_HOME = options.full ? 1 : 25;
/** The writer is killed so long after its first word, at most. */
const WRITING_MS_MAX = 25;
/** Files may be so large when the disk is to be full, at least: enough to begin with. */
const FULL_KIB_MIN = 600;
/** Or so long after its start, at most: in the middle of opening. */
const OPENING_MS_MAX = 120;

const kills = Number(options.kills);
const counts = {
  kills: 0,
  transactions: 0,
  takenBack: 0,
  inFlightLost: 0,
  inFlightKept: 0,
  opening: 0,
  full: 0,
};
const started = Date.now();
try {
  for (let home = 0; counts.kills < kills; home += 1) await crashHome(home);
  finish({ ok: true });
} catch (error) {
  finish({ ok: false, fault: error.message });
}

async function crashHome(number) {
  const root = mkdtempSync(join(tmpdir(), 'powerbox-crash-'));
  const model = openKernelStore(openHome({ POWERBOX_HOME: join(root, 'model') }));
  try {
    for (let kill = 0; kill < KILLS_OF_HOME && counts.kills < kills; kill += 1) {
      const seed = Number(options.seed) * 1_000_000 + number * 1_000 + kill;
      const words = await wordsOfWriter(join(root, 'home'), seed);
      check(join(root, 'home'), model, words, seed);
      counts.kills += 1;
      progress();
    }
  } finally {
    model.close();
    rmSync(root, { recursive: true, force: true });
  }
}

async function wordsOfWriter(root, seed) {
  const command = [process.execPath, WRITER, sources, root, String(seed)];
  const [program, ...words] = options.full
    ? ['bash', '-c', fullDisk(seed), 'bash', ...command]
    : command;
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part) => {
    text += part;
  });
  if (!options.full) killAtRandom(child, seed);
  const [, signal] = await new Promise((done) => child.once('close', (...end) => done(end)));
  if (!options.full && signal !== 'SIGKILL')
    throw new Error(`seed ${seed}: the writer ended by itself`);
  if (text === '') counts.opening += 1;
  // What follows the last line end was not written whole.
  const lines = text.split('\n').slice(0, -1);
  if (!options.full) return lines;
  if (lines.pop() !== 'fault store-unavailable')
    throw new Error(`seed ${seed}: the disk was not full`);
  counts.full += 1;
  return lines;
}

/** The delay comes of the seed; where it falls in the writer's work does not. */
function killAtRandom(child, seed) {
  const kill = (ms) => setTimeout(() => child.kill('SIGKILL'), ms);
  if (seed % 10 === 0) kill(shareOf(seed) * OPENING_MS_MAX);
  else child.stdout.once('data', () => kill(shareOf(seed) * WRITING_MS_MAX));
}

/** The signal of a file that grows beyond its limit is ignored, as on a full disk. */
function fullDisk(seed) {
  const kib = FULL_KIB_MIN + Math.floor(shareOf(seed) * FULL_KIB_MIN);
  return `trap '' XFSZ; ulimit -f ${kib}; exec "$@"`;
}

/** From 0 to 1, another for each seed. */
function shareOf(seed) {
  return (Math.imul(seed >>> 0, 2_654_435_761) >>> 0) / 4_294_967_296;
}

function check(root, model, words, seed) {
  let inFlight;
  for (const word of words) {
    if (word === 'ok') apply(model, inFlight.writes);
    if (word === 'ok') counts.transactions += 1;
    if (word === 'no') counts.takenBack += 1;
    inFlight = word === 'ok' || word === 'no' ? undefined : JSON.parse(word);
  }
  const home = openHome({ POWERBOX_HOME: root });
  const store = openKernelStore(home);
  try {
    if (options.damage) damage(home);
    checkFile(home, seed);
    const found = dump(store);
    if (found === dump(model)) {
      if (inFlight !== undefined) counts.inFlightLost += 1;
    } else {
      // What was to be taken back can only be there by half, if it is there at all.
      if (inFlight === undefined || inFlight.fails)
        throw new Error(`seed ${seed}: not what was kept`);
      apply(model, inFlight.writes);
      if (found !== dump(model)) throw new Error(`seed ${seed}: half of a transaction is there`);
      counts.inFlightKept += 1;
    }
    checkRows(store, seed);
  } finally {
    store.close();
  }
}

function apply(store, writes) {
  store.transaction(() => {
    for (const [table, verb, ...values] of writes) store[table][verb](...values);
  });
}

function damage(home) {
  const database = openDatabase(home.state);
  database.exec('DELETE FROM spent');
  database.close();
}

function checkFile(home, seed) {
  const database = openDatabase(home.state);
  const said = database.prepare('PRAGMA integrity_check').get().integrity_check;
  const dangling = database.prepare('PRAGMA foreign_key_check').all();
  database.close();
  if (said !== 'ok') throw new Error(`seed ${seed}: the file is damaged: ${said}`);
  if (dangling.length > 0) throw new Error(`seed ${seed}: a row hangs on nothing`);
}

/** What must hold of the rows together, whatever the model says. */
function checkRows(store, seed) {
  const seen = new Set([null]);
  for (const { id, parent } of store.grants.all()) {
    if (!seen.has(parent)) throw new Error(`seed ${seed}: ${id} has no parent`);
    seen.add(id);
  }
  for (const mail of store.mail.to('host', 1e6)) {
    const isAnswered = mail.state !== 'resolved' || store.grants.get(mail.grant)?.to === mail.from;
    if (!isAnswered) throw new Error(`seed ${seed}: ${mail.id} is resolved without its grant`);
  }
}

/** All that the store says, as one text. */
function dump(store) {
  const principals = store.principals.all();
  const ids = principals.map(({ id }) => id);
  return JSON.stringify([
    principals,
    store.powers.all(),
    store.grants.all(),
    store.spent.all(),
    ids.map((id) => [store.mail.from(id, 1e6), namesOf(store, id)]),
    store.approvals.pending(),
    store.boxes.all(),
  ]);
}

function namesOf(store, directory) {
  return store.names
    .list(directory)
    .map((entry) =>
      entry.target.type === 'directory' ? [entry, namesOf(store, entry.target.id)] : entry,
    );
}

function progress() {
  if (!process.stderr.isTTY) return;
  process.stderr.write(`\r${counts.kills}/${kills} kills, ${counts.transactions} transactions`);
  if (counts.kills === kills) process.stderr.write('\n');
}

function finish(result) {
  const report = {
    ...circumstances(),
    command: `npm run crash -- --seed ${options.seed}`,
    ...result,
    seed: Number(options.seed),
    ...counts,
    seconds: (Date.now() - started) / 1_000,
  };
  const text = `${JSON.stringify(report, null, 2)}\n`;
  if (options.out !== undefined) writeFileSync(options.out, text);
  process.stdout.write(text);
  process.exitCode = result.ok ? 0 : 1;
}
