import type { JournalEntry, UseEntry } from '../../../../src/wire/journal-entry.ts';
import { SECRET } from './cast.ts';
import { chainOf } from './ledger.ts';
import type { Finding, Run } from './runner.ts';

type Audited = Pick<Run, 'world' | 'under'>;

/** Every effect has a row that stood before it, of its own, with whose it was; no row tells a secret. */
export function checkAudit({ world, under }: Audited): readonly Finding[] {
  const { rows, well } = world;
  const taken = new Set<number>();
  const found = well.effects.flatMap((effect, at): readonly Finding[] => {
    const entry = under[at];
    if (entry === undefined) return [fault(`an effect of ${effect.holder} that nobody asked for`)];
    const chain = chainOf(entry).map(({ id }) => id);
    const method = effect.method.split('.').at(-1) ?? '';
    const call = `${method} ${effect.amount} at ${effect.place ?? 'no place'}`;
    const row = rows.findIndex(
      (each, index) =>
        index < effect.rowsBefore &&
        !taken.has(index) &&
        isAllowed(each) &&
        each.guest === effect.holder &&
        each.call === call &&
        each.chain.join() === chain.join(),
    );
    if (row < 0) return [fault(`no row before "${call}" of ${effect.holder}`)];
    taken.add(row);
    return [];
  });
  const telling = rows.filter((row) => JSON.stringify(row).includes(SECRET));
  return [...found, ...telling.map(({ kind }) => fault(`a secret in a row of ${kind}`))];
}

function isAllowed(row: JournalEntry): row is UseEntry & { verdict: 'allow' } {
  return row.kind === 'use' && row.verdict === 'allow';
}

function fault(what: string): Finding {
  return { law: 'audit', what };
}
