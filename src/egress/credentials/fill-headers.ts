import type { HeaderSlot } from '../../vault/slot.ts';
import { isCredentialHeader, isCredentialProtocol } from './credential-names.ts';
import { fillCookies } from './fill-cookies.ts';
import { type Filling, Foreign, fillPlace, type OpenSlot, slotsIn } from './open-slots.ts';
import { type Held, heldByBasic, heldByBearer, heldByTemplate, heldByWhole } from './slot-value.ts';

const COOKIES: ReadonlySet<string> = new Set(['cookie', 'cookie2']);

export interface FilledHeaders {
  readonly headers: string[];
  /** A cookie was left behind. */
  readonly cookieDropped: boolean;
}

/** Headers of a pinned origin: what is a credential holds a placeholder, or is not sent. */
export function fillHeaders(filling: Filling): FilledHeaders {
  const { request } = filling;
  const headers: string[] = [];
  const seen = new Set<string>();
  const cookies: string[] = [];
  const slotNames = new Set(slotsIn(filling.all, 'header').map(({ slot }) => looseName(slot.name)));
  for (let index = 0; index + 1 < request.headers.length; index += 2) {
    const written = request.headers[index] as string;
    const value = request.headers[index + 1] as string;
    const name = written.toLowerCase();
    // A cookie is a credential too, but clients send it unasked: what is no slot is left behind.
    if (COOKIES.has(name)) {
      cookies.push(name === 'cookie' ? value : '');
      continue;
    }
    if (name === 'sec-websocket-protocol' && isCredentialProtocol(value)) {
      throw new Foreign(`Cannot send a credential as sub-protocol to ${request.origin}`);
    }
    const loose = looseName(name);
    if (!slotNames.has(loose) && !isCredentialHeader(name)) {
      headers.push(written, value);
      continue;
    }
    const place = `the header ${name}`;
    if (seen.has(loose)) {
      throw new Foreign(`Cannot send ${place} to ${request.origin}: it is there twice`);
    }
    seen.add(loose);
    const slots = slotsIn(filling.open, 'header').filter(({ slot }) => slot.name === name);
    headers.push(
      written,
      fillPlace(filling, place, value, slots, (open) => heldBy(open, value)),
    );
  }
  if (cookies.length === 0) return { headers, cookieDropped: false };
  const { kept, dropped } = fillCookies(filling, cookies);
  if (kept !== '') headers.push('cookie', kept);
  return { headers, cookieDropped: dropped };
}

/** Servers that make variables of names take `_` for `-` (CGI, RFC 3875 §4.1.18). */
function looseName(name: string): string {
  return name.replaceAll('_', '-');
}

function heldBy({ slot, secret }: OpenSlot<HeaderSlot>, header: string): Held {
  const { placeholder, value } = secret;
  switch (slot.form) {
    case 'whole':
      return heldByWhole(header, placeholder, value);
    case 'bearer':
      return heldByBearer(header, placeholder, value);
    case 'basic-password':
      return heldByBasic(header, placeholder, value);
    case 'template':
      return heldByTemplate(slot.template, header, placeholder, value);
  }
}
