import { createHash } from 'node:crypto';
import { judge, judgeGrant } from '../ocap/judge.ts';
import type { HttpCall } from '../powers/http/call.ts';
import { httpKind } from '../powers/http/kind.ts';
import { wantsBody } from '../powers/http/needs.ts';
import { mostOf } from '../powers/model/cost.ts';
import { modelKind } from '../powers/model/kind.ts';
import { PowerboxError } from '../wire/errors.ts';
import type { BodyReader } from './exchange/read-body.ts';
import type { HttpGrant } from './grant-index.ts';
import { EXPLAINED_GRANTS_MAX } from './limits.ts';
import type { BoxLink } from './link/box-link.ts';
import type { Hold } from './link/holds.ts';
import { leastCost } from './model-cost.ts';
import { judgeModel, type ModelUse } from './model-grants.ts';
import type { Refusal } from './refusal.ts';
import type { SlotGrants } from './slot-grants.ts';

/** The grant that a request goes under, held until the use is over; or why there is none. */
export type Decision =
  | {
      readonly ok: true;
      /** With its body, where that was looked at. */
      readonly call: HttpCall;
      readonly grant: HttpGrant;
      readonly hold: Hold;
      /** What is asked of a model, where the grant is one for that. */
      readonly model: ModelUse | null;
    }
  | RefusedDecision;

interface RefusedDecision extends Refusal {
  readonly ok: false;
  /** The grant that would have let it out, where the daemon said no. */
  readonly grant?: HttpGrant;
}

export interface Question {
  readonly call: HttpCall;
  /** Null when there is no body to read. */
  readonly reader: BodyReader | null;
  /** The body of a call that is permitted is read before anything else is done for it. */
  readonly readsWhole: boolean;
  /** Ends when the program stops waiting. */
  readonly signal: () => AbortSignal;
  /** Which grants open slots in it. */
  readonly slots: SlotGrants;
}

/** Codes that say that one grant is used up, which another one may make good. */
const USED_UP: ReadonlySet<string> = new Set(['budget-spent', 'rate-exceeded']);

/**
 * Finds the grant that permits a call. The body is read when the verdict hangs on it, when it has
 * slots, or when the host is asked to approve the call. Where the grant has a budget or an approval
 * the daemon is asked, and the request waits for its answer.
 */
export async function decide(link: BoxLink, question: Question): Promise<Decision> {
  if (!(await link.known())) {
    const reason = 'The daemon, which knows what this box holds, cannot be reached.';
    return { ok: false, code: 'daemon-unreachable', reason };
  }
  const { reader, readsWhole, signal, slots } = question;
  let { call } = question;
  const spent = new Set<string>();
  let usedUp: RefusedDecision | null = null;
  for (;;) {
    const found = find(link, call, spent, slots);
    const wanted = found.wantsBody || (found.grant !== null && readsWhole);
    if (call.body === undefined && reader !== null && wanted) {
      const read = await reader.read();
      if (!read.ok) return read;
      call = { ...call, body: { bytes: read.bytes } };
      continue;
    }
    if (found.grant === null) {
      return usedUp ?? { ok: false, ...(found.refusal ?? explain(link, call)) };
    }
    const { grant, model } = found;
    const hold = link.grants.hold(grant);
    if (hold === null) continue;
    const decision = { ok: true as const, call, grant, hold, model };
    if (!grant.asks) return decision;
    const refusal = await ask(link, decision, signal());
    if (refusal === null) return decision;
    hold.release();
    const refused: RefusedDecision = { ok: false, ...refusal, grant };
    if (!USED_UP.has(refusal.code)) return refused;
    usedUp ??= refused;
    spent.add(grant.id);
  }
}

interface Found {
  /** The grant that permits the call as far as it was read; null for none. */
  readonly grant: HttpGrant | null;
  readonly model: ModelUse | null;
  /** The verdict, the host's word or a slot hangs on the body. */
  readonly wantsBody: boolean;
  /** Why no model is asked, where one could be. */
  readonly refusal: Refusal | null;
}

