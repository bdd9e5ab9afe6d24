import type { Live } from '../ocap/live.ts';
import type { Effect } from '../ocap/power.ts';
import { refuse, type Verdict } from '../ocap/verdict.ts';
import { type ErrorCode, PowerboxError } from '../wire/errors.ts';
import type { UseEntry } from '../wire/journal-entry.ts';
import type { Approvals } from './approvals.ts';
import type { Budgets } from './budgets.ts';
import { callText } from './call-text.ts';
import { digestOf } from './digest.ts';
import type { Graph, Node } from './graph.ts';
import { hangOn } from './hang-on.ts';
import type { InstalledKind, Reference } from './kernel.ts';
import { METHOD_CHARS_MAX, USES_OPEN_MAX } from './limits.ts';
import type { Objects } from './objects.ts';
import { type GoingUse, openUse } from './open-use.ts';
import type { UseRecorder } from './recorder.ts';
import { isHeldBy, type Referent, referentOf } from './reference.ts';
import { makeTurnstile } from './turnstile.ts';
import type { AllowedUse, RowPlace } from './use-rows.ts';
import { errorOf, textOf, validity } from './validity.ts';

export interface UseParts {
  readonly graph: Graph;
  readonly budgets: Budgets;
  readonly approvals: Approvals;
  readonly objects: Objects;
  readonly recorder: UseRecorder;
  readonly now: () => number;
  /** Checks arguments against the declaration. Throws `method-unknown`, `call-invalid`. */
  guard(
    kind: InstalledKind,
    facet: string,
    method: string,
    args: readonly unknown[],
  ): readonly unknown[];
  /** The object at the root of a power, made once. */
  rootOf(node: Node): Live | Promise<Live>;
}

/** A use as it was judged: its canonical form, and the grants that it passes. */
interface Judged {
  readonly holder: string;
  readonly node: Node;
  /** The grant that is used first, then those that its reference came through. */
  readonly passed: readonly Node[];
  readonly referent: Referent;
  readonly kind: InstalledKind;
  readonly method: string;
  readonly args: readonly unknown[];
  readonly call: string;
  readonly effect: Effect;
  readonly digest: () => string;
  readonly verdict: Verdict;
}

export interface Uses {
  use(
    holder: string,
    reference: Reference,
    method: string,
    args: readonly unknown[],
  ): Promise<unknown>;
  can(holder: string, reference: Reference, method: string, args: readonly unknown[]): Verdict;
}

const ONE_USE = { uses: 1 } as const;

/**
 * The choke point of every use of a power that is not a box's own request: validity, narrowing of
 * every ancestor, approval, budget, journal; only then the call, and its answer through the
 * grant's membrane. No kind can forget a step, because kinds do not call themselves.
 */
export function makeUses(parts: UseParts): Uses {
  const { budgets, recorder, now } = parts;
  const turnstile = makeTurnstile(USES_OPEN_MAX);

  async function use(
    holder: string,
    reference: Reference,
    method: string,
    args: readonly unknown[],
  ): Promise<unknown> {
    let judged: Judged;
    try {
      judged = judgeUse(parts, holder, reference, method, args);
    } catch (error) {
      // What cannot even be judged was tried all the same.
      const entry = unjudgedEntry(parts.graph, holder, reference, method, tellable(error));
      if (entry !== null) await recorded(recorder.write(entry));
      throw error;
    }
    if (!judged.verdict.allow) throw await recordRefusal(judged, judged.verdict);
    try {
      if (waits(judged)) {
        const verdict = await askHost(parts, judged);
        if (!verdict.allow) throw errorOf(verdict);
      }
      turnstile.enter(holder);
    } catch (error) {
      const { code, message } = tellable(error);
      throw await recordRefusal(judged, { code, reason: message });
    }
    const going = openUse(holder, judged.passed, budgets, now, () => expiredError(judged.node));
    const started = performance.now();
    let place: RowPlace | undefined;
    let code: ErrorCode | undefined;
    try {
      // What waited for approval may have been overtaken by another use of the same budget.
      const paid = budgets.spend(judged.passed, ONE_USE, now());
      if (!paid.allow) throw await recordRefusal(judged, paid);
      place = await recorded(recorder.allow(allowedUse(judged)));
      return await perform(parts, judged, going);
    } catch (error) {
      const told = tellable(error);
      code = told.code;
      throw told;
    } finally {
      going.close();
      turnstile.leave(holder);
      place?.done(code, performance.now() - started, going.spent);
    }
  }

  /** The row of a refusal is written before anybody hears of it. */
  async function recordRefusal(
    judged: Judged,
    refusal: { readonly code: ErrorCode; readonly reason: string },
  ): Promise<PowerboxError> {
    await recorded(recorder.write(refusalEntry(judged, refusal)));
    return new PowerboxError(refusal.code, refusal.reason);
  }

  return {
    use,
    can(holder, reference, method, args) {
      return judgeUse(parts, holder, reference, method, args).verdict;
    },
  };
}

/** Null for a reference of another holder: what it names is none of this one's business. */
function unjudgedEntry(
  graph: Graph,
  guest: string,
  reference: Reference,
  method: string,
  { code, message: reason }: PowerboxError,
): UseEntry | null {
  const node = graph.get(reference.grant);
  if (node === undefined || !isHeldBy(reference, guest)) return null;
  const { grant, power, chain } = node;
  const call = String(method).slice(0, METHOD_CHARS_MAX);
  const common = { guest, grant: grant.id, chain, power: power.kind, call };
  return { kind: 'use', ...common, effect: 'read', verdict: 'deny', code, reason };
}

