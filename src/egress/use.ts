import type { HeldGrant } from '../ocap/grant.ts';
import { judge } from '../ocap/judge.ts';
import { type HttpCall, type HttpConfig, type HttpNarrowing, httpKind } from '../powers/http.ts';
import type { ErrorCode } from '../wire/errors.ts';
import type { BoxState } from './box-egress.ts';
import { fillSlots } from './credentials/fill-slots.ts';
import type { RequestHead } from './http1/request-head.ts';
import { upstreamHeaders } from './http1/rewrite.ts';
import type { Refusal } from './refusal.ts';
import { authorityOf, displayOrigin, originOf, type Target } from './target.ts';

/** A request that may leave: judged, filled and already in the journal. */
export interface Use {
  /** Row of the request; its `response` row refers to it. */
  readonly seq: number;
  readonly grant: HeldGrant<HttpConfig, HttpNarrowing>;
  /** Path and query as they go on the wire. */
  readonly path: string;
  readonly headers: string[];
  /** A secret is bound to this origin: the answer is scrubbed and its cookies are dropped. */
  readonly guarded: boolean;
}

export type UseResult =
  | { readonly ok: true; readonly use: Use }
  | ({ readonly ok: false } & Refusal);

/**
 * The choke point: every request of every box passes through here and nowhere else. Judge, fill
 * the slots, write the row, in this order; only when the row is written may anything be sent.
 */
export async function useHttp(
  box: BoxState,
  target: Target,
  head: RequestHead,
): Promise<UseResult> {
  const call: HttpCall = {
    scheme: target.scheme,
    host: target.host.host,
    port: target.port,
    method: head.method,
    path: head.path.path,
    query: head.path.query,
  };
  const url = recordedUrl(target, head);
  const judgement = judge(httpKind, box.config.grants, call, Date.now());
  if (!judgement.allow) return refused(box, target, call, url, judgement);

  const elsewhere = otherResource(head, judgement.grant.narrowings);
  if (elsewhere !== null) return refused(box, target, call, url, elsewhere);

  const guarded = box.secrets.isGuarded(target);
  const filled = fillSlots(
    {
      method: head.method,
      origin: originOf(target),
      headers: head.headers,
      query: head.path.query,
      path: head.path.path,
    },
    box.secrets.all,
  );
  if (!filled.ok) return refused(box, target, call, url, filled);
  for (const text of filled.notes) {
    const note = text === 'cookie-dropped' ? text : 'placeholder-outside-slot';
    box.recorder.note({ kind: 'note', box: box.config.box, note, text: `${text} (${url})` });
  }
  let seq: number;
  try {
    seq = await box.recorder.write({
      kind: 'request',
      box: box.config.box,
      method: call.method,
      url,
      verdict: 'allow',
      rule: judgement.grant.text,
      secrets: filled.used.map((secret) => secret.name),
    });
  } catch {
    return {
      ok: false,
      code: 'journal-unavailable',
      reason: 'The request was not sent because it could not be recorded.',
    };
  }
  const query = filled.query === '' ? '' : `?${filled.query}`;
  return {
    ok: true,
    use: {
      seq,
      grant: judgement.grant,
      path: `${head.path.path}${query}`,
      headers: upstreamHeaders(filled.headers, authorityOf(target), guarded),
      guarded,
    },
  };
}

async function refused(
  box: BoxState,
  target: Target,
  call: HttpCall,
  url: string,
  refusal: { readonly code: ErrorCode; readonly reason: string },
): Promise<{ ok: false } & Refusal> {
  const { code, reason } = refusal;
  const delay = box.refusals.count();
  if (delay > 0) await new Promise<void>((done) => box.later(done, delay));
  try {
    await box.recorder.write({
      kind: 'request',
      box: box.config.box,
      method: call.method,
      url,
      verdict: 'deny',
      rule: null,
      code,
      reason,
      secrets: [],
    });
  } catch {
    // The refusal stands whether or not it could be recorded; the recorder has told the host.
  }
  box.tellRefused(displayOrigin(target), reason);
  return { ok: false, code, reason };
}

/**
 * Headers and a query key that make a server act on another path, or by another method, than the
 * ones that were judged. Where a rule limits those, such a request is refused.
 */
function otherResource(head: RequestHead, narrowings: readonly HttpNarrowing[]): Refusal | null {
  if (narrowings.some(({ path }) => path !== null)) {
    for (let i = 0; i < head.headers.length; i += 2) {
      const name = (head.headers[i] as string).toLowerCase();
      if (name === 'destination' || name.endsWith('-copy-source')) {
        const reason = `The header ${name} names a second path, which a rule with a path does not allow.`;
        return { code: 'path-not-granted', reason };
      }
    }
  }
  const namesMethods = narrowings.some(({ methods }) => methods !== null);
  if (namesMethods && /(?:^|[&;])_method(?:=|$)/i.test(head.path.query)) {
    const reason =
      'The query key _method names a second method, which a rule with methods does not allow.';
    return { code: 'method-not-granted', reason };
  }
  return null;
}

/** The URL for the record: query keys stay, their values do not. */
function recordedUrl(target: Target, head: RequestHead): string {
  const keys = head.path.query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => (pair.includes('=') ? `${pair.slice(0, pair.indexOf('='))}=…` : '…'));
  const query = keys.length === 0 ? '' : `?${keys.join('&')}`;
  return `${displayOrigin(target)}${head.path.path}${query}`;
}
