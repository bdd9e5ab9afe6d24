import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { CASES } from '../../../conformance/cases/all.ts';
import { type Column, tableOf } from '../../../conformance/report.ts';
import type { Cell } from '../../../conformance/types.ts';
import { ROOT, readRepositoryFile } from '../../support/repository.ts';

/**
 * The whole catalogue of attacks, sent from a box by `npm run conformance`, and the same without a
 * box. What each attack does is in conformance/.
 */

const NUMBERS = Array.from({ length: 53 }, (_, index) => index + 1);
/** Attacks that docs/limitations.md says are not held, by number. */
const DOCUMENTED: Readonly<Record<number, readonly string[]>> = {
  4: ['echo_reversed'],
  9: ['token_page'],
};
/** What there is nothing to compare with where no proxy is, and no store. */
const NO_CONTROL: readonly number[] = [17, 51];
/**
 * Attacks that show nothing without a proxy: spellings that the value does not survive, names and
 * paths that are meant to arrive, addresses that no route leads to, and a service that reads no
 * clear text.
 */
const WITHOUT_CONTROL: readonly string[] = [
  ...['same_upper', 'same_dot', 'address_9', 'address_10', 'address_11', 'address_15'],
  ...['h2_table_bomb', 'tunnel_plain_443', 'shape_upper', 'shape_lower', 'shape_split'],
  ...['shape_to_open', 'shape_to_plain', 'ok_encoded_slash'],
];
const RUN_MS = 280_000;

let columns: readonly Column[];
let words: readonly string[];

beforeAll(async () => {
  const args = [join(ROOT, 'conformance/main.mjs'), '--target', 'powerbox,none', '--json'];
  columns = await new Promise((done, failed) => {
    const options = { timeout: RUN_MS, maxBuffer: 64 << 20 };
    execFile(process.execPath, args, options, (error, stdout) => {
      if (error === null) done(JSON.parse(stdout) as Column[]);
      else failed(error);
    });
  });
  const page = readRepositoryFile('docs/conformance.md');
  words = page.split('\n').filter((line) => /^\| (?:---:|\d*) \|/.test(line));
}, RUN_MS);

function cellOf(target: string, number: number): Cell {
  const column = columns.find(({ name }) => name === target);
  return column?.cells.find((cell) => cell.number === number) as Cell;
}

function titleOf(number: number): string {
  return CASES.find((one) => one.number === number && one.title !== '')?.title ?? '';
}

describe('the catalogue', () => {
  it.each(NUMBERS.map((number) => [number, titleOf(number)] as const))('%i %s: held', (number) => {
    const cell = cellOf('powerbox', number);
    const leaked = cell.outcomes.filter(({ word }) => word !== 'held');
    expect(leaked.map(({ attack }) => attack)).toEqual(DOCUMENTED[number] ?? []);
    expect(cell.word).toBe('held');
    expect(cell.attacks).toBeGreaterThan(0);
  });

  it.each(NUMBERS)('%i succeeds where nothing protects', (number) => {
    const { word, outcomes } = cellOf('none', number);
    expect(word).toBe(NO_CONTROL.includes(number) ? 'not applicable' : 'leaked');
    const other = outcomes.filter((one) => !['leaked', 'not applicable'].includes(one.word));
    expect(WITHOUT_CONTROL).toEqual(expect.arrayContaining(other.map(({ attack }) => attack)));
  });

  it('names everything that is not held in the limitations, by its number', () => {
    const page = readRepositoryFile('docs/limitations.md');
    for (const number of Object.keys(DOCUMENTED)) {
      expect(page).toMatch(new RegExp(`attack ${number}\\b`));
    }
  });

  it('is the table of docs/conformance.md, of which these columns are run here', () => {
    const [, , ...rows] = words;
    expect(rows.map((line) => Number(line.split('|')[1]))).toEqual([...NUMBERS, 0]);
    const parts = (line: string): string[] => line.split(/ ?(?<!\\)\| ?/).slice(1, 4);
    const own = tableOf(columns).split('\n').slice(2);
    expect(rows.map(parts)).toEqual(own.map(parts));
  });
});
