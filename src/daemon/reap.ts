import { isAlive, listRecords } from '../host/box-record.ts';
import { sweepHome } from '../host/sweep.ts';
import type { Home } from '../store/home.ts';
import type { RegisteredBox } from '../store/kernel-store.ts';
import { BOX_MAKING_MS_MAX } from './limits.ts';

/** Where boxes are known by their ids, and can be ended. */
export interface Registry {
  all(): readonly Pick<RegisteredBox, 'id' | 'created'>[];
  closeBox(id: string, reason: string): Promise<void>;
}

/**
 * Ends what belonged to boxes that died without a word: those of a daemon that was killed, above
 * all. A box lives as long as its starter. Gives the ids.
 */
export async function reapBoxes(
  home: Home,
  registry: Registry,
  now: number,
): Promise<readonly string[]> {
  const known = registry.all();
  if (known.length === 0) return [];
  const records = new Map(listRecords(home).map((record) => [record.id, record]));
  const dead = known.filter(({ id, created }) => {
    const record = records.get(id);
    // One that is being made has no record yet.
    if (record === undefined) return now - created > BOX_MAKING_MS_MAX;
    return record.ended !== null || !isAlive(record.starter);
  });
  if (dead.length === 0) return [];
  sweepHome(home);
  for (const { id } of dead) await registry.closeBox(id, 'the box is gone');
  return dead.map(({ id }) => id);
}
