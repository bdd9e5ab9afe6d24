import { HOST, PLACES } from './cast.ts';

/**
 * What each grant may do, worked out apart from the kernel and as plainly as can be: the rule that
 * the kernel is held to. A grant may what it says, if it and all above it live, and all above may.
 */
export interface Entry {
  readonly id: string;
  readonly well: string;
  readonly from: string;
  readonly to: string;
  readonly parent: Entry | null;
  readonly places: readonly string[];
  readonly most: number;
  readonly uses: number | null;
  readonly expires: number | null;
  readonly delegable: boolean;
  spent: number;
  ended: boolean;
}

export function chainOf(entry: Entry): readonly Entry[] {
  return entry.parent === null ? [entry] : [...chainOf(entry.parent), entry];
}

export function lives(entry: Entry, now: number): boolean {
  return chainOf(entry).every(
    ({ ended, expires }) => !ended && (expires === null || now < expires),
  );
}

export function may(entry: Entry, place: string | null, amount: number, now: number): boolean {
  if (!lives(entry, now)) return false;
  return chainOf(entry).every(
    ({ places, most, uses, spent }) =>
      (place === null || places.includes(place)) &&
      amount <= most &&
      (uses === null || spent < uses),
  );
}

export function spend(entry: Entry): void {
  for (const each of chainOf(entry)) each.spent += 1;
}

/** The entry and all that hangs on it. */
export function below(entries: readonly Entry[], top: Entry): readonly Entry[] {
  return entries.filter((entry) => chainOf(entry).includes(top));
}

export function mayGive(entry: Entry, to: string, now: number): boolean {
  const passed = chainOf(entry).map((each) => each.to);
  return lives(entry, now) && entry.delegable && to !== HOST && !passed.includes(to);
}

export function rootEntry(id: string, well: string): Entry {
  const none = { uses: null, expires: null, spent: 0, ended: false };
  const all = { places: PLACES, most: Number.MAX_SAFE_INTEGER, delegable: true };
  return { id, well, from: HOST, to: HOST, parent: null, ...all, ...none };
}
