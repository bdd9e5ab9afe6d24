import { type Guard, guardOf } from '../ocap/derive.ts';
import { refuse } from '../ocap/verdict.ts';
import type { KernelStore, Power } from '../store/kernel-store.ts';
import { PowerboxError } from '../wire/errors.ts';
import { type Approvals, makeApprovals } from './approvals.ts';
import { admitBoxUse } from './box-uses.ts';
import { type Budgets, makeBudgets } from './budgets.ts';
import { delegate, grantEntry, rootGrant } from './delegate.ts';
import { type Graph, makeGraph, type Node } from './graph.ts';
import { newId } from './ids.ts';
import { HOST, type InstalledKind, type Kernel, type Kinds, type LastUsed } from './kernel.ts';
import { makeMailroom } from './mail.ts';
import { makeNames, type Names } from './names.ts';
import { makeObjects, type Objects } from './objects.ts';
import { makePrincipals, type Principals } from './principals.ts';
import { makeUseRecorder, type UseRecorder } from './recorder.ts';
import { makeReference } from './reference.ts';
import { replicaOf } from './replica.ts';
import { cutUsesOf, previewRevoke, revoke, type TellReplicas } from './revoke.ts';
import { makeRoots, type Roots } from './roots.ts';
import type { EntrySink } from './row-queue.ts';
import { makeUses, type UseParts } from './use.ts';
import { errorOf, validity } from './validity.ts';
import { makeViews } from './views.ts';

export interface KernelParts {
  readonly store: KernelStore;
  readonly journal: EntrySink;
  readonly kinds: Kinds;
  /** When each grant was last used, from the record. */
  readonly lastUsed: () => LastUsed;
  readonly now?: () => number;
  readonly approvalMs?: number;
  /** Told when the record cannot be written; nothing is done until it can. */
  readonly onFailure?: (error: unknown) => void;
}

/** What the methods of a kernel share. */
interface Inner {
  readonly store: KernelStore;
  readonly graph: Graph;
  readonly recorder: UseRecorder;
  readonly principals: Principals;
  readonly budgets: Budgets;
  readonly approvals: Approvals;
  readonly names: Names;
  readonly objects: Objects;
  readonly roots: Roots;
  readonly listeners: TellReplicas[];
  readonly removed: ((guest: string) => Promise<void>)[];
  readonly tellReplicas: TellReplicas;
  readonly now: () => number;
}

/** Puts the kernel together over a store. There is one for a home at a time. */
export function openKernel(parts: KernelParts): Kernel {
  const inner = makeInner(parts);
  const { store, graph, recorder, principals, approvals, names, objects, roots, now } = inner;
  const uses = makeUses({ ...inner, guard: compiledGuards(), rootOf: roots.of });
  const views = makeViews({ ...inner, lastUsed: parts.lastUsed });
  const mail = makeMailroom({
    store,
    names,
    journal: (entry) => recorder.now(entry),
    now,
    isHeldBy: (grant, holder) => graph.get(grant)?.grant.to === holder,
    givenBy: (grant) => graph.get(grant)?.grant.from,
  });
  return {
    kinds: parts.kinds,
    names,
    mail,
    ...grantMethods(inner, parts.kinds),
    ...revokeMethods(inner),
    ...boxMethods(inner),
    view: views.view,
    grants: views.list,
    principal: principals.find,
    principals: principals.all,
    powers: () => store.powers.all(),
    reference(holder, id) {
      const node = heldNode(graph, holder, id);
      const words = { grant: id, requires: [], kind: node.power.kind, facet: 'root' };
      return makeReference(words, { holder, live: null });
    },
    use: uses.use,
    can: uses.can,
    release: objects.release,
    pending: approvals.pending,
    decide: approvals.decide,
    onPending: approvals.onChange,
    record: recorder.write,
    recordNow: (entry) => recorder.now(entry),
    async close() {
      approvals.close();
      for (const node of graph.all()) objects.closeAll(node);
      await roots.close();
      recorder.flush();
    },
  };
}

