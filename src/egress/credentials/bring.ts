import type { HeaderSlot, Slot } from '../../vault/slot.ts';
import type { BoxSecrets } from '../box-secrets.ts';
import type { HttpGrant } from '../grant-index.ts';
import type { BoundSecret } from '../protocol.ts';
import type { Refusal } from '../refusal.ts';
import type { SlotRequest } from './slot-request.ts';
import { fromTemplate } from './slot-value.ts';

export type Brought =
  | {
      readonly ok: true;
      readonly request: SlotRequest;
      /** The secret of the grant; null when it names none. */
      readonly secret: BoundSecret | null;
    }
  | ({ readonly ok: false } & Refusal);

/**
 * Puts the placeholder of the grant's own secret into its slot, where the request leaves that
 * empty: the holder of such a grant uses the secret without knowing that there is one. What the
 * slot holds already stays, and is judged like everything that a box sends.
 */
export function bringCredential(
  request: SlotRequest,
  grant: Pick<HttpGrant, 'secret' | 'text'>,
  secrets: BoxSecrets,
): Brought {
  if (grant.secret === null) return { ok: true, request, secret: null };
  const secret = secrets.ofGrant(grant.secret);
  const slots = secret?.bindings.find(({ origin }) => origin === request.origin)?.slots ?? [];
  if (secret === null || slots.length === 0) {
    const why = secret === null ? 'the vault does not have it' : 'it is not for this origin';
    const reason = `The grant "${grant.text}" needs the secret ${grant.secret}, and ${why}.`;
    return { ok: false, code: 'credential-foreign', reason };
  }
  const slot = [...slots].sort((a, b) => preference(a) - preference(b))[0] as Slot;
  const isOpen = slots.some((one) => isFilled(request, one)) || request.method === 'OPTIONS';
  const filled = isOpen ? request : withPlaceholder(request, slot, secret.placeholder);
  return { ok: true, request: filled, secret };
}

/** Slots that can be filled without being asked, the best known first. */
const BROUGHT = ['bearer', 'whole', 'template', 'basic-password', 'query', 'cookie'] as const;

function preference(slot: Slot): number {
  const form = slot.in === 'header' ? slot.form : slot.in;
  const at = (BROUGHT as readonly string[]).indexOf(form);
  return at === -1 ? BROUGHT.length : at;
}

function isFilled({ headers, query }: SlotRequest, slot: Slot): boolean {
  if (slot.in === 'query') {
    return query.split('&').some((pair) => pair.split('=')[0] === encodeURIComponent(slot.name));
  }
  if (slot.in !== 'header') return false;
  const name = slot.name.toLowerCase();
  return headers.some((text, index) => index % 2 === 0 && text.toLowerCase() === name);
}

function withPlaceholder(request: SlotRequest, slot: Slot, placeholder: string): SlotRequest {
  if (slot.in === 'query') {
    const pair = `${encodeURIComponent(slot.name)}=${encodeURIComponent(placeholder)}`;
    return { ...request, query: request.query === '' ? pair : `${request.query}&${pair}` };
  }
  if (slot.in !== 'header') return request;
  const value = headerValue(slot, placeholder);
  return { ...request, headers: [...request.headers, slot.name, value] };
}

function headerValue(slot: HeaderSlot, placeholder: string): string {
  switch (slot.form) {
    case 'whole':
      return placeholder;
    case 'bearer':
      return `Bearer ${placeholder}`;
    case 'template':
      return fromTemplate(slot.template, placeholder);
    case 'basic-password':
      return `Basic ${Buffer.from(`x-access-token:${placeholder}`, 'latin1').toString('base64')}`;
  }
}
