import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { HOST, type InstalledKind, type Kernel } from '../../src/kernel/kernel.ts';
import { openKernel } from '../../src/kernel/open-kernel.ts';
import { type Live, live, type UseContext } from '../../src/ocap/live.ts';
import { definePower } from '../../src/ocap/power.ts';
import { ALLOWED, refuse } from '../../src/ocap/verdict.ts';
import type { KernelStore } from '../../src/store/kernel-store.ts';
import type { JournalEntry } from '../../src/wire/journal-entry.ts';
import { openMemoryStore } from './memory-store.ts';

interface TillNarrowing {
  readonly most: number;
  /** Narrows nothing; makes the narrowing as long as it is. */
  readonly note?: string | undefined;
}

interface TillCall {
  readonly method: string;
  readonly amount: number;
}

/** A till: a resource small enough to be understood at a glance, with every kind of method. */
const definition = definePower<{ name: string }, TillNarrowing, TillCall>({
  kind: 'till',
  summary: 'Keeps a sum of money.',
  config: z.strictObject({ name: z.string() }),
  narrowing: z.strictObject({ most: z.number(), note: z.string().optional() }),
  facets: {
    root: {
      sum: { summary: 'Tells the sum.', args: [], returns: z.number() },
      put: {
        summary: 'Puts an amount in.',
        args: [{ name: 'amount', schema: z.number() }],
        returns: z.number(),
      },
      wait: { summary: 'Waits until the grant ends.', args: [], returns: z.unknown() },
      drawer: { summary: 'Gives a drawer.', args: [], returns: { facet: 'drawer' } },
      lateDrawer: { summary: 'Gives a drawer, later.', args: [], returns: { facet: 'drawer' } },
      each: {
        summary: 'Calls back with the sum.',
        args: [{ name: 'call', schema: z.unknown() }],
        returns: z.unknown(),
      },
      keep: {
        summary: 'Keeps a thing and gives it back.',
        args: [{ name: 'thing', schema: z.unknown() }],
        returns: z.unknown(),
      },
      cost: {
        summary: 'Spends bytes.',
        args: [{ name: 'bytes', schema: z.number() }],
        returns: z.number(),
      },
    },
    drawer: {
      put: {
        summary: 'Puts an amount in.',
        args: [{ name: 'amount', schema: z.number() }],
        returns: z.number(),
      },
    },
  },
  concerns: () => true,
  permits: ({ most }, { amount }) =>
    amount <= most ? ALLOWED : refuse('narrowing-refused', `No more than ${most} at a time.`, most),
  effect: ({ method }) => (method === 'put' ? 'write' : 'read'),
  describe: ({ method, amount }) => `${method} ${amount}`,
  callOf: (_, { method, args }) => ({
    method,
    amount: typeof args[0] === 'number' ? args[0] : 0,
  }),
  readConfig: (text) => ({ name: text }),
  describeConfig: ({ name }) => `till ${name}`,
  readNarrowing: ([text = '0']) => ({ most: Number(text) }),
  describeNarrowing: ({ most }) => [String(most)],
  secretsOf: ({ name }) => (name === 'safe' ? ['SAFE_KEY'] : []),
});

/** The object behind a till; `log` tells what reached it. */
function openTill(
  log: string[],
  kept: Set<unknown>,
  late: (() => void)[],
  closing: { fails: boolean },
): Live {
  let sum = 0;
  const drawer = (): Live =>
    live({
      facet: 'drawer',
      at: 'drawer',
      call(method, args) {
        log.push(`drawer.${method}`);
        sum += Number(args[0]);
        return sum;
      },
      close() {
        log.push('drawer closed');
        if (closing.fails) throw new Error('It does not close.');
      },
    });
  return live({
    facet: 'root',
    at: null,
    call(method, args, context) {
      log.push(method);
      if (method === 'put') sum += Number(args[0]);
      if (method === 'wait') return waitForEnd(context);
      if (method === 'drawer') return drawer();
      if (method === 'lateDrawer') return new Promise((done) => late.push(() => done(drawer())));
      if (method === 'each') return (args[0] as (sum: number) => unknown)(sum);
      if (method === 'keep') {
        kept.add(args[0]);
        return args[0];
      }
      if (method === 'cost') context.spend({ bytes: Number(args[0]) });
      return sum;
    },
    close: () => void log.push('closed'),
  });
}

function waitForEnd({ signal }: UseContext): Promise<never> {
  return new Promise((_, fail) => {
    signal.addEventListener('abort', () => fail(new Error('the power was told')), { once: true });
  });
}

export interface KernelFixture {
  readonly kernel: Kernel;
  readonly store: KernelStore;
  /** Every row, in order. */
  readonly rows: JournalEntry[];
  /** What reached the objects behind the powers. */
  readonly log: string[];
  /** Everything that came in through `keep`. */
  readonly kept: Set<unknown>;
  /** Lets the calls of `lateDrawer` answer, in order. */
  readonly late: readonly (() => void)[];
  /** Whether drawers fail to close. */
  readonly closing: { fails: boolean };
  /** Milliseconds that the kernel's clock shows; may be moved. */
  readonly clock: { now: number };
  /** A till's root grant. */
  till(name?: string): string;
  guest(name: string): string;
}

export function kernelFixture(
  options: { store?: KernelStore; approvalMs?: number; openMs?: number } = {},
): KernelFixture {
  const store = options.store ?? openMemoryStore();
  const rows: JournalEntry[] = [];
  const log: string[] = [];
  const kept = new Set<unknown>();
  const late: (() => void)[] = [];
  const closing = { fails: false };
  const clock = { now: 1_000_000 };
  const kind = {
    definition,
    open() {
      const { openMs } = options;
      if (openMs === undefined) return openTill(log, kept, late, closing);
      return sleep(openMs).then(() => openTill(log, kept, late, closing));
    },
  } as unknown as InstalledKind;
  const kernel = openKernel({
    store,
    journal: {
      appendMany(entries) {
        rows.push(...entries);
        return entries.map((_, index) => rows.length - entries.length + 1 + index);
      },
    },
    kinds: new Map([['till', kind]]),
    lastUsed: () => new Map(),
    now: () => clock.now,
    approvalMs: options.approvalMs ?? 60_000,
  });
  return {
    kernel,
    store,
    rows,
    log,
    kept,
    late,
    closing,
    clock,
    till: (name = 'one') => kernel.makePower('till', { name }, 'a test').root.id,
    guest: (name) => kernel.addGuest(name, { reason: 'a test' }).id,
  };
}

/** Uses the root object of a grant. */
export function useGrant(
  { kernel }: Pick<KernelFixture, 'kernel'>,
  holder: string,
  grant: string,
  method: string,
  ...args: readonly unknown[]
): Promise<unknown> {
  return kernel.use(holder, kernel.reference(holder, grant), method, args);
}

export { HOST };
