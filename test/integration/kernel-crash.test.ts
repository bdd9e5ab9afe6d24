import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compile } from '../support/compile.ts';

const CRASH = join(import.meta.dirname, '../support/kernel-crash.mjs');
const KILLS = 25;

let sources: string;
beforeAll(() => {
  sources = compile('src/store/kernel-database.ts');
});
afterAll(() => rmSync(sources, { recursive: true, force: true }));

/** `npm run crash` does the same a thousand times. */
describe('the state, when those who write it are killed', () => {
  it(`keeps what was acknowledged and nothing by half over ${KILLS} kills`, async () => {
    const { status, report } = await crash(['--kills', String(KILLS)]);
    expect(report).toMatchObject({ ok: true, kills: KILLS });
    expect(status).toBe(0);
    expect(report.transactions).toBeGreaterThan(KILLS);
  }, 120_000);

  it('says so, and keeps the same, when the disk takes no more', async () => {
    const { status, report } = await crash(['--kills', '5', '--full']);
    expect(report).toMatchObject({ ok: true, full: 5 });
    expect(status).toBe(0);
  }, 120_000);

  it('would be seen to have lost a row', async () => {
    const { status, report } = await crash(['--kills', String(KILLS), '--damage']);
    expect(report.ok).toBe(false);
    expect(report.fault).toMatch(/not what was kept|half of a transaction/);
    expect(status).toBe(1);
  }, 120_000);
});

interface Report {
  readonly ok: boolean;
  readonly fault?: string;
  readonly transactions: number;
}

function crash(
  options: readonly string[],
): Promise<{ readonly status: number; readonly report: Report }> {
  // Another seed each time, so that the suite tries other moments; a fault names its own.
  const seed = String(1 + Math.floor(Math.random() * 1_000_000));
  const words = [CRASH, sources, '--seed', seed, ...options];
  return new Promise((done) => {
    execFile(process.execPath, words, (error, stdout) => {
      done({ status: error === null ? 0 : Number(error.code), report: JSON.parse(stdout) });
    });
  });
}
