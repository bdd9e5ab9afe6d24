import type { Spend } from '../ocap/budget.ts';
import { refuse, type Verdict } from '../ocap/verdict.ts';
import type { KernelStore } from '../store/kernel-store.ts';
import type { Approvals } from './approvals.ts';
import type { Budgets } from './budgets.ts';
import { callText } from './call-text.ts';
import type { Graph, Node } from './graph.ts';
import { hangOn } from './hang-on.ts';
import type { BoxUse } from './kernel.ts';
import { validity } from './validity.ts';

export interface BoxUseParts {
  readonly store: KernelStore;
  readonly graph: Graph;
  readonly budgets: Budgets;
  readonly approvals: Approvals;
  readonly now: () => number;
}

/**
 * The kernel's word on a use that a box's egress has judged: is the grant valid, does the host
 * approve, can it be paid. The egress writes the row, as it knows what was sent.
 */
export async function admitBoxUse(parts: BoxUseParts, use: BoxUse): Promise<Verdict> {
  const { graph, budgets, approvals, store, now } = parts;
  const guest = store.boxes.get(use.box)?.guest;
  const node = graph.get(use.grant);
  if (guest === undefined || node === undefined || node.grant.to !== guest) {
    return refuse('grant-unknown', `The grant ${use.grant.slice(0, 40)} is not of this box.`);
  }
  const spend: Spend = { ...use.spend, uses: 1 };
  const before = check(parts, node, spend);
  if (!before.allow) return before;
  if (node.approval === 'always' || (node.approval === 'writes' && use.effect !== 'read')) {
    const call = callText(use.call);
    const question = { guest, grant: node.grant.id, power: node.power.id, call };
    const waiting = hangOn([node]);
    const verdict = await approvals
      .ask({ ...question, digest: use.digest, effect: use.effect }, waiting.ended)
      .finally(waiting.close);
    if (!verdict.allow) return verdict;
    // It may have ended, or been spent, while the host thought about it.
    const after = check(parts, node, spend);
    if (!after.allow) return after;
  }
  return budgets.spend([node], spend, now());
}

function check({ budgets, now }: BoxUseParts, node: Node, spend: Spend): Verdict {
  const time = now();
  const valid = validity(node, time);
  return valid.allow ? budgets.affords([node], spend, time) : valid;
}
