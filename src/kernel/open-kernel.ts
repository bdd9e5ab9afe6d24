import { refuse } from '../ocap/verdict.ts';
import type { KernelStore, Power } from '../store/kernel-store.ts';
import { PowerboxError } from '../wire/errors.ts';
import { makeApprovals } from './approvals.ts';
import { admitBoxUse } from './box-uses.ts';
import { makeBudgets } from './budgets.ts';
import { delegate, grantEntry, rootGrant } from './delegate.ts';
import { type Graph, makeGraph, type Node } from './graph.ts';
import { newId } from './ids.ts';
import { HOST, type Kernel, type Kinds } from './kernel.ts';
import { makeMailroom } from './mail.ts';
import { makeNames } from './names.ts';
import { makeObjects } from './objects.ts';
import { makePrincipals } from './principals.ts';
import { type EntrySink, makeUseRecorder } from './recorder.ts';
import { makeReference } from './reference.ts';
import { replicaOf } from './replica.ts';
import { previewRevoke, type RevokeParts, revoke, type TellReplicas } from './revoke.ts';
import { makeRoots } from './roots.ts';
import { makeUses, type UseParts } from './use.ts';
import { errorOf, validity } from './validity.ts';
import { makeViews } from './views.ts';

export interface KernelParts {
  readonly store: KernelStore;
  readonly journal: EntrySink;
  readonly kinds: Kinds;
  /** Checks arguments against a kind's declaration; compiled by whoever opens the kernel. */
  readonly guard: UseParts['guard'];
  /** When each grant was last used, from the record. */
  readonly lastUsed: () => ReadonlyMap<string, number>;
  readonly now?: () => number;
  readonly approvalMs?: number;
  /** Told when the record cannot be written; nothing is done until it can. */
  readonly onFailure?: (error: unknown) => void;
}

/** Puts the kernel together over a store. There is one for a home at a time. */
export function openKernel(parts: KernelParts): Kernel {
  const { store, kinds, now = Date.now } = parts;
  const recorder = makeUseRecorder(parts.journal, parts.onFailure ?? (() => {}));
  const graph = loadGraph(store, kinds);
  const principals = makePrincipals(store, recorder, now);
  const budgets = makeBudgets(store);
  const approvals = makeApprovals(store, recorder, now, parts.approvalMs);
  const names = makeNames(store);
  const roots = makeRoots(graph);
  const replicaListeners: TellReplicas[] = [];
  const tellReplicas: TellReplicas = async (guests, ended) => {
    const cuts = await Promise.all(replicaListeners.map((tell) => tell(guests, ended)));
    return cuts.reduce((sum, cut) => sum + cut, 0);
  };
  const objects = makeObjects(({ node }, call, args) => {
    const valid = validity(node, now());
    if (!valid.allow) throw errorOf(valid);
    return call(...args);
  });
  const uses = makeUses({
    graph,
    budgets,
    approvals,
    objects,
    recorder,
    now,
    guard: parts.guard,
    rootOf: roots.of,
  });
  const views = makeViews({ store, graph, names, budgets, lastUsed: parts.lastUsed, now });
  const mail = makeMailroom({
    store,
    names,
    journal: (entry) => recorder.now(entry),
    now,
    isHeldBy: (grant, holder) => graph.get(grant)?.grant.to === holder,
    givenBy: (grant) => graph.get(grant)?.grant.from,
  });
  const revokeParts: RevokeParts = { store, graph, objects, recorder, now, tellReplicas };

  function together<T>(work: () => T): T {
    if (store.inTransaction()) return work();
    const { size } = graph;
    try {
      return store.transaction(() => recorder.together(work));
    } catch (error) {
      graph.shrinkTo(size);
      throw error;
    }
  }

  return {
    kinds,
    names,
    mail,
    together,
    addGuest: (name, { reason, box = null }) => together(() => principals.add(name, reason, box)),
    principal: principals.find,
    principals: principals.all,
    makePower: (kind, config, reason) =>
      together(() => makePower({ store, graph, kinds, recorder, now }, kind, config, reason)),
    powers: () => store.powers.all(),
    grant(giver, ask) {
      const delegateParts = { store, graph, names, recorder, now, principal: principals.find };
      const { grant } = together(() => delegate(delegateParts, giver, ask));
      // A box that cannot be told of more than it had goes on with less.
      tellReplicas(new Set([grant.to]), new Set()).catch(() => {});
      return grant;
    },
    view: views.view,
    grants: views.list,
    preview: (what) => previewRevoke(revokeParts, what),
    revoke: (by, what, reason) => revoke(revokeParts, by, what, reason),
    removeGuest(guest, reason) {
      const { id } = principals.find(guest);
      if (id === HOST) throw new PowerboxError('guest-invalid', 'Cannot remove the host.');
      return revoke(revokeParts, HOST, { guest: id }, reason, (ended) =>
        principals.remove(id, ended),
      );
    },
    reference(holder, id) {
      const node = heldNode(graph, holder, id);
      const words = { grant: id, requires: [], kind: node.power.kind, facet: 'root' };
      return makeReference(words, { holder, live: null });
    },
    use: uses.use,
    can: uses.can,
    release: objects.release,
    replica: (guest) => replicaOf(graph, guest, now()),
    onReplica: (listener) => void replicaListeners.push(listener),
    admit: (use) => admitBoxUse({ store, graph, budgets, approvals, now }, use),
    spend(grant, amounts) {
      const node = graph.get(grant);
      if (node === undefined) return refuse('grant-unknown', `There is no grant ${grant}.`);
      const valid = validity(node, now());
      return valid.allow ? budgets.spend([node], amounts, now()) : valid;
    },
    pending: approvals.pending,
    decide: approvals.decide,
    onPending: approvals.onChange,
    async close() {
      approvals.close();
      for (const node of graph.all()) objects.closeAll(node);
      await roots.close();
      recorder.flush();
    },
  };
}

