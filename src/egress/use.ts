import type { HttpCall } from '../powers/http/call.ts';
import { responseBytesMax } from '../powers/http/needs.ts';
import { mostOf } from '../powers/model/cost.ts';
import type { ErrorCode } from '../wire/errors.ts';
import type { BoxState } from './box-egress.ts';
import { bringCredential } from './credentials/bring.ts';
import { type MessageSlots, messageSlots } from './credentials/fill-message.ts';
import { fillSlots } from './credentials/fill-slots.ts';
import type { SlotRequest } from './credentials/slot-request.ts';
import { type Decision, decide } from './decide.ts';
import type { BodyReader } from './exchange/read-body.ts';
import type { RequestHead } from './exchange/request-head.ts';
import { upstreamHeaders } from './exchange/rewrite.ts';
import type { HttpGrant } from './grant-index.ts';
import { checkedReader } from './leaks/check-body.ts';
import { leakInHead } from './leaks/check-head.ts';
import { type Hold, joinHolds } from './link/holds.ts';
import { type Meter, makeMeter } from './link/meter.ts';
import { type ModelCount, makeModelCount } from './model-cost.ts';
import { modelHeaders } from './model-grants.ts';
import type { BoundSecret } from './protocol.ts';
import type { Refusal } from './refusal.ts';
import { makeSlotGrants, type SlotGrants } from './slot-grants.ts';
import { authorityOf, displayOrigin, originOf, type Target } from './target.ts';

/** A request that may leave: judged, filled and already in the journal. */
export interface Use {
  /** Row of the request; its `response` row refers to it. */
  readonly seq: number;
  readonly grant: HttpGrant;
  /** What was judged. */
  readonly call: HttpCall;
  /** The URL for the record. */
  readonly url: string;
  /** Tells when the grant ends while the use goes on; let go of with the response row. */
  readonly hold: Hold;
  /** Counts the cost of what a model is asked; null where none is. */
  readonly model: ModelCount | null;
  /** Pays for bytes before they pass; null where nothing is counted. */
  readonly meter: Meter | null;
  /** Path and query as they go on the wire. */
  readonly path: string;
  readonly headers: string[];
  /** A secret is bound to this origin: the answer is scrubbed and its cookies are dropped. */
  readonly guarded: boolean;
  /** The body that was judged, with its slots filled; null when none was read. */
  readonly body: Uint8Array | null;
  /** Slots in the messages of a WebSocket; null where there are none. */
  readonly messages: MessageSlots | null;
  /** The longest answer that the grant allows; null for any. */
  readonly responseBytesMax: number | null;
}

export type UseResult =
  | { readonly ok: true; readonly use: Use }
  | ({ readonly ok: false } & Refusal);

/**
 * The choke point: every request of every box passes through here and nowhere else. Search it for
 * values that no box may know, find the grant that permits it, fill the slots, write the row, in
 * this order; only when the row is written may anything be sent. `signal` ends when the program stops waiting.
 */
export async function useHttp(
  box: BoxState,
  target: Target,
  head: RequestHead,
  reader: BodyReader | null,
  signal: () => AbortSignal,
): Promise<UseResult> {
  const call = callOf(target, head);
  const leak = leakInHead(box.leaks, target, head);
  const url = leak?.inUrl === true ? UNRECORDED_URL : recordedUrl(target, head);
  if (leak !== null) {
    const method = box.leaks.recordable(call.method);
    return refused(box, target, { method }, url, leak);
  }
  const slots = makeSlotGrants(box, target, head.headers);
  const checked = checkedReader(box.leaks, head, reader);
  const decision = await decide(box.link, { call, signal, slots, ...checked });
  if (!decision.ok) return refused(box, target, call, url, decision, decision.grant ?? null);
  let result: UseResult | undefined;
  try {
    result = await fillAndRecord(box, target, head, url, decision, slots);
    return result;
  } finally {
    // A use that goes on lets go of its grant when it is over.
    if (result?.ok !== true) {
      decision.hold.release();
      const { grant, model } = decision;
      if (grant.asks && model !== null) box.link.over(grant.id, mostOf(model.config, model.call));
    }
  }
}

