import type { Ended, Grant } from '../ocap/grant.ts';
import type { Power } from '../store/kernel-store.ts';
import { PowerboxError } from '../wire/errors.ts';
import type { InstalledKind, Kinds } from './kernel.ts';

/** A use that is going on under a grant; it is cut when the grant ends. */
export interface OpenUse {
  cut(error: PowerboxError): void;
}

/** Why a grant works no more: the end of itself or of one that it hangs on. */
export interface Death {
  readonly ended: Ended;
  /** The grant that was ended. */
  readonly grant: string;
}

/**
 * A grant in memory, with what its ancestors say worked out once. `death` is set for all that
 * hangs on an ended grant at the moment it ends, so whether a grant is valid is one look.
 */
export interface Node {
  readonly grant: Grant;
  readonly power: Power;
  /** Undefined when no such kind is installed now; then nothing can be done with the grant. */
  readonly kind: InstalledKind | undefined;
  readonly parent: Node | null;
  readonly children: Set<Node>;
  /** Root first, itself last. */
  readonly path: readonly Node[];
  readonly chain: readonly string[];
  /** Those of the path that narrow, root first. */
  readonly narrowings: readonly unknown[];
  /** Length of those as JSON; whoever holds the grant is told all of them. */
  readonly narrowingChars: number;
  readonly notBefore: number | null;
  readonly expires: number | null;
  /** Those of the path that have a budget. */
  readonly budgeted: readonly Node[];
  readonly approval: Grant['approval'];
  readonly uses: Set<OpenUse>;
  death: Death | null;
  /** It was ended, and that could not be written: it is to be written when it is ended again. */
  unwritten: boolean;
}

export interface Given {
  readonly grants: number;
  readonly narrowingChars: number;
}

export interface Graph {
  get(id: string): Node | undefined;
  /** A node for a row whose parent is here already. */
  add(grant: Grant, power: Power): Node;
  /** The valid and the dead ones that a principal holds. */
  heldBy(principal: string): ReadonlySet<Node>;
  /** How much a principal has given, dead or not: all of it is kept. */
  givenBy(principal: string): Given;
  all(): Iterable<Node>;
  readonly size: number;
  /** Forgets what was added after there were so many: their rows were not kept. */
  shrinkTo(size: number): void;
  /** These grants and what hangs on them, each once, parents first, without what is dead. */
  living(tops: readonly Node[]): readonly Node[];
}

const STRICTNESS: readonly Grant['approval'][] = ['none', 'writes', 'always'];

export function makeGraph(kinds: Kinds): Graph {
  const nodes = new Map<string, Node>();
  const held = new Map<string, Set<Node>>();
  const given = new Map<string, Given>();

  function count({ grant, narrowingChars }: Node, sign: 1 | -1): void {
    const before = given.get(grant.from) ?? NOTHING;
    given.set(grant.from, {
      grants: before.grants + sign,
      narrowingChars: before.narrowingChars + sign * narrowingChars,
    });
  }

  function add(grant: Grant, power: Power): Node {
    const parent = grant.parent === null ? null : parentOf(nodes, grant);
    const node = makeNode(grant, power, parent, kinds.get(power.kind));
    nodes.set(grant.id, node);
    parent?.children.add(node);
    const own = held.get(grant.to) ?? new Set();
    own.add(node);
    held.set(grant.to, own);
    count(node, 1);
    return node;
  }

  function living(tops: readonly Node[]): readonly Node[] {
    // A set goes on with what is added while it is walked.
    const found = new Set(tops.filter(({ death }) => death === null));
    for (const node of found) {
      for (const child of node.children) {
        // What hangs on a dead grant is dead.
        if (child.death === null) found.add(child);
      }
    }
    return [...found];
  }

  return {
    get: (id) => nodes.get(id),
    add,
    heldBy: (principal) => held.get(principal) ?? NONE,
    givenBy: (principal) => given.get(principal) ?? NOTHING,
    all: () => nodes.values(),
    get size() {
      return nodes.size;
    },
    shrinkTo(size) {
      for (const node of [...nodes.values()].slice(size).reverse()) {
        nodes.delete(node.grant.id);
        node.parent?.children.delete(node);
        held.get(node.grant.to)?.delete(node);
        count(node, -1);
      }
    },
    living,
  };
}

const NONE: ReadonlySet<Node> = new Set();
const NOTHING: Given = { grants: 0, narrowingChars: 0 };

function parentOf(nodes: ReadonlyMap<string, Node>, grant: Grant): Node {
  const parent = nodes.get(grant.parent as string);
  if (parent === undefined) {
    throw new PowerboxError('internal', `The grant ${grant.id} hangs on one that is not there.`);
  }
  return parent;
}

function makeNode(
  grant: Grant,
  power: Power,
  parent: Node | null,
  kind: InstalledKind | undefined,
): Node {
  const path: Node[] = [...(parent?.path ?? [])];
  const narrows = grant.narrowing !== null && grant.narrowing !== undefined;
  const node: Node = {
    grant,
    power,
    kind,
    parent,
    children: new Set(),
    path,
    chain: [...(parent?.chain ?? []), grant.id],
    narrowings: narrows
      ? [...(parent?.narrowings ?? []), grant.narrowing]
      : parentNarrowings(parent),
    narrowingChars:
      (parent?.narrowingChars ?? 0) + (narrows ? JSON.stringify(grant.narrowing).length : 0),
    notBefore: later(parent?.notBefore ?? null, grant.notBefore),
    expires: earlier(parent?.expires ?? null, grant.expires),
    budgeted: [],
    approval: stricter(parent?.approval ?? 'none', grant.approval),
    uses: new Set(),
    death: parent?.death ?? null,
    unwritten: false,
  };
  path.push(node);
  const budgeted = path.filter((each) => each.grant.budget !== null);
  (node as { budgeted: readonly Node[] }).budgeted = budgeted;
  if (node.death === null && grant.revoked !== null) {
    node.death = { ended: grant.revoked, grant: grant.id };
  }
  return node;
}

function parentNarrowings(parent: Node | null): readonly unknown[] {
  return parent?.narrowings ?? [];
}

function later(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.max(a, b);
}

function earlier(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}

function stricter(a: Grant['approval'], b: Grant['approval']): Grant['approval'] {
  return STRICTNESS.indexOf(a) >= STRICTNESS.indexOf(b) ? a : b;
}
