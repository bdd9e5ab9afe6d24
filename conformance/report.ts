import { CASES } from './cases/all.ts';
import type { Cell } from './types.ts';

/** One target's column. */
export interface Column {
  readonly name: string;
  readonly version: string;
  readonly cells: readonly Cell[];
}

/** The table, in Markdown. */
export function tableOf(columns: readonly Column[]): string {
  const numbers = columns[0]?.cells.map(({ number }) => number) ?? [];
  const lines = [
    ['', 'attack', ...columns.map(({ version }) => version)],
    ['---:', '---', ...columns.map(() => '---')],
    ...numbers.map((number) => [
      String(number),
      titleOf(number),
      ...columns.map(({ cells }) => textOf(cells.find((cell) => cell.number === number) as Cell)),
    ]),
    ['', 'held', ...columns.map(({ cells }) => sumOf(cells))],
  ];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function titleOf(number: number): string {
  const titles = CASES.filter((one) => one.number === number).map(({ title }) => title);
  // The last one that is written is the widest.
  return (titles.filter((title) => title !== '').at(-1) ?? '').replaceAll('|', '\\|');
}

function textOf({ word, attacks, leaked, documented }: Cell): string {
  const beyond = documented > 0 ? `, ${documented} documented` : '';
  if (word === 'leaked') return `**leaked** ${leaked} of ${attacks}${beyond}`;
  return word === 'held' ? `held ${attacks}${beyond}` : `${word}${beyond}`;
}

function sumOf(cells: readonly Cell[]): string {
  const applicable = cells.filter(({ word }) => word !== 'not applicable').length;
  return `${cells.filter(({ word }) => word === 'held').length} of ${applicable}`;
}

/** What an attack did that was not held, a line each. */
export function detailsOf(columns: readonly Column[]): string {
  return columns
    .flatMap(({ name, cells }) =>
      cells.flatMap(({ number, outcomes }) =>
        outcomes
          .filter(({ word }) => !['held', 'not applicable'].includes(word))
          .map(
            ({ attack, word, why }) =>
              `${name} ${number} ${attack}: ${word}, ${why.replace(/\s+/g, ' ')}`,
          ),
      ),
    )
    .join('\n');
}
