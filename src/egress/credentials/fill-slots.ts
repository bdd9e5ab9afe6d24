/**
 * Puts secrets into the slots of one request, and pins the origins that have one: there a request
 * carries the box's own placeholder or no credential at all. Works on the canonical request, after
 * hop-by-hop headers were removed, so that nothing later can delete or move what it filled in.
 */
import type { Binding, HeaderSlot, Slot } from '../../vault/slot.ts';
import type { BoundSecret } from '../protocol.ts';
import { isCredentialHeader, isCredentialKey, isCredentialProtocol } from './credential-names.ts';
import { percentDecoded, type QueryPart, splitQuery, withValue } from './query.ts';
import type { SlotRequest } from './slot-request.ts';
import { type Held, heldByBasic, heldByBearer, heldByTemplate, heldByWhole } from './slot-value.ts';
import { legible, strayNotes } from './stray.ts';

export type Filled =
  | {
      readonly ok: true;
      readonly headers: string[];
      readonly query: string;
      /** The secrets that the request now carries; their values must be scrubbed from the answer. */
      readonly used: readonly BoundSecret[];
      /** For the journal: what was odd, by name and place, never by value. */
      readonly notes: readonly string[];
      /** The origin has a secret of this box, so only its own credentials pass. */
      readonly pinned: boolean;
    }
  | { readonly ok: false; readonly code: 'credential-foreign'; readonly reason: string };

/** A slot that is open on the origin of the request. */
interface OpenSlot {
  readonly slot: Slot;
  readonly secret: BoundSecret;
}

const COOKIES: ReadonlySet<string> = new Set(['cookie', 'cookie2']);

/** Why a request is refused; caught in this file only. */
class Foreign extends Error {}

/**
 * `secrets` are those that may be filled in, wherever they are bound; `all` are those of the box,
 * each of which pins its origins, also for requests that it does not go into.
 */
export function fillSlots(
  request: SlotRequest,
  secrets: readonly BoundSecret[],
  all: readonly BoundSecret[] = secrets,
): Filled {
  const open = openSlots(request.origin, secrets);
  const pinned = openSlots(request.origin, all).length > 0;
  const parts = splitQuery(request.query);
  const used = new Set<BoundSecret>();
  try {
    const headers = pinned ? fillHeaders(request, open, used) : [...request.headers];
    const query = pinned ? fillQuery(request, parts, open, used) : request.query;
    const notes = strayNotes(request, parts, all);
    if (headers.length < request.headers.length) notes.push('cookie-dropped');
    return { ok: true, headers, query, used: [...used], notes, pinned };
  } catch (error) {
    if (!(error instanceof Foreign)) throw error;
    return { ok: false, code: 'credential-foreign', reason: error.message };
  }
}

function openSlots(origin: string, secrets: readonly BoundSecret[]): OpenSlot[] {
  const slotsOf = (binding: Binding, secret: BoundSecret): OpenSlot[] =>
    binding.origin === origin ? binding.slots.map((slot) => ({ slot, secret })) : [];
  return secrets.flatMap((secret) =>
    secret.bindings.flatMap((binding) => slotsOf(binding, secret)),
  );
}

function fillHeaders(
  request: SlotRequest,
  open: readonly OpenSlot[],
  used: Set<BoundSecret>,
): string[] {
  const filled: string[] = [];
  const seen = new Set<string>();
  for (let index = 0; index + 1 < request.headers.length; index += 2) {
    const written = request.headers[index] as string;
    const value = request.headers[index + 1] as string;
    const name = written.toLowerCase();
    const slots = open.filter(
      ({ slot }) => slot.in === 'header' && slot.name.toLowerCase() === name,
    );
    // A cookie is a credential too, but clients send it unasked: it is left behind.
    if (slots.length === 0 && COOKIES.has(name)) continue;
    if (name === 'sec-websocket-protocol' && isCredentialProtocol(value)) {
      throw new Foreign(`Cannot send a credential as sub-protocol to ${request.origin}`);
    }
    if (slots.length === 0 && !isCredentialHeader(name)) {
      filled.push(written, value);
      continue;
    }
    const place = `the header ${name}`;
    if (seen.has(name))
      throw new Foreign(`Cannot send ${place} to ${request.origin}: it is there twice`);
    seen.add(name);
    filled.push(written, fillPlace(request, place, value, slots, used));
  }
  return filled;
}

function fillQuery(
  request: SlotRequest,
  parts: readonly QueryPart[],
  open: readonly OpenSlot[],
  used: Set<BoundSecret>,
): string {
  const seen = new Set<string>();
  const filled = parts.map((part) => {
    const key = part.key.toLowerCase();
    const slots = open.filter(({ slot }) => slot.in === 'query' && slot.name === part.key);
    const slotLike = open.some(
      ({ slot }) => slot.in === 'query' && slot.name.toLowerCase() === key,
    );
    // Some servers end a pair at `;` too, so what stands behind one is looked at as well.
    const hidden = part.raw.split(';').slice(1);
    if (hidden.some((pair) => isCredentialKey(percentDecoded(pair.split('=')[0] as string)))) {
      throw new Foreign(`Cannot send a query key behind ";" to ${request.origin}`);
    }
    if (!slotLike && !isCredentialKey(key)) return part.raw;
    const place = `the query key ${legible(part.key)}`;
    if (seen.has(key))
      throw new Foreign(`Cannot send ${place} to ${request.origin}: it is there twice`);
    seen.add(key);
    const value = fillPlace(request, place, part.value ?? '', slots, used);
    return value === part.value ? part.raw : withValue(part, value);
  });
  return filled.join('&');
}

/** What is sent at a place where a credential stands; throws unless it is the box's placeholder. */
function fillPlace(
  request: SlotRequest,
  place: string,
  value: string,
  slots: readonly OpenSlot[],
  used: Set<BoundSecret>,
): string {
  for (const { slot, secret } of slots) {
    const held = heldBy(slot, value, secret);
    if (held.state !== 'placeholder') continue;
    // A preflight must not carry a credential (Fetch Standard §4.8); its answer is anyone's.
    if (request.method === 'OPTIONS') return value;
    used.add(secret);
    return held.filled;
  }
  const names = [...new Set(slots.map(({ secret }) => secret.name))].join(' or ');
  const why =
    slots.length === 0
      ? `it is no slot of a secret there`
      : `it does not hold the placeholder of ${names}`;
  throw new Foreign(`Cannot send ${place} to ${request.origin}: ${why}`);
}

function heldBy(slot: Slot, value: string, secret: BoundSecret): Held {
  if (slot.in === 'query') return heldByWhole(value, secret.placeholder, secret.value);
  if (slot.in !== 'header') return { state: 'foreign' };
  return heldByHeader(slot, value, secret);
}

function heldByHeader(slot: HeaderSlot, value: string, secret: BoundSecret): Held {
  const { placeholder, value: real } = secret;
  switch (slot.form) {
    case 'whole':
      return heldByWhole(value, placeholder, real);
    case 'bearer':
      return heldByBearer(value, placeholder, real);
    case 'basic-password':
      return heldByBasic(value, placeholder, real);
    case 'template':
      return heldByTemplate(slot.template, value, placeholder, real);
  }
}
