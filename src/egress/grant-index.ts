import type { HttpCall } from '../powers/http/call.ts';
import type { HostPattern, HttpConfig } from '../powers/http/config.ts';
import type { HttpNarrowing } from '../powers/http/narrowing.ts';
import type { LinkGrant } from '../wire/link.ts';

/** A grant as the egress judges it. */
export type HttpGrant = Omit<LinkGrant, 'config' | 'narrowings'> & {
  readonly config: HttpConfig;
  readonly narrowings: readonly HttpNarrowing[];
};

/**
 * The grants of a box, found by where a request goes. Which grant permits a call is decided by
 * `judge` alone; this only leaves out those that cannot, so that a box with ten thousand grants
 * waits no longer than one with ten.
 */
export interface GrantIndex {
  add(grant: HttpGrant): void;
  remove(id: string): HttpGrant | undefined;
  get(id: string): HttpGrant | undefined;
  all(): readonly HttpGrant[];
  /** Every grant that may permit the call, plain ones first, then in the order they came. */
  near(call: HttpCall): readonly HttpGrant[];
  /** Every grant for the origin of the call; for the sentence that explains a refusal. */
  around(call: HttpCall): readonly HttpGrant[];
}

interface Entry {
  readonly grant: HttpGrant;
  readonly order: number;
}

/** Grants by the leading segments of their path that have no wildcard. */
interface Branch {
  readonly entries: Map<string, Entry>;
  readonly below: Map<string, Branch>;
}

/** Leading segments that are looked at; more tell no two grants apart that fewer would not. */
const SEGMENTS_MAX = 8;

export function makeGrantIndex(): GrantIndex {
  const entries = new Map<string, Entry>();
  const origins = new Map<string, Branch>();
  let order = 0;

  function branchesOf(call: HttpCall): Branch[] {
    return keysOf(call).flatMap((key) => origins.get(key) ?? []);
  }

  return {
    add(grant) {
      const entry = { grant, order: order++ };
      entries.set(grant.id, entry);
      const key = keyOf(grant.config);
      const root = origins.get(key) ?? makeBranch();
      origins.set(key, root);
      grow(root, leadingSegments(grant)).entries.set(grant.id, entry);
    },
    remove(id) {
      const entry = entries.get(id);
      if (entry === undefined) return undefined;
      entries.delete(id);
      const key = keyOf(entry.grant.config);
      const root = origins.get(key);
      if (root !== undefined && prune(root, leadingSegments(entry.grant), id)) origins.delete(key);
      return entry.grant;
    },
    get: (id) => entries.get(id)?.grant,
    all: () => [...entries.values()].map(({ grant }) => grant),
    near(call) {
      const segments = call.path.slice(1).split('/');
      const found = branchesOf(call).flatMap((branch) => along(branch, segments));
      return inOrder(found);
    },
    around: (call) => inOrder(branchesOf(call).flatMap(whole)),
  };
}

function makeBranch(): Branch {
  return { entries: new Map(), below: new Map() };
}

function grow(root: Branch, segments: readonly string[]): Branch {
  let branch = root;
  for (const segment of segments) {
    const next = branch.below.get(segment) ?? makeBranch();
    branch.below.set(segment, next);
    branch = next;
  }
  return branch;
}

/** True when nothing is left of the branch. */
function prune(branch: Branch, segments: readonly string[], id: string): boolean {
  const [first, ...rest] = segments;
  if (first === undefined) branch.entries.delete(id);
  else {
    const next = branch.below.get(first);
    if (next !== undefined && prune(next, rest, id)) branch.below.delete(first);
  }
  return branch.entries.size === 0 && branch.below.size === 0;
}

function along(root: Branch, segments: readonly string[]): Entry[] {
  const found: Entry[] = [];
  let branch: Branch | undefined = root;
  for (let depth = 0; branch !== undefined; depth++) {
    for (const entry of branch.entries.values()) found.push(entry);
    branch = branch.below.get(segments[depth] ?? '');
    if (depth >= segments.length) break;
  }
  return found;
}

function whole(branch: Branch): Entry[] {
  return [...branch.entries.values(), ...[...branch.below.values()].flatMap(whole)];
}

/** A grant that must be asked for is used only where no plain one will do. */
function inOrder(entries: Entry[]): HttpGrant[] {
  if (entries.length > 1) {
    entries.sort((a, b) => Number(a.grant.asks) - Number(b.grant.asks) || a.order - b.order);
  }
  return entries.map(({ grant }) => grant);
}

/** Every path that the grant may permit begins with these segments. */
function leadingSegments({ narrowings }: HttpGrant): readonly string[] {
  let longest: readonly string[] = [];
  for (const { path } of narrowings) {
    if (path === null) continue;
    const segments = path.slice(1).split('/');
    const wild = segments.findIndex((segment) => /[*{]/.test(segment));
    const leading = wild === -1 ? segments : segments.slice(0, wild);
    if (leading.length > longest.length) longest = leading;
  }
  return longest.slice(0, SEGMENTS_MAX);
}

function keyOf({ scheme, host, port }: HttpConfig): string {
  return `${scheme} ${port} ${hostKey(host)}`;
}

function hostKey(host: HostPattern): string {
  if (host.type === 'any') return '*';
  return host.type === 'below' ? `.${host.suffix}` : host.name;
}

/** The keys of all configs that concern the call. */
function keysOf({ scheme, host, port }: HttpCall): string[] {
  const start = `${scheme} ${port} `;
  const keys = [`${start}${host}`, `${start}*`];
  for (let dot = host.indexOf('.'); dot !== -1; dot = host.indexOf('.', dot + 1)) {
    keys.push(`${start}${host.slice(dot)}`);
  }
  return keys;
}
