import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openReader } from '../../src/journal/query.ts';
import { verifyJournal } from '../../src/journal/verify.ts';
import { compile } from '../support/compile.ts';
import { JOURNAL_KEY, temporaryHome } from '../support/journal-fixture.ts';

const WRITER = join(import.meta.dirname, '../support/journal-writer.mjs');
const ROUNDS = 50;
const WRITERS = 4;

let sources: string;
beforeAll(() => {
  sources = compile('src/journal/journal.ts');
});
afterAll(() => rmSync(sources, { recursive: true, force: true }));

describe('a journal whose writers are killed', () => {
  it(`keeps every acknowledged row over ${ROUNDS * WRITERS} kills, and its chain`, async () => {
    const { home, dispose } = temporaryHome();
    const acknowledged = new Map<number, string>();
    for (let round = 0; round < ROUNDS; round += 1) {
      const boxes = Array.from({ length: WRITERS }, (_, index) => `box-${round}-${index}`);
      await Promise.all(
        boxes.map(async (box) => {
          for (const seq of await killedWriter(home.root, box)) {
            expect(acknowledged.has(seq)).toBe(false);
            acknowledged.set(seq, box);
          }
        }),
      );
      if (round % 10 === 9) verifyJournal(home, JOURNAL_KEY);
    }
    const { rows } = verifyJournal(home, JOURNAL_KEY);
    expect(acknowledged.size).toBeGreaterThan(ROUNDS * WRITERS);
    const found = new Map<number, string>();
    const reader = openReader(home);
    for (const row of reader?.table.scan() ?? []) found.set(row.seq, JSON.parse(row.entry).box);
    reader?.close();
    expect(found.size).toBe(rows);
    for (const [seq, box] of acknowledged) expect(found.get(seq)).toBe(box);
    dispose();
  }, 120_000);

  it('refuses to append, and stays whole, when the disk takes no more', async () => {
    const { home, dispose } = temporaryHome();
    // Files may have 256 KiB; the signal of a file that grows beyond is ignored, as on a full disk.
    const script = `trap '' XFSZ; ulimit -f 256; exec "$@"`;
    const command = [process.execPath, WRITER, sources, home.root, 'amber-fox'];
    const child = spawn('bash', ['-c', script, 'bash', ...command], PIPED);
    const lines = await linesOf(child);
    expect(lines.at(-1)).toMatch(/^journal-unavailable /);
    const { rows } = verifyJournal(home, JOURNAL_KEY);
    expect(rows).toBeGreaterThan(10);
    expect(rows).toBe(Number(lines.at(-2)));
    dispose();
  });
});

const PIPED: SpawnOptions = { stdio: ['ignore', 'pipe', 'inherit'] };

/** The numbers that a writer printed before it was killed, at a moment that differs each time. */
async function killedWriter(root: string, box: string): Promise<number[]> {
  const child = spawn(process.execPath, [WRITER, sources, root, box], PIPED);
  const lines = linesOf(child);
  child.stdout?.once('data', () => setTimeout(() => child.kill('SIGKILL'), Math.random() * 15));
  const printed = await lines;
  expect(printed.filter((line) => !/^[0-9]+$/.test(line))).toEqual([]);
  return printed.map(Number);
}

async function linesOf(child: ChildProcess): Promise<string[]> {
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  await new Promise((done) => child.once('close', done));
  // What follows the last line end was not written whole.
  return text.split('\n').slice(0, -1);
}
