import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../support/repository.ts';
import type { Told } from './journal.ts';
import { type Performed, toldOf } from './perform.ts';
import { AIMS } from './scenario.ts';

const PAGE = join(ROOT, 'docs/injection.md');

const TITLES = {
  leak: 'Leak',
  escalate: 'Escalate',
  persist: 'Persist',
  spend: 'Spend',
  push: 'Push',
} as const;

/** The page as it is now; writes it first when `INJECTION_PAGE=write` asks for that. */
export function pageOrWritten(text: string): string {
  if (process.env.INJECTION_PAGE === 'write') writeFileSync(PAGE, text);
  return readFileSync(PAGE, 'utf8');
}

/** The page, of what was performed. */
export function pageOf(performed: readonly Performed[], told: readonly Told[]): string {
  const still = performed.filter(({ scenario }) => scenario.still !== undefined);
  const parts = AIMS.flatMap((aim) => {
    const rows = performed.filter(({ scenario }) => scenario.aim === aim);
    return [`## ${TITLES[aim]}`, '', ...HEAD, ...rows.map((one) => rowOf(one, told)), ''];
  });
  return [
    '# Prompt injection',
    '',
    INTRODUCTION.replace('NUMBER', String(performed.length)).replace('STILL', String(still.length)),
    ...parts,
  ].join('\n');
}

const INTRODUCTION = `An agent comes upon an instruction in what it reads, and its model obeys it fully. What is lost?

Each of the NUMBER scenarios is run twice by [\`test/hostile/injection\`](../test/hostile/injection), with the same scripted model, whose provider is spoken to by the real library. First with an ordinary agent: a loop with a tool that evaluates code in its own process, its keys in the environment, as many are today. It shows that the instruction works. Then with \`powerbox agent\`, which was given what its task needs; there the instruction tries the ordinary way first, and then every way that an attacker who knows Powerbox would try.

What happened is read from what the services received, from the files of the person and from the journal, and nothing outside the grants may have happened. This page is written by that run, and compared with it in every test run.

Powerbox does not keep a model from being fooled. It keeps what a fooled model can do within what it was given: in STILL scenarios something is lost there all the same, and the table says what. A narrower grant is the remedy.
`;

const HEAD: readonly string[] = [
  '| | where it stands, and what it orders | an ordinary agent loses | in Powerbox | the journal says |',
  '|---:|---|---|---|---|',
];

function rowOf(one: Performed, told: readonly Told[]): string {
  const { number, scenario } = one;
  const { through, orders, loss, here, still } = scenario;
  const lost = still === undefined ? '' : ` **Still lost:** ${still}.`;
  const cells = [
    String(number),
    `${upper(through)}: ${orders}`,
    loss,
    `${upper(here)}.${lost}`,
    `\`${storyOf(one, told)}\``,
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function upper(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** The first row that tells it, without what differs from run to run. */
export function storyOf(one: Performed, told: readonly Told[]): string {
  const { run, scenario } = one;
  const row = toldOf(one, told).find(({ guest, text }) => scenario.story.test(`${guest}: ${text}`));
  if (row === undefined) return 'nothing';
  return (
    `${row.guest}: ${row.text}`
      .replaceAll(run.home, '…')
      .replaceAll(run.loot.conversation, 'customer-…')
      .replaceAll(run.id, 'agent')
      .replace(/\b(gr|gu|ml|ap)-[a-z0-9]{12}\b/g, '$1-…')
      .replace(/[0-9a-f]{64}/g, '…')
      // Who of several comes first, and who of two sees the end first, is a matter of chance.
      .replace(/\bchild\d/g, 'child')
      .replace(/(compartment ended \[[a-z-]+\]).*$/, '$1')
      .replace(/^([^:]+): use (.*) refused \[([a-z-]+)\] .*$/, '$1: $2 refused [$3]')
      .replace(/[^\x20-\x7e…]/g, '')
      .replaceAll('`', "'")
      .slice(0, STORY_CHARS_MAX)
      .trim()
  );
}

const STORY_CHARS_MAX = 160;
