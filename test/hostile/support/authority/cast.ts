import { HOST, type Kernel, type Reference } from '../../../../src/kernel/kernel.ts';
import { type KernelParts, openKernel } from '../../../../src/kernel/open-kernel.ts';
import type { KernelStore } from '../../../../src/store/kernel-store.ts';
import type { JournalEntry } from '../../../../src/wire/journal-entry.ts';
import { openMemoryStore } from '../../../support/memory-store.ts';
import { makeWell, type Well, type WellNarrowing } from './well.ts';

export const SECRET = 'sk-never-in-any-row-7d1f';

/** How a world is broken on purpose, to show that its properties can fail. Nothing in `src` is. */
export interface Break {
  readonly kernel?: (kernel: Kernel, world: World) => Kernel;
  readonly store?: (store: KernelStore) => KernelStore;
  readonly well?: (well: Well, world: World) => Well;
  readonly journal?: (rows: JournalEntry[]) => KernelParts['journal'];
}

/** A kernel with its state and record, a cast, and two wells that only the host holds. */
export interface World {
  kernel: Kernel;
  readonly store: KernelStore;
  readonly rows: JournalEntry[];
  readonly well: Well;
  readonly clock: { now: number };
  /** Ids of the guests: two agents and two tools. */
  readonly guests: readonly string[];
  /** Root grants. */
  readonly roots: readonly string[];
  /** Ends the kernel, and opens another over the same state. */
  restart(): Promise<void>;
}

const CAST = ['ann', 'ben', 'tool-one', 'tool-two'];
export const PLACES = ['north', 'south', 'east', 'west'];

export function openWorld(broken: Break = {}): World {
  const rows: JournalEntry[] = [];
  const clock = { now: 1_000_000 };
  const plain = openMemoryStore();
  const store = broken.store?.(plain) ?? plain;
  const world = { store, rows, clock } as { -readonly [Key in keyof World]: World[Key] };
  const well = makeWell(() => rows.length);
  world.well = broken.well?.(well, world) ?? well;
  const journal = broken.journal?.(rows) ?? {
    appendMany(entries) {
      rows.push(...entries);
      return entries.map((_, index) => rows.length - entries.length + 1 + index);
    },
  };
  const open = (): Kernel => {
    const kernel = openKernel({
      store,
      journal,
      kinds: new Map([['well', world.well.kind]]),
      lastUsed: () => new Map(),
      now: () => clock.now,
      approvalMs: 1_000,
    });
    return broken.kernel?.(kernel, world) ?? kernel;
  };
  world.kernel = open();
  world.guests = CAST.map((name) => world.kernel.addGuest(name, { reason: 'a test' }).id);
  world.roots = ['one', 'two'].map(
    (name) => world.kernel.makePower('well', { name, key: SECRET }, 'a test').root.id,
  );
  world.restart = async () => {
    await world.kernel.close();
    world.well.forget();
    world.kernel = open();
  };
  return world;
}

export interface Given {
  readonly narrowing?: WellNarrowing | null;
  readonly uses?: number | null;
  readonly expires?: number | null;
  readonly delegable?: boolean;
}

/** Gives a grant on; null when the kernel refuses. */
export function give(
  { kernel }: World,
  giver: string,
  parent: string,
  to: string,
  { narrowing = null, uses = null, expires = null, delegable = true }: Given = {},
): string | null {
  const budget = uses === null ? null : { uses };
  try {
    return kernel.grant(giver, { parent, to, narrowing, budget, expires, delegable }).id;
  } catch {
    return null;
  }
}

/** True when it was done. */
export async function uses(
  { kernel }: World,
  holder: string,
  reference: Reference,
  method: string,
  ...args: readonly unknown[]
): Promise<boolean> {
  try {
    await kernel.use(holder, reference, method, args);
    return true;
  } catch {
    return false;
  }
}

/** Null when the holder has no such grant. */
export function referenceOf({ kernel }: World, holder: string, grant: string): Reference | null {
  try {
    return kernel.reference(holder, grant);
  } catch {
    return null;
  }
}

export { HOST };
