import { createHash } from 'node:crypto';
import { judge, judgeGrant } from '../ocap/judge.ts';
import type { HttpCall } from '../powers/http/call.ts';
import { httpKind } from '../powers/http/kind.ts';
import { wantsBody } from '../powers/http/needs.ts';
import { PowerboxError } from '../wire/errors.ts';
import type { HttpGrant } from './grant-index.ts';
import type { BodyReader } from './http1/read-body.ts';
import { EXPLAINED_GRANTS_MAX } from './limits.ts';
import type { BoxLink } from './link/box-link.ts';
import type { Hold } from './link/holds.ts';
import type { Refusal } from './refusal.ts';

/** The grant that a request goes under, held until the use is over; or why there is none. */
export type Decision =
  | {
      readonly ok: true;
      /** With its body, where that was looked at. */
      readonly call: HttpCall;
      readonly grant: HttpGrant;
      readonly hold: Hold;
    }
  | ({ readonly ok: false } & Refusal);

export interface Question {
  readonly call: HttpCall;
  /** Null when there is no body to read. */
  readonly reader: BodyReader | null;
  /** Ends when the program stops waiting. */
  readonly signal: () => AbortSignal;
}

/** Codes that say that one grant is used up, which another one may make good. */
const USED_UP: ReadonlySet<string> = new Set(['budget-spent', 'rate-exceeded']);

/**
 * Finds the grant that permits a call. The body is read when the verdict hangs on it, or when the
 * host is asked to approve the call. Where the grant has a budget or an approval the daemon is
 * asked, and the request waits for its answer.
 */
export async function decide(link: BoxLink, question: Question): Promise<Decision> {
  if (!(await link.known())) {
    const reason = 'The daemon, which knows what this box holds, cannot be reached.';
    return { ok: false, code: 'daemon-unreachable', reason };
  }
  const { reader, signal } = question;
  let { call } = question;
  const spent = new Set<string>();
  let usedUp: Refusal | null = null;
  for (;;) {
    const near = link.grants.near(call).filter(({ id }) => !spent.has(id));
    const judgement = judge(httpKind, near, call, Date.now());
    const isUnread = call.body === undefined && reader !== null;
    const wanted = judgement.allow
      ? isApproved(judgement.grant as HttpGrant, call)
      : wantsBody(near, call, Date.now());
    if (isUnread && wanted) {
      const read = await reader.read();
      if (!read.ok) return read;
      call = { ...call, body: { bytes: read.bytes } };
      continue;
    }
    if (!judgement.allow) return { ok: false, ...(usedUp ?? explain(link, call)) };
    const grant = judgement.grant as HttpGrant;
    const hold = link.grants.hold(grant);
    if (hold === null) continue;
    if (!grant.asks) return { ok: true, call, grant, hold };
    const refusal = await ask(link, grant, call, signal());
    if (refusal === null) return { ok: true, call, grant, hold };
    hold.release();
    if (!USED_UP.has(refusal.code)) return { ok: false, ...refusal };
    usedUp ??= refusal;
    spent.add(grant.id);
  }
}

/** Will the host see this call before it is done? Then it is the whole call that it sees. */
function isApproved({ approval }: HttpGrant, call: HttpCall): boolean {
  return approval === 'always' || (approval === 'writes' && httpKind.effect(call) !== 'read');
}

async function ask(
  link: BoxLink,
  grant: HttpGrant,
  call: HttpCall,
  signal: AbortSignal,
): Promise<Refusal | null> {
  const use = {
    grant: grant.id,
    text: httpKind.describe(call),
    digest: digestOf(call),
    effect: httpKind.effect(call),
    spend: { uses: 1, ...(call.body ? { bytes: call.body.bytes.length } : {}) },
  };
  try {
    const verdict = await link.admit(use, signal);
    return verdict.allow ? null : verdict;
  } catch (error) {
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
