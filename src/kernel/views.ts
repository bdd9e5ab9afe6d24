import type { Grant } from '../ocap/grant.ts';
import type { KernelStore } from '../store/kernel-store.ts';
import { PowerboxError } from '../wire/errors.ts';
import type { Budgets } from './budgets.ts';
import type { Graph, Node } from './graph.ts';
import type { GrantView, Kernel, LastUsed } from './kernel.ts';
import type { Names } from './names.ts';
import { validity } from './validity.ts';

export interface ViewParts {
  readonly store: KernelStore;
  readonly graph: Graph;
  readonly names: Names;
  readonly budgets: Budgets;
  readonly lastUsed: () => LastUsed;
  readonly now: () => number;
}

/** Grants as people and programs look at them. */
export function makeViews(parts: ViewParts): {
  view: Kernel['view'];
  list: Kernel['grants'];
} {
  const { graph } = parts;
  return {
    view(id) {
      const node = graph.get(id);
      if (node === undefined) {
        throw new PowerboxError('grant-unknown', `Cannot find the grant "${id.slice(0, 40)}".`);
      }
      return viewOf(parts, node, parts.lastUsed());
    },
    list({ of, to, all = false, seenBy }) {
      const lastUsed = parts.lastUsed();
      const nodes = to === undefined ? graph.all() : graph.heldBy(to);
      return [...nodes]
        .filter((node) => (all || node.death === null) && (of === undefined || isFrom(node, of)))
        .filter(({ grant }) => seenBy === undefined || isBetween(grant, seenBy))
        .map((node) => viewOf(parts, node, lastUsed));
    },
  };
}

/** Given by this principal, or of this power. */
function isFrom({ grant, power }: Node, of: string): boolean {
  return grant.from === of || power.id === of;
}

function isBetween({ from, to }: Grant, principal: string): boolean {
  return from === principal || to === principal;
}

function viewOf({ names, budgets, now }: ViewParts, node: Node, lastUsed: LastUsed): GrantView {
  const { grant, power, chain, kind } = node;
  const narrows = grant.narrowing !== null && kind !== undefined;
  return {
    grant: node.death === null ? grant : { ...grant, revoked: node.death.ended },
    power,
    chain,
    only: narrows ? kind.definition.describeNarrowing(grant.narrowing) : [],
    valid: validity(node, now()),
    spent: budgets.spentOf(grant.id),
    names: names.pathsOf(grant.to, grant.id),
    lastUsed: lastUsed.get(grant.id) ?? null,
  };
}
