import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HOST, type InstalledKind, type Kernel } from '../../src/kernel/kernel.ts';
import { openKernel } from '../../src/kernel/open-kernel.ts';
import { openStore } from '../../src/powers/store/live.ts';
import { storePower } from '../../src/powers/store/power.ts';
import type { StoreConfig } from '../../src/powers/store/texts.ts';
import { type Home, openHome } from '../../src/store/home.ts';
import { valuesPlace } from '../../src/store/values-database.ts';
import type { JournalEntry } from '../../src/wire/journal-entry.ts';
import { openMemoryStore } from './memory-store.ts';

/** What a guest does with a store. */
export type UseStore = (method: string, ...args: readonly unknown[]) => Promise<unknown>;

/** A kernel with stores in a real file, and guests that hold them. */
export interface StoreRig {
  readonly kernel: Kernel;
  readonly home: Home;
  readonly rows: readonly JournalEntry[];
  /** A store by its words, granted to a guest of this name; it may hand it on. */
  give(guest: string, words: string, only?: readonly string[]): GivenStore;
  close(): Promise<void>;
}

export interface GivenStore {
  readonly use: UseStore;
  /** A narrower one, from this guest to another. */
  giveOn(guest: string, only: readonly string[]): GivenStore;
}

export function storeRig(): StoreRig {
  const folder = mkdtempSync(join(tmpdir(), 'powerbox-store-'));
  const home = openHome({ POWERBOX_HOME: folder });
  const place = valuesPlace(home);
  const rows: JournalEntry[] = [];
  const kind = {
    definition: storePower,
    open: (config: unknown) => openStore(config as StoreConfig, place),
  } as unknown as InstalledKind;
  const kernel = openKernel({
    store: openMemoryStore(),
    journal: { appendMany: (entries) => entries.map((entry) => rows.push(entry)) },
    kinds: new Map([['store', kind]]),
    lastUsed: () => new Map(),
    now: Date.now,
    approvalMs: 60_000,
  });

  function grantTo(
    name: string,
    parent: string,
    from: string,
    config: StoreConfig,
    only: readonly string[],
  ): GivenStore {
    const known = kernel.principals().find((one) => one.name === name && one.removed === null);
    const to = (known ?? kernel.addGuest(name, { reason: 'a test' })).id;
    const narrowing = only.length === 0 ? null : storePower.readNarrowing(only, config);
    const grant = kernel.grant(from, { parent, to, narrowing });
    const reference = kernel.reference(to, grant.id);
    return {
      use: (method, ...args) => kernel.use(to, reference, method, args),
      giveOn: (guest, further) => grantTo(guest, grant.id, to, config, further),
    };
  }

  return {
    kernel,
    home,
    rows,
    give(guest, words, only = []) {
      const config = storePower.readConfig(words);
      const { root } = kernel.makePower('store', config, 'a test');
      return grantTo(guest, root.id, HOST, config, only);
    },
    async close() {
      await kernel.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