function loadGraph(store: KernelStore, kinds: Kinds): Graph {
  const graph = makeGraph(kinds);
  const powers = new Map(store.powers.all().map((power) => [power.id, power]));
  for (const grant of store.grants.all()) {
    const power = powers.get(grant.power);
    if (power === undefined) {
      throw new PowerboxError('state-unusable', `The grant ${grant.id} is of no power.`);
    }
    graph.add(grant, power);
  }
  return graph;
}

function heldNode(graph: Graph, holder: string, id: string): Node {
  const node = graph.get(id);
  if (node === undefined || node.grant.to !== holder) {
    throw new PowerboxError('grant-unknown', `Cannot use the grant ${id.slice(0, 40)}: not held.`);
  }
  return node;
}

function makePower(
  {
    store,
    graph,
    kinds,
    recorder,
    now,
  }: {
    readonly store: KernelStore;
    readonly graph: Graph;
    readonly kinds: Kinds;
    readonly recorder: ReturnType<typeof makeUseRecorder>;
    readonly now: () => number;
  },
  kind: string,
  config: unknown,
  reason: string,
): ReturnType<Kernel['makePower']> {
  const installed = kinds.get(kind);
  if (installed === undefined) {
    throw new PowerboxError('kind-unknown', `Cannot make a power of kind "${kind.slice(0, 40)}".`);
  }
  const parsed = installed.definition.config.safeParse(config);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new PowerboxError(
      'power-invalid',
      `Cannot make a power of kind ${kind}: at /${issue?.path.map(String).join('/') ?? ''}, ${issue?.message ?? 'it is malformed'}.`,
    );
  }
  const power: Power = {
    id: newId('pw'),
    kind,
    config: parsed.data,
    text: installed.definition.describeConfig(parsed.data),
    secrets: installed.definition.secretsOf(parsed.data),
    created: now(),
  };
  const root = rootGrant(power, reason);
  store.powers.insert(power);
  store.grants.insert(root);
  recorder.now(grantEntry(root, power, [root.id], null));
  graph.add(root, power);
  return { power, root };
}
