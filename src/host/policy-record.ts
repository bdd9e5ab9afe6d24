import { queryJournal } from '../journal/query.ts';
import type { RecordedRow } from '../policy/recorded.ts';
import type { Home } from '../store/home.ts';
import { PowerboxError } from '../wire/errors.ts';
import { POLICY_ROWS_MAX } from './limits.ts';

/** Whose rows, and from when on. */
export interface RecordFilter {
  /** Name or id. */
  readonly guest?: string;
  readonly box?: string;
  /** Milliseconds since the epoch. */
  readonly since?: number;
}

export interface PolicyRecord {
  readonly rows: readonly RecordedRow[];
  /** True when there are older rows that were not read. */
  readonly isCut: boolean;
  /** The name of a guest, its id when the record does not say. */
  nameOf(guest: string): string;
  /** The words of the power that a grant is of. */
  powerOf(grant: string): string | null;
}

/** Requests and uses of the journal, as a policy is made from them and tried with them. */
export function readRecord(home: Home, { guest, box, since }: RecordFilter): PolicyRecord {
  const names = new Map<string, string>();
  for (const record of queryJournal(home, { kinds: ['guest'], limit: POLICY_ROWS_MAX })) {
    if (record.kind === 'guest') names.set(record.guest, record.name);
  }
  const powers = new Map<string, string>();
  for (const record of queryJournal(home, { kinds: ['grant'], limit: POLICY_ROWS_MAX })) {
    if (record.kind === 'grant') powers.set(record.grant, record.power);
  }
  const ids = guest === undefined ? null : guestIds(names, guest);
  const [only, ...others] = ids ?? [];
  const found = queryJournal(home, {
    kinds: ['request', 'use'],
    ...(only === undefined || others.length > 0 ? {} : { guest: only }),
    ...(box === undefined ? {} : { box }),
    ...(since === undefined ? {} : { since }),
    limit: POLICY_ROWS_MAX + 1,
  });
  const rows = found.slice(-POLICY_ROWS_MAX).flatMap((record): readonly RecordedRow[] => {
    if (record.kind !== 'request' && record.kind !== 'use') return [];
    return ids === null || ids.includes(record.guest ?? '') ? [record] : [];
  });
  return {
    rows,
    isCut: found.length > POLICY_ROWS_MAX,
    nameOf: (id) => names.get(id) ?? id,
    powerOf: (grant) => powers.get(grant) ?? null,
  };
}

/** Rows have ids. A compartment is a new guest each time, so one name means all who had it. */
function guestIds(names: ReadonlyMap<string, string>, wanted: string): readonly string[] {
  if (wanted === 'host' || names.has(wanted)) return [wanted];
  const found = [...names].filter(([, name]) => name === wanted).map(([id]) => id);
  if (found.length > 0) return found;
  throw new PowerboxError(
    'guest-unknown',
    `Cannot find the guest "${wanted.slice(0, 64)}" in the journal.`,
  );
}
