import type { Ended } from '../ocap/grant.ts';
import type { KernelStore } from '../store/kernel-store.ts';
import { PowerboxError } from '../wire/errors.ts';
import type { RevokeEntry } from '../wire/journal-entry.ts';
import type { Graph, Node } from './graph.ts';
import { HOST, type Revocable, type RevokeReport } from './kernel.ts';
import { REASON_CHARS_MAX } from './limits.ts';
import type { Objects } from './objects.ts';
import type { UseRecorder } from './recorder.ts';
import type { Roots } from './roots.ts';
import { errorOf, validity } from './validity.ts';

/** Tells boxes which guests' grants changed and which ended; gives how many uses they cut. */
export type TellReplicas = (
  guests: ReadonlySet<string>,
  ended: ReadonlySet<string>,
) => Promise<number>;

export interface RevokeParts {
  readonly store: KernelStore;
  readonly graph: Graph;
  readonly objects: Objects;
  readonly recorder: UseRecorder;
  readonly roots: Roots;
  readonly now: () => number;
  readonly tellReplicas: TellReplicas;
}

/** What would die, and nothing else happens. */
export function previewRevoke(parts: RevokeParts, what: Revocable): RevokeReport {
  return reportOf(parts.graph.living(topsOf(parts, what)), 0);
}

/**
 * Ends what was named and all that hangs on it: the rows first, in one transaction, then what is
 * in flight here, then what is in flight in boxes. `also` is written in the same transaction. What
 * cannot be written is cut all the same, and then thrown: a full disk keeps nobody in power.
 */
export async function revoke(
  parts: RevokeParts,
  by: string,
  what: Revocable,
  reason: string,
  also: (ended: Ended) => void = () => {},
): Promise<RevokeReport> {
  const { graph, now } = parts;
  const tops = topsOf(parts, what);
  mayEnd(by, tops);
  const ended: Ended = { time: now(), by, reason: reason.slice(0, REASON_CHARS_MAX) };
  const dying = graph.living(tops);
  let fault: { readonly error: unknown } | undefined;
  try {
    write(parts, tops, entryOf(what, ended, dying.length), ended, also);
  } catch (error) {
    fault = { error };
  }
  for (const top of tops) top.unwritten = fault !== undefined;
  kill(dying, new Set(tops), ended);
  const cut = cutUses(parts, dying);
  const guests = new Set(dying.map(({ grant }) => grant.to));
  const cutInBoxes = await parts.tellReplicas(guests, new Set(dying.map(({ grant }) => grant.id)));
  if (fault !== undefined) throw fault.error;
  return reportOf(dying, cut + cutInBoxes);
}

function write(
  { store, recorder }: RevokeParts,
  tops: readonly Node[],
  entry: RevokeEntry,
  ended: Ended,
  also: (ended: Ended) => void,
): void {
  store.transaction(() => {
    for (const { grant } of tops) store.grants.revoke(grant.id, ended);
    also(ended);
    recorder.now(entry);
  });
}

/** Parents come first, so each dies of what its parent died of. */
function kill(dying: readonly Node[], tops: ReadonlySet<Node>, ended: Ended): void {
  for (const node of dying) {
    const own = { ended, grant: node.grant.id };
    node.death = node.parent?.death ?? (tops.has(node) ? own : null);
  }
}

function cutUses({ objects, roots, now }: RevokeParts, died: readonly Node[]): number {
  let cut = 0;
  for (const node of died) {
    objects.closeAll(node);
    if (node.parent === null) roots.drop(node.power.id);
    if (node.uses.size === 0) continue;
    const valid = validity(node, now());
    if (valid.allow) continue;
    for (const use of [...node.uses]) {
      use.cut(errorOf(valid));
      cut += 1;
    }
  }
  return cut;
}

/** Ends what goes on, and no grant. */
export function cutUsesOf(graph: Graph, guest: string, error: PowerboxError): number {
  const going = [...graph.heldBy(guest)].flatMap((node) => [...node.uses]);
  for (const use of going) use.cut(error);
  return going.length;
}

/** The grants that are named, without those whose end is written already. */
function topsOf({ graph, store }: RevokeParts, what: Revocable): readonly Node[] {
  if ('grant' in what) {
    const node = graph.get(what.grant);
    if (node === undefined) {
      throw new PowerboxError(
        'grant-unknown',
        `Cannot find the grant "${what.grant.slice(0, 40)}".`,
      );
    }
    return isEndable(node) ? [node] : [];
  }
  if ('guest' in what) return [...graph.heldBy(what.guest)].filter(isEndable);
  const isMeant =
    'power' in what
      ? ({ power }: Node) => power.id === what.power
      : ({ power }: Node) => power.secrets.includes(what.secret);
  if ('power' in what && store.powers.get(what.power) === undefined) {
    throw new PowerboxError('power-unknown', `Cannot find the power "${what.power.slice(0, 40)}".`);
  }
  return [...graph.heldBy(HOST)].filter(
    (node) => node.parent === null && isEndable(node) && isMeant(node),
  );
}

function isEndable({ death, unwritten }: Node): boolean {
  return death === null || unwritten;
}

/** A giver may take back what it gave, and a holder may lay down what it holds. */
function mayEnd(by: string, tops: readonly Node[]): void {
  if (by === HOST) return;
  for (const { grant } of tops) {
    if (grant.from === by || grant.to === by) continue;
    throw new PowerboxError(
      'grant-unknown',
      `Cannot end the grant ${grant.id}: it is neither from nor to whoever asks.`,
    );
  }
}

function reportOf(nodes: readonly Node[], cut: number): RevokeReport {
  return {
    grants: nodes.map(({ grant }) => grant),
    guests: [...new Set(nodes.map(({ grant }) => grant.to))].filter((id) => id !== HOST),
    cut,
  };
}

function entryOf(what: Revocable, { by, reason }: Ended, grants: number): RevokeEntry {
  const [kind, id] = Object.entries(what)[0] as [RevokeEntry['what'], string];
  return { kind: 'revoke', by, what: kind, id, grants, reason };
}
