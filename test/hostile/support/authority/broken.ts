import {
  HOST,
  type InstalledKind,
  type Kernel,
  type Reference,
} from '../../../../src/kernel/kernel.ts';
import type { UseContext } from '../../../../src/ocap/live.ts';
import { live } from '../../../../src/ocap/live.ts';
import { ALLOWED } from '../../../../src/ocap/verdict.ts';
import { type Break, SECRET, type World } from './cast.ts';
import type { Well } from './well.ts';

/**
 * Kernels and kinds with one thing wrong, made by wrapping the real ones: each breaks a law, and
 * the property of that law must see it.
 */

const rootOf = (kernel: Kernel, grant: string): string => kernel.view(grant).chain[0] ?? grant;

/** Delegation that copies: what a guest gives hangs on the host's own grant. */
const copies: Break = {
  kernel: (kernel) => ({
    ...kernel,
    grant(giver, ask) {
      const asked = kernel.grant(giver, ask);
      const parent = rootOf(kernel, ask.parent);
      return asked.parent === parent ? asked : kernel.grant(HOST, { ...ask, parent });
    },
  }),
};

/** What is revoked ends in memory, and is there again after a restart. */
const forgets: Break = {
  store: (store) => ({ ...store, grants: { ...store.grants, revoke: () => {} } }),
};

/** No membrane on the way out: what a call gives carries the host's grant. */
const givesBare: Break = {
  kernel(kernel) {
    const bare = new WeakSet<Reference>();
    return {
      ...kernel,
      async use(holder, reference, method, args) {
        if (bare.has(reference)) return kernel.use(HOST, reference, method, args);
        if (method !== 'bucket' && method !== 'stream') {
          return kernel.use(holder, reference, method, args);
        }
        await kernel.use(holder, reference, method, args);
        const own = kernel.reference(HOST, rootOf(kernel, reference.grant));
        const given = (await kernel.use(HOST, own, method, args)) as Reference;
        bare.add(given);
        return given;
      },
    };
  },
};

/** No membrane on the way in: a holder's function is kept as if it were the host's. */
const takesBare: Break = {
  kernel: (kernel) => ({
    ...kernel,
    async use(holder, reference, method, args) {
      if (method !== 'watch') return kernel.use(holder, reference, method, args);
      if (!kernel.can(holder, reference, method, args).allow) throw new Error('refused');
      const own = kernel.reference(HOST, rootOf(kernel, reference.grant));
      return kernel.use(HOST, own, method, args);
    },
  }),
};

/** A kind, with its declaration or its object changed. */
function changed(well: Well, change: (kind: InstalledKind) => Partial<InstalledKind>): Well {
  return { ...well, kind: { ...well.kind, ...change(well.kind) } };
}

/** Ends of grants are not told to the object that does the work. */
const deaf: Break = {
  well: (well) =>
    changed(well, ({ open }) => ({
      async open(config) {
        const inner = await open(config);
        const signal = new AbortController().signal;
        return live({
          ...inner,
          call(method, args, context) {
            const unaware: UseContext = { ...context, holder: context.holder ?? '', signal };
            return inner.call(method, args, unaware);
          },
        });
      },
    })),
};

/** A kind that permits everything. */
const lax: Break = {
  well: (well) =>
    changed(well, ({ definition }) => ({ definition: { ...definition, permits: () => ALLOWED } })),
};

/** A kernel that looks at what a grant says itself, and at nothing above it. */
export function makeShortSighted(kernel: Kernel): Kernel {
  return {
    ...kernel,
    can(holder, reference, method, args) {
      const { grant, power } = kernel.view(reference.grant);
      const kind = kernel.kinds.get(power.kind) as InstalledKind;
      const invocation = { facet: reference.facet, at: null, method, args };
      const call = kind.definition.callOf(power.config, invocation);
      kernel.reference(holder, reference.grant);
      return grant.narrowing === null ? ALLOWED : kind.definition.permits(grant.narrowing, call);
    },
  };
}

const shortSighted: Break = { kernel: makeShortSighted };

/** A record that loses a row now and then. */
const lossy: Break = {
  journal(rows) {
    let count = 0;
    return {
      appendMany(entries) {
        rows.push(...entries.filter(() => ++count % 5 !== 0));
        return entries.map(() => ++count);
      },
    };
  },
};

/** A record that is written when the call is under way. */
const late: Break = {
  journal: (rows) => ({
    appendMany(entries) {
      setImmediate(() => rows.push(...entries));
      return entries.map((_, at) => rows.length + at + 1);
    },
  }),
};

/** A kind that acts while it is asked what a call means. */
const hasty: Break = {
  well: (well, world: World) =>
    changed(well, ({ definition }) => ({
      definition: {
        ...definition,
        callOf(config, invocation) {
          const call = definition.callOf(config, invocation);
          const { method } = invocation;
          const effect = { well: 'one', holder: '', method, place: null, amount: 0 };
          if (method === 'draw') well.effects.push({ ...effect, rowsBefore: world.rows.length });
          return call;
        },
      },
    })),
};

/** A kind that tells the body of a call in the phrase that the record keeps. */
const talkative: Break = {
  well: (well) =>
    changed(well, ({ definition }) => ({
      definition: {
        ...definition,
        describe: (call) => `${definition.describe(call)} with ${SECRET}`,
      },
    })),
};

export const BROKEN = {
  revocation: { copies, forgets, givesBare, takesBare, deaf },
  attenuation: { copies, lax, shortSighted },
  audit: { lossy, late, hasty, talkative },
} as const;
