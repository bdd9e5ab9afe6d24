/**
 * Puts secrets into the slots of one request, and pins the origins that have one: there a request
 * carries the box's own placeholder or no credential at all. Works on the canonical request, after
 * hop-by-hop headers were removed, so that nothing later can delete or move what it filled in.
 */
import type { BoundSecret } from '../protocol.ts';
import { fillBody } from './fill-body.ts';
import { fillHeaders } from './fill-headers.ts';
import { fillPath } from './fill-path.ts';
import { fillQuery } from './fill-query.ts';
import { type Filling, Foreign, openSlots } from './open-slots.ts';
import { splitQuery } from './query.ts';
import type { SlotRequest } from './slot-request.ts';
import { strayNotes } from './stray.ts';

export type Filled =
  | {
      readonly ok: true;
      readonly headers: string[];
      readonly path: string;
      readonly query: string;
      /** As it is sent; null where none was read. */
      readonly body: Uint8Array | null;
      /** The secrets that the request now carries; their values must be scrubbed from the answer. */
      readonly used: readonly BoundSecret[];
      /** For the journal: what was odd, by name and place, never by value. */
      readonly notes: readonly string[];
      /** The origin has a secret of this box, so only its own credentials pass. */
      readonly pinned: boolean;
    }
  | {
      readonly ok: false;
      readonly code: 'credential-foreign' | 'body-unreadable';
      readonly reason: string;
    };

/**
 * `secrets` are those that may be filled in, wherever they are bound; `all` are those of the box,
 * each of which pins its origins, also for requests that it does not go into. `brought` is the
 * one that the grant itself brings, see `bringCredential`.
 */
export function fillSlots(
  request: SlotRequest,
  secrets: readonly BoundSecret[],
  all: readonly BoundSecret[] = secrets,
  brought: BoundSecret | null = null,
): Filled {
  const body = request.body ?? null;
  const parts = splitQuery(request.query);
  const filling: Filling = {
    request,
    open: openSlots(request.origin, secrets),
    all: openSlots(request.origin, all),
    brought,
    used: new Set(),
  };
  if (filling.all.length === 0) {
    const { path, query } = request;
    const notes = strayNotes(request, parts, all);
    return {
      ok: true,
      headers: [...request.headers],
      path,
      query,
      body,
      used: [],
      notes,
      pinned: false,
    };
  }
  try {
    const { headers, cookieDropped } = fillHeaders(filling);
    const query = fillQuery(filling, parts);
    const path = fillPath(filling);
    const sent = body === null ? null : fillBody(filling, body);
    const notes = strayNotes({ ...request, path, body: sent }, parts, all);
    if (cookieDropped) notes.push('cookie-dropped');
    const used = [...filling.used];
    const framed = sent === body ? headers : withLength(headers, sent);
    return { ok: true, headers: framed, path, query, body: sent, used, notes, pinned: true };
  } catch (error) {
    if (!(error instanceof Foreign)) throw error;
    return { ok: false, code: error.code, reason: error.message };
  }
}

/** A body that was filled may have another length than the one that was declared. */
function withLength(headers: readonly string[], body: Uint8Array | null): string[] {
  return headers.map((text, index) => {
    const isLength = index % 2 === 1 && headers[index - 1]?.toLowerCase() === 'content-length';
    return isLength ? String(body?.length ?? 0) : text;
  });
}