function find(link: BoxLink, call: HttpCall, spent: ReadonlySet<string>, slots: SlotGrants): Found {
  const now = Date.now();
  const near = link.grants.near(call).filter(({ id }) => !spent.has(id));
  const judgement = judge(httpKind, near, call, now);
  if (judgement.allow) {
    const grant = slotted(judgement.grant as HttpGrant, near, call, now, slots);
    const wants = grant === null || isApproved(grant, call) || slots.fillsBody(grant, call);
    return { grant, model: null, wantsBody: wants, refusal: null };
  }
  const models = link.grants.modelsFor(call).filter(({ out }) => !spent.has(out.id));
  if (models.length === 0 || call.websocket === true) {
    return { grant: null, model: null, wantsBody: wantsBody(near, call, now), refusal: null };
  }
  const verdict = call.body === undefined ? null : judgeModel(models, call, now);
  if (verdict === null) return { grant: null, model: null, wantsBody: true, refusal: null };
  return verdict.allow
    ? { grant: verdict.grant, model: verdict.model, wantsBody: false, refusal: null }
    : { grant: null, model: null, wantsBody: false, refusal: verdict };
}

/**
 * Of grants that permit the call alike, one that names the place of a slot goes before one that
 * does not. Null where the body must be read to find out.
 */
function slotted(
  first: HttpGrant,
  near: readonly HttpGrant[],
  call: HttpCall,
  now: number,
  slots: SlotGrants,
): HttpGrant | null {
  if (!slots.any || slots.opens(first, call)) return first;
  const alike = near.filter((grant) => grant.asks === first.asks);
  const opening = alike.find(
    (grant) =>
      httpKind.concerns(grant.config, call) &&
      judgeGrant(httpKind, grant, call, now).allow &&
      slots.opens(grant, call),
  );
  if (opening !== undefined) return opening;
  return slots.inBody && wantsBody(alike, call, now) ? null : first;
}

/** Will the host see this call before it is done? Then it is the whole call that it sees. */
function isApproved({ approval }: HttpGrant, call: HttpCall): boolean {
  return approval === 'always' || (approval === 'writes' && httpKind.effect(call) !== 'read');
}

async function ask(
  link: BoxLink,
  { grant, call, model }: Extract<Decision, { ok: true }>,
  signal: AbortSignal,
): Promise<Refusal | null> {
  const bytes = call.body ? { bytes: call.body.bytes.length } : {};
  const use = {
    grant: grant.id,
    text: model === null ? httpKind.describe(call) : modelKind.describe(model.call),
    digest: digestOf(call),
    effect: httpKind.effect(call),
    spend: { uses: 1, ...bytes, ...(model === null ? {} : leastCost(model)) },
    most: model === null ? null : mostOf(model.config, model.call),
  };
  try {
    const verdict = await link.admit(use, signal);
    return verdict.allow ? null : verdict;
  } catch (error) {
    // The daemon may have allowed what nobody waits for any more.
    if (use.most !== null) link.over(grant.id, use.most);
    if (!PowerboxError.is(error)) throw error;
    return { code: error.code, reason: error.message };
  }
}

/** The one thing that an approval lets pass: the whole call, its body included. */
function digestOf({ body, ...call }: HttpCall): string {
  const hash = createHash('sha256').update(JSON.stringify(call));
  if (body !== undefined && body !== null) hash.update('\n').update(body.bytes);
  return hash.digest('hex');
}

/** A grant that ended says so, when it would have permitted the call; else the nearest refusal. */
function explain(link: BoxLink, call: HttpCall): Refusal {
  const now = Date.now();
  for (const { grant, why } of link.grants.ended()) {
    if (!httpKind.concerns(grant.config, call)) continue;
    if (judgeGrant(httpKind, { ...grant, expires: null }, call, now).allow) return why;
  }
  const around = link.grants.around(call).slice(0, EXPLAINED_GRANTS_MAX);
  const nearest = judge(httpKind, around, call, now);
  // What permits the call was looked for among fewer grants, so here is only why it was not found.
  if (nearest.allow)
    return { code: 'not-granted', reason: 'Nothing that this box was given covers it.' };
  return nearest;
}
