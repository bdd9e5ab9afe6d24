import type { HeaderSlot, Slot } from '../../vault/slot.ts';
import { formatSlot } from '../../vault/slot-text.ts';
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
 * slot holds already stays, and is judged like everything that a box sends. Nobody can leave a part
 * of a path empty, so there the holder writes the name of the variable, as in `/bot{token}/getMe`.
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
  if (isOpen) return { ok: true, request, secret };
  if (!isBrought(slot)) {
    const places = slots.map(formatSlot).join(', ');
    const reason = `The grant "${grant.text}" needs the secret ${grant.secret}, and nothing but the program can put a placeholder into ${places}; give the box the secret itself.`;
    return { ok: false, code: 'credential-foreign', reason };
  }
  return { ok: true, request: withPlaceholder(request, slot, secret.placeholder), secret };
}

/** Places that a request which does not know of them leaves empty, the best known first. */
type BroughtSlot = Extract<Slot, { readonly in: 'header' | 'query' | 'cookie' }>;

const BROUGHT = ['bearer', 'whole', 'template', 'basic-password', 'query', 'cookie'];

function preference(slot: Slot): number {
  const at = BROUGHT.indexOf(slot.in === 'header' ? slot.form : slot.in);
  return at === -1 ? BROUGHT.length : at;
}

function isBrought(slot: Slot): slot is BroughtSlot {
  return preference(slot) < BROUGHT.length;
}

function isFilled({ headers, query, places }: SlotRequest, slot: Slot): boolean {
  // Where the grant names the variable, the program wrote something there.
  if (slot.in === 'path') return places?.variables.has(slot.variable) === true;
  if (slot.in === 'query') {
    return query.split('&').some((pair) => pair.split('=')[0] === encodeURIComponent(slot.name));
  }
  if (slot.in === 'cookie') {
    const start = `${slot.name}=`;
    return valuesOf(headers, 'cookie').some((text) =>
      text.split(';').some((pair) => pair.trim().startsWith(start)),
    );
  }
  return slot.in === 'header' && valuesOf(headers, slot.name.toLowerCase()).length > 0;
}

function valuesOf(headers: readonly string[], name: string): readonly string[] {
  return headers.filter(
    (_, index) => headers[index - 1]?.toLowerCase() === name && index % 2 === 1,
  );
}

function withPlaceholder(
  request: SlotRequest,
  slot: BroughtSlot,
  placeholder: string,
): SlotRequest {
  if (slot.in === 'query') {
    const pair = `${encodeURIComponent(slot.name)}=${encodeURIComponent(placeholder)}`;
    return { ...request, query: request.query === '' ? pair : `${request.query}&${pair}` };
  }
  const [name, value] =
    slot.in === 'cookie'
      ? ['cookie', `${slot.name}=${placeholder}`]
      : [slot.name, headerValue(slot, placeholder)];
  return { ...request, headers: [...request.headers, name, value] };
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