async function recorded<T>(written: Promise<T>): Promise<T> {
  try {
    return await written;
  } catch (cause) {
    throw new PowerboxError(
      'journal-unavailable',
      'Nothing was done, because it could not be recorded.',
      { cause },
    );
  }
}

/** Everything that can be said of a use without doing or asking anything. */
function judgeUse(
  parts: UseParts,
  holder: string,
  reference: Reference,
  method: string,
  given: readonly unknown[],
): Judged {
  const referent = referentOf(reference, holder);
  const node = parts.graph.get(reference.grant);
  if (node?.kind === undefined) {
    throw new PowerboxError(
      node === undefined ? 'grant-unknown' : 'kind-unknown',
      `Cannot use the grant ${reference.grant}: ${node === undefined ? 'there is none' : `no kind ${node.power.kind} is installed`}.`,
    );
  }
  const { kind } = node;
  const passed = [node, ...requiredNodes(parts.graph, reference)];
  const guarded = parts.guard(kind, reference.facet, method, given);
  const holding = { holder, node, requires: reference.requires };
  const args = parts.objects.membraneOf(holding).inward(guarded) as readonly unknown[];
  const invocation = { facet: reference.facet, at: referent.live?.at ?? null, method, args };
  const { definition } = kind;
  const call = definition.callOf(node.power.config, invocation);
  return {
    holder,
    node,
    passed,
    referent,
    kind,
    method,
    args,
    call: callText(definition.describe(call)),
    effect: definition.effect(call),
    digest: () => digestOf({ grant: node.grant.id, ...invocation }),
    verdict: verdictOf(parts, node, passed, call),
  };
}

function requiredNodes(graph: Graph, { requires }: Reference): Node[] {
  return requires.map((id) => {
    const node = graph.get(id);
    if (node === undefined) {
      throw new PowerboxError('grant-unknown', `Cannot use the grant ${id}: there is none.`);
    }
    return node;
  });
}

function verdictOf(
  { budgets, now }: UseParts,
  node: Node,
  passed: readonly Node[],
  call: unknown,
): Verdict {
  const time = now();
  for (const each of passed) {
    const valid = validity(each, time);
    if (!valid.allow) return valid;
  }
  const { definition } = node.kind as InstalledKind;
  if (!definition.concerns(node.power.config, call)) {
    const what = callText(definition.describe(call));
    return refuse('not-granted', `${what} is not allowed: the power is for ${node.power.text}.`);
  }
  for (const narrowing of node.narrowings) {
    const verdict = definition.permits(narrowing, call);
    if (!verdict.allow) return verdict;
  }
  return budgets.affords(passed, ONE_USE, time);
}

function waits({ passed, effect }: Judged): boolean {
  return passed.some(
    ({ approval }) => approval === 'always' || (approval === 'writes' && effect !== 'read'),
  );
}

async function askHost({ approvals }: UseParts, judged: Judged): Promise<Verdict> {
  const { holder, node, call, digest, effect, passed } = judged;
  const waiting = hangOn(passed);
  try {
    const question = { guest: holder, grant: node.grant.id, power: node.power.id, call, effect };
    return await approvals.ask({ ...question, digest: digest() }, waiting.ended);
  } finally {
    waiting.close();
  }
}

async function perform(parts: UseParts, judged: Judged, going: GoingUse): Promise<unknown> {
  const { holder, node, passed, referent, method, args } = judged;
  // The row took a turn to be written, in which anything may have ended.
  const time = parts.now();
  for (const each of passed) {
    const valid = validity(each, time);
    if (!valid.allow) throw errorOf(valid);
  }
  const opened = referent.live ?? parts.rootOf(node);
  const live = opened instanceof Promise ? await opened : opened;
  // To open a power may take long; a use that was cut meanwhile has not begun, and does not.
  going.throwIfCut();
  // A call that began cannot be undone, but what it gives is dropped when it was cut meanwhile.
  const answer = await going.outcome(live.call(method, args, going.context));
  const requires = passed.slice(1).map((each) => each.grant.id);
  return parts.objects.membraneOf({ holder, node, requires }).outward(answer);
}

function allowedUse({ holder, node, call, effect }: Judged): AllowedUse {
  const { grant, power, chain } = node;
  return { guest: holder, grant: grant.id, chain, power: power.kind, call, effect };
}

function refusalEntry(
  judged: Judged,
  { code, reason }: { readonly code: ErrorCode; readonly reason: string },
): UseEntry {
  return { kind: 'use', ...allowedUse(judged), verdict: 'deny', code, reason };
}

function expiredError(node: Node): PowerboxError {
  return new PowerboxError('grant-expired', `The grant "${textOf(node)}" has come to its end.`);
}

/** Only our own words reach a holder: a library's error may hold what the power was called with. */
function tellable(error: unknown): PowerboxError {
  if (PowerboxError.is(error)) return error;
  const name = error instanceof Error && /^[A-Za-z]{1,40}$/.test(error.name) ? error.name : 'Error';
  return new PowerboxError('power-failed', `The power failed (${name}).`, { cause: error });
}