function makeInner(parts: KernelParts): Inner {
  const { store, kinds, now = Date.now } = parts;
  const recorder = makeUseRecorder(parts.journal, parts.onFailure ?? (() => {}));
  const graph = loadGraph(store, kinds);
  const listeners: TellReplicas[] = [];
  return {
    store,
    graph,
    recorder,
    principals: makePrincipals(store, recorder, now),
    budgets: makeBudgets(store),
    approvals: makeApprovals(store, recorder, now, parts.approvalMs),
    names: makeNames(store),
    roots: makeRoots(),
    objects: makeObjects(({ node, requires }) => {
      const passed = [node, ...requires.map((id) => nodeAt(graph, id))];
      for (const each of passed) {
        const valid = validity(each, now());
        if (!valid.allow) throw errorOf(valid);
      }
      return passed;
    }, now),
    listeners,
    removed: [],
    async tellReplicas(guests, ended) {
      const cuts = await Promise.all(listeners.map((tell) => tell(guests, ended)));
      return cuts.reduce((sum, cut) => sum + cut, 0);
    },
    now,
  };
}

function grantMethods(
  inner: Inner,
  kinds: Kinds,
): Pick<Kernel, 'together' | 'addGuest' | 'makePower' | 'grant'> {
  const { store, graph, recorder, principals } = inner;

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
    together,
    addGuest: (name, { reason, box = null }) => together(() => principals.add(name, reason, box)),
    makePower: (kind, config, reason) =>
      together(() => makePower(inner, kinds, kind, config, reason)),
    grant(giver, ask) {
      const { grant } = together(() =>
        delegate({ ...inner, principal: principals.find }, giver, ask),
      );
      // A box that cannot be told of more than it had goes on with less.
      inner.tellReplicas(new Set([grant.to]), new Set()).catch(() => {});
      return grant;
    },
  };
}

function revokeMethods(
  inner: Inner,
): Pick<Kernel, 'preview' | 'revoke' | 'removeGuest' | 'onRemoved' | 'cutUses'> {
  const { principals, removed, graph } = inner;
  return {
    cutUses: (guest, error) => cutUsesOf(graph, guest, error),
    preview: (what) => previewRevoke(inner, what),
    revoke: (by, what, reason) => revoke(inner, by, what, reason),
    async removeGuest(guest, reason) {
      const { id } = principals.find(guest);
      if (id === HOST) throw new PowerboxError('guest-invalid', 'Cannot remove the host.');
      const report = await revoke(inner, HOST, { guest: id }, reason, (ended) =>
        principals.remove(id, ended),
      );
      await Promise.all(removed.map((tell) => tell(id)));
      return report;
    },
    onRemoved: (listener) => void removed.push(listener),
  };
}

function boxMethods(
  inner: Inner,
): Pick<Kernel, 'replica' | 'onReplica' | 'admit' | 'spend' | 'foresee'> {
  const { graph, budgets, listeners, now } = inner;
  return {
    replica: (guest) => replicaOf(graph, guest, now()),
    onReplica: (listener) => void listeners.push(listener),
    admit: (use) => admitBoxUse(inner, use),
    foresee(grant, amounts) {
      const node = graph.get(grant);
      if (node === undefined) return refuse('grant-unknown', `There is no grant ${grant}.`);
      return budgets.foresee([node], amounts);
    },
    spend(grant, amounts) {
      const node = graph.get(grant);
      if (node === undefined) return refuse('grant-unknown', `There is no grant ${grant}.`);
      // What was used before the grant ended is paid for by those that it hangs on.
      const paid = budgets.spend([node], amounts, now());
      const valid = validity(node, now());
      return valid.allow || !paid.allow ? paid : valid;
    },
  };
}

/** One guard for each kind, compiled when it is first used. */
function compiledGuards(): UseParts['guard'] {
  const guards = new WeakMap<InstalledKind, Guard>();
  return (kind, facet, method, args) => {
    const guard = guards.get(kind) ?? guardOf(kind.definition);
    guards.set(kind, guard);
    return guard(facet, method, args);
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

function nodeAt(graph: Graph, id: string): Node {
  const node = graph.get(id);
  if (node === undefined) throw new PowerboxError('grant-unknown', `There is no grant ${id}.`);
  return node;
}

function heldNode(graph: Graph, holder: string, id: string): Node {
  const node = graph.get(id);
  if (node === undefined || node.grant.to !== holder) {
    throw new PowerboxError('grant-unknown', `Cannot use the grant ${id.slice(0, 40)}: not held.`);
  }
  return node;
}

function makePower(
  { store, graph, recorder, now }: Inner,
  kinds: Kinds,
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
