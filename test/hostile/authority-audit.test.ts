import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openReader } from '../../src/journal/query.ts';
import { verifyJournal } from '../../src/journal/verify.ts';
import type { Home } from '../../src/store/home.ts';
import type { JournalEntry } from '../../src/wire/journal-entry.ts';
import { JOURNAL_KEY, temporaryHome } from '../support/journal-fixture.ts';
import { ROOT } from '../support/repository.ts';

const WRITER = join(import.meta.dirname, 'support/authority/audit-writer.mjs');
const KILLS = 8;
/** From the first use to the kill, at most. */
const WORK_MS = 120;

/**
 * A kernel that is killed in the middle of its work, at a moment that differs each time, after
 * which everything that really happened is looked for in its journal.
 */
describe('the record of a kernel that is killed', () => {
  it(`has a row of every effect, over ${KILLS} kills`, async () => {
    const { home, dispose } = temporaryHome();
    for (let kill = 0; kill < KILLS; kill++) await killedAtWork(home);
    const { effects, missing } = await compare(home);
    expect(missing).toEqual([]);
    expect(effects).toBeGreaterThan(KILLS * 10);
    verifyJournal(home, JOURNAL_KEY);
    dispose();
  }, 120_000);

  it('would be seen to lack one, where a row is written after it is said to be', async () => {
    const { home, dispose } = temporaryHome();
    for (let kill = 0; kill < 3; kill++) await killedAtWork(home, 'late');
    const { missing } = await compare(home);
    expect(missing.length).toBeGreaterThan(0);
    dispose();
  }, 120_000);
});

function effectsOf(home: Home): string {
  return join(home.root, 'effects');
}

async function killedAtWork(home: Home, ...broken: readonly string[]): Promise<void> {
  const words = [WRITER, join(ROOT, 'dist'), home.root, effectsOf(home), ...broken];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<NodeJS.Signals | null>((done) =>
    child.once('close', (_, signal) => done(signal)),
  );
  child.stdout.once('data', () =>
    setTimeout(() => child.kill('SIGKILL'), 30 + Math.random() * WORK_MS),
  );
  expect(await ended).toBe('SIGKILL');
}

/** Each call has a number of its own, so a row says of which effect it is. */
async function compare(
  home: Home,
): Promise<{ readonly effects: number; readonly missing: readonly string[] }> {
  const told = new Set<string>();
  const reader = openReader(home);
  for (const row of reader?.table.scan() ?? []) {
    const entry = JSON.parse(row.entry) as JournalEntry;
    if (entry.kind !== 'use' || entry.verdict !== 'allow') continue;
    for (const call of entry.calls ?? [entry.call]) told.add(`${entry.guest} ${call}`);
  }
  reader?.close();
  const effects = readFileSync(effectsOf(home), 'utf8').trimEnd().split('\n');
  return { effects: effects.length, missing: effects.filter((effect) => !told.has(effect)) };
}
