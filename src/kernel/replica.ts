import type { HeldGrant } from '../ocap/grant.ts';
import type { Graph, Node } from './graph.ts';
import { textOf } from './validity.ts';

/** Kinds that an egress can judge by itself. */
const EGRESS_KINDS: ReadonlySet<string> = new Set(['http', 'model']);

/** The living grants of a guest that its box's egress judges, in the order they were given. */
export function replicaOf(graph: Graph, guest: string, now: number): readonly HeldGrant[] {
  return [...graph.heldBy(guest)]
    .filter((node) => isUsable(node, now) && EGRESS_KINDS.has(node.power.kind))
    .map(heldGrant);
}

function isUsable({ death, expires, kind }: Node, now: number): boolean {
  return death === null && kind !== undefined && (expires === null || expires > now);
}

function heldGrant(node: Node): HeldGrant {
  return {
    id: node.grant.id,
    kind: node.power.kind,
    config: node.power.config,
    narrowings: node.narrowings,
    byHost: narrowingsByHost(node),
    chain: node.chain,
    text: textOf(node),
    notBefore: node.notBefore,
    expires: node.expires,
    asks: node.budgeted.length > 0 || node.approval !== 'none',
  };
}

/** Narrowings of the grants from the root on that the host gave, up to the first of a guest's. */
export function narrowingsByHost({ path }: Node): number {
  const host = path[0]?.grant.from;
  const first = path.findIndex(({ grant }) => grant.from !== host);
  const own = first === -1 ? path : path.slice(0, first);
  return own.filter(({ grant }) => grant.narrowing !== null && grant.narrowing !== undefined)
    .length;
}
