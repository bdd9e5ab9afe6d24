import type { Grant } from '../ocap/grant.ts';
import { DELEGATION_DEPTH_MAX } from '../ocap/limits.ts';
import type { KernelStore, Power, Principal } from '../store/kernel-store.ts';
import { PowerboxError } from '../wire/errors.ts';
import type { GrantEntry } from '../wire/journal-entry.ts';
import { checkBudget } from './budgets.ts';
import type { Graph, Node } from './graph.ts';
import { newId } from './ids.ts';
import { type GrantAsk, HOST } from './kernel.ts';
import {
  GIVEN_CHARS_MAX,
  GRANTS_GIVEN_MAX,
  NAMES_FROM_GUESTS_MAX,
  NARROWING_BYTES_MAX,
  REASON_CHARS_MAX,
} from './limits.ts';
import type { Names } from './names.ts';
import type { UseRecorder } from './recorder.ts';
import { errorOf, validity } from './validity.ts';

export interface DelegateParts {
  readonly store: KernelStore;
  readonly graph: Graph;
  readonly names: Names;
  readonly recorder: UseRecorder;
  readonly now: () => number;
  principal(id: string): Principal;
}

/**
 * Gives a grant on. Nothing here can widen: the new grant hangs on one that the giver holds, and
 * every use passes the narrowing, budget, approval and time of each grant on the way. Runs in a
 * transaction of the caller's; throws when the giver may not.
 */
export function delegate(parts: DelegateParts, giver: string, ask: GrantAsk): Node {
  const { store, graph, names, recorder, now } = parts;
  const parent = heldParent(graph, giver, ask.parent, now());
  const receiver = parts.principal(ask.to);
  checkWay(parent, giver, receiver);
  const grant = readAsk(ask, parent, giver, receiver.id, now());
  checkGiven(graph, giver, parent, grant.narrowing);
  checkRoom(store, giver, receiver);
  if (grant.narrowing !== null && parent.kind === undefined) {
    throw new PowerboxError('kind-unknown', `No kind ${parent.power.kind} is installed.`);
  }
  const name = ask.as ?? names.freeName(receiver.id, nameOf(names, giver, parent));
  store.grants.insert(grant);
  names.write(receiver.id, name, grant.id);
  recorder.now(grantEntry(grant, parent.power, [...parent.chain, grant.id], parent));
  return graph.add(grant, parent.power);
}

/** What guests give leaves room for the names of the host's grants, and for the holder's own. */
function checkRoom(store: KernelStore, giver: string, { id, name }: Principal): void {
  if (giver === HOST || store.names.count(id) < NAMES_FROM_GUESTS_MAX) return;
  throw new PowerboxError(
    'limit-exceeded',
    `Cannot grant to ${name}: its directories are as full as guests may make them.`,
  );
}

/** The grant through which the host holds a new power. */
export function rootGrant(power: Power, reason: string): Grant {
  return {
    id: newId('gr'),
    from: HOST,
    to: HOST,
    power: power.id,
    parent: null,
    narrowing: null,
    budget: null,
    notBefore: null,
    expires: null,
    approval: 'none',
    delegable: true,
    reason,
    created: power.created,
    revoked: null,
    box: null,
  };
}

function heldParent(graph: Graph, giver: string, id: string, now: number): Node {
  const parent = graph.get(id);
  if (parent === undefined || parent.grant.to !== giver) {
    throw new PowerboxError(
      'grant-unknown',
      `Cannot grant ${id.slice(0, 40)} on: the giver does not hold such a grant.`,
    );
  }
  const valid = validity(parent, now);
  // What has not begun yet may be given on: it begins for all at once.
  if (!valid.allow && valid.code !== 'grant-not-yet') throw errorOf(valid);
  if (!parent.grant.delegable) {
    throw new PowerboxError(
      'grant-not-delegable',
      `Cannot grant ${id} on: whoever gave it does not allow that.`,
    );
  }
  if (parent.chain.length >= DELEGATION_DEPTH_MAX) {
    throw new PowerboxError(
      'grant-too-deep',
      `Cannot grant ${id} on: it has passed ${parent.chain.length} hands, and that is the most.`,
    );
  }
  return parent;
}