async function fillAndRecord(
  box: BoxState,
  target: Target,
  head: RequestHead,
  url: string,
  decision: Extract<Decision, { ok: true }>,
  slots: SlotGrants,
): Promise<UseResult> {
  const { grant, call, hold, model } = decision;
  // Usage is counted from an answer that can be read.
  const guarded = box.secrets.isGuarded(target) || model !== null;
  const request = slotRequestOf(target, head, decision, slots);
  const brought = bringCredential(request, grant, box.secrets);
  if (!brought.ok) return refused(box, target, call, url, brought, grant);
  const usable = box.secrets.usable(brought.secret);
  const filled = fillSlots(brought.request, usable, box.secrets.all, brought.secret);
  if (!filled.ok) return refused(box, target, call, url, filled, grant);
  const messages = head.websocket ? messageSlots(request.origin, usable, box.secrets.all) : null;
  const others = holdSecrets(box, filled.used, messages);
  if (!guarded) others.push(box.secrets.holdUnread(target));
  const all = joinHolds([hold, ...others]);
  if (all.ended !== null) {
    for (const other of others) other.release();
    return refused(box, target, call, url, all.ended, grant);
  }
  noteOddities(box, filled.notes, url);
  let seq: number;
  try {
    seq = await box.recorder.write({
      kind: 'request',
      box: box.config.box,
      guest: box.link.grants.guest,
      method: call.method,
      url,
      verdict: 'allow',
      rule: grant.text,
      chain: grant.chain,
      secrets: filled.used.map((secret) => secret.name),
    });
  } catch {
    for (const other of others) other.release();
    return {
      ok: false,
      code: 'journal-unavailable',
      reason: 'The request was not sent because it could not be recorded.',
    };
  }
  return {
    ok: true,
    use: {
      seq,
      grant,
      call,
      url,
      hold: all,
      model: model === null ? null : makeModelCount(box.link, grant, model),
      meter: grant.asks ? makeMeter(box.link, grant.id) : null,
      path: filled.query === '' ? filled.path : `${filled.path}?${filled.query}`,
      headers: upstreamHeaders(filled.headers, authorityOf(target), guarded),
      guarded,
      body: filled.body,
      messages,
      responseBytesMax: responseBytesMax(grant.narrowings, call),
    },
  };
}

/** What the slots of a permitted request are looked for in. */
function slotRequestOf(
  target: Target,
  { method, headers, path: { path, query } }: RequestHead,
  { grant, call, model }: Extract<Decision, { ok: true }>,
  slots: SlotGrants,
): SlotRequest {
  const body = call.body?.bytes ?? null;
  const request = { method, origin: originOf(target), path, query, headers, body };
  // The body of a question to a model is that of a provider, and has no slots.
  if (model !== null) return { ...request, headers: modelHeaders(headers) };
  return { ...request, places: slots.placesOf(grant, call) };
}

function noteOddities(box: BoxState, notes: readonly string[], url: string): void {
  for (const text of notes) {
    const note = text === 'cookie-dropped' ? text : 'placeholder-outside-slot';
    box.recorder.note({ kind: 'note', box: box.config.box, note, text: `${text} (${url})` });
  }
}

/** Their ends are told like that of the grant: of those that are sent now, or in messages later. */
function holdSecrets(
  box: BoxState,
  used: readonly BoundSecret[],
  messages: MessageSlots | null,
): Hold[] {
  const later = messages?.open.map(({ secret }) => secret) ?? [];
  const names = new Set([...used, ...later].map(({ name }) => name));
  return [...names].flatMap((name) => box.link.grants.holdSecret(name) ?? []);
}

/** The canonical form; a body is in it only once it was read. */
function callOf(target: Target, head: RequestHead): HttpCall {
  const headers: [string, string][] = [];
  for (let i = 0; i < head.headers.length; i += 2) {
    headers.push([(head.headers[i] as string).toLowerCase(), head.headers[i + 1] as string]);
  }
  return {
    scheme: target.scheme,
    host: target.host.host,
    port: target.port,
    method: head.method,
    path: head.path.path,
    query: head.path.query,
    headers,
    websocket: head.websocket,
    ...(head.hasBody ? {} : { body: null }),
  };
}

/** A row for what was refused, at the box's pace; the person is told once for each target. */
export async function refused(
  box: BoxState,
  target: Target,
  call: Pick<HttpCall, 'method'>,
  url: string,
  refusal: { readonly code: ErrorCode; readonly reason: string },
  grant: HttpGrant | null = null,
): Promise<{ ok: false } & Refusal> {
  const { code, reason } = refusal;
  const { guest } = box.link.grants;
  const delay = box.refusals.count();
  if (delay > 0) await new Promise<void>((done) => box.later(done, delay));
  try {
    await box.recorder.write({
      kind: 'request',
      box: box.config.box,
      ...(guest === '' ? {} : { guest }),
      method: call.method,
      url,
      verdict: 'deny',
      rule: null,
      ...(grant === null ? {} : { chain: grant.chain }),
      code,
      reason,
      secrets: [],
    });
  } catch {
    // The refusal stands whether or not it could be recorded; the recorder has told the host.
  }
  // Of a leak the person is told what to do about it, elsewhere.
  if (code !== 'secret-leaked') box.tellRefused(displayOrigin(target), reason);
  return { ok: false, code, reason };
}

/** Of a request whose URL holds a value. */
const UNRECORDED_URL = 'https://…';

/** The URL for the record, as the program wrote it: query keys stay, their values do not. */
function recordedUrl(target: Target, head: RequestHead): string {
  const keys = head.path.query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => (pair.includes('=') ? `${pair.slice(0, pair.indexOf('='))}=…` : '…'));
  const query = keys.length === 0 ? '' : `?${keys.join('&')}`;
  return `${displayOrigin(target)}${head.path.path}${query}`;
}