/** What a guest gives is kept, also when it has ended. */
function checkGiven(graph: Graph, giver: string, parent: Node, narrowing: unknown): void {
  if (giver === HOST) return;
  const own = narrowing === null ? 0 : JSON.stringify(narrowing).length;
  const { grants, narrowingChars } = graph.givenBy(giver);
  if (grants >= GRANTS_GIVEN_MAX) {
    throw new PowerboxError(
      'limit-exceeded',
      `Cannot grant on: ${grants} grants were given, and that is the most.`,
    );
  }
  if (narrowingChars + parent.narrowingChars + own > GIVEN_CHARS_MAX) {
    throw new PowerboxError(
      'limit-exceeded',
      `Cannot grant on: the rules of all grants that were given have ${GIVEN_CHARS_MAX} characters at most.`,
    );
  }
}

/** A grant that comes back to where it passed would make two ways of one, and both unclear. */
function checkWay(parent: Node, giver: string, receiver: Principal): void {
  if (receiver.id === giver && giver !== HOST) {
    throw new PowerboxError('grant-cycle', 'Cannot grant to oneself: it is held already.');
  }
  if (receiver.id !== HOST && parent.path.some(({ grant }) => grant.to === receiver.id)) {
    throw new PowerboxError(
      'grant-cycle',
      `Cannot grant to ${receiver.name}: the grant came by way of it.`,
    );
  }
  if (receiver.id === HOST) {
    throw new PowerboxError('grant-cycle', 'Cannot grant to the host: it holds every power.');
  }
}

function readAsk(ask: GrantAsk, parent: Node, giver: string, receiver: string, now: number): Grant {
  const { notBefore = null, expires = null } = ask;
  if (expires !== null && (expires <= now || (notBefore !== null && expires <= notBefore))) {
    throw new PowerboxError('grant-invalid', 'Cannot grant: it would end before it begins.');
  }
  return {
    id: newId('gr'),
    from: giver,
    to: receiver,
    power: parent.power.id,
    parent: parent.grant.id,
    narrowing: readNarrowing(parent, ask.narrowing ?? null),
    budget: ask.budget === null || ask.budget === undefined ? null : checkBudget(ask.budget),
    notBefore,
    expires,
    approval: ask.approval ?? 'none',
    delegable: ask.delegable ?? true,
    reason: (ask.reason ?? '').slice(0, REASON_CHARS_MAX),
    created: now,
    revoked: null,
    box: ask.box ?? null,
  };
}

/** Checked against the kind's schema here, whoever made it; what is stored is what was checked. */
function readNarrowing(parent: Node, narrowing: unknown): unknown {
  if (narrowing === null || parent.kind === undefined) return narrowing;
  const parsed = parent.kind.definition.narrowing.safeParse(narrowing);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const at = issue?.path.map(String).join('/') ?? '';
    throw new PowerboxError(
      'narrowing-invalid',
      `Cannot use the narrowing of ${parent.power.kind}: at /${at}, ${issue?.message ?? 'it is malformed'}.`,
    );
  }
  if (JSON.stringify(parsed.data).length > NARROWING_BYTES_MAX) {
    throw new PowerboxError(
      'narrowing-invalid',
      `Cannot use the narrowing: it is longer than ${NARROWING_BYTES_MAX} bytes.`,
    );
  }
  return parsed.data;
}

/** The giver's own name for it, else the kind. */
function nameOf(names: Names, giver: string, parent: Node): string {
  const path = names.pathsOf(giver, parent.grant.id)[0];
  return path?.split('/').at(-1) ?? parent.power.kind;
}

export function grantEntry(
  grant: Grant,
  power: Power,
  chain: readonly string[],
  parent: Node | null,
): GrantEntry {
  const definition = parent?.kind?.definition;
  return {
    kind: 'grant',
    grant: grant.id,
    from: grant.from,
    to: grant.to,
    chain,
    power: power.text,
    only:
      definition === undefined || grant.narrowing === null
        ? []
        : definition.describeNarrowing(grant.narrowing),
    budget: grant.budget,
    expires: grant.expires,
    approval: grant.approval,
    reason: grant.reason,
  };
}
