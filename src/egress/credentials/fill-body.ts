/**
 * Slots in a request's body. They are open only where the grant of the request names methods and a
 * path, and for JSON the pointer; a body that is neither kind passes as one without a slot.
 */
import type { SlotPlaces } from '../../powers/http/slot-places.ts';
import type { Slot } from '../../vault/slot.ts';
import type { BoundSecret } from '../protocol.ts';
import { fillForm } from './fill-form.ts';
import { fillJson } from './fill-json.ts';
import { type Filling, Foreign, type OpenSlot, openSlots } from './open-slots.ts';

export type BodySlot = Extract<Slot, { readonly in: 'json' | 'form' }>;

/** The type that a body says it has; `doubtful` is one that servers may take for a form or JSON. */
type BodyType = 'json' | 'form' | 'other' | 'doubtful';

const UTF8 = '(?:[ \\t]*;[ \\t]*charset=(?:utf-8|"utf-8"))?[ \\t]*';
const FORM = new RegExp(`^application/x-www-form-urlencoded${UTF8}$`, 'i');
const JSON_TYPE = new RegExp(`^application/(?:[a-z0-9!#$&^_.-]+\\+)?json${UTF8}$`, 'i');

/** The body slots that a request to `origin` under a grant with these places has. */
export function bodySlotsOf(
  origin: string,
  secrets: readonly BoundSecret[],
  places: SlotPlaces | undefined,
): OpenSlot<BodySlot>[] {
  return bodySlotsAmong(openSlots(origin, secrets), places);
}

function bodySlotsAmong(
  slots: readonly OpenSlot[],
  places: SlotPlaces | undefined,
): OpenSlot<BodySlot>[] {
  if (places?.named !== true) return [];
  return slots.filter(
    ({ slot }) => slot.in === 'form' || (slot.in === 'json' && places.pointers.has(slot.pointer)),
  ) as OpenSlot<BodySlot>[];
}

/** Must the body be read, so that its slots are filled? `headers` are flat, in any case. */
export function wantsFilling(
  slots: readonly OpenSlot<BodySlot>[],
  headers: readonly string[],
): boolean {
  if (slots.length === 0) return false;
  const type = typeOfBody(headers);
  return type === 'doubtful' || slots.some(({ slot }) => slot.in === type);
}

/** The body as it is sent. Throws `Foreign`. */
export function fillBody(filling: Filling, bytes: Uint8Array): Uint8Array {
  const { headers, origin, places } = filling.request;
  const all = bodySlotsAmong(filling.all, places);
  if (bytes.length === 0 || !wantsFilling(all, headers)) return bytes;
  const type = typeOfBody(headers);
  if (type === 'doubtful') {
    const reason = `Cannot send the body to ${origin}: its type or coding is not plainly that of a form or of JSON in UTF-8`;
    throw new Foreign(reason, 'body-unreadable');
  }
  if (type === 'form') return fillForm(filling, bytes);
  const json = (slots: readonly OpenSlot<BodySlot>[]) =>
    slots.filter(({ slot }) => slot.in === 'json') as OpenSlot<
      Extract<Slot, { readonly in: 'json' }>
    >[];
  const open = bodySlotsAmong(filling.open, places);
  return Buffer.from(fillJson(filling, utf8(bytes, origin), json(open), json(all)), 'utf8');
}

function utf8(bytes: Uint8Array, origin: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Foreign(`Cannot send the JSON to ${origin}: it is not UTF-8`, 'body-unreadable');
  }
}

function typeOfBody(headers: readonly string[]): BodyType {
  const types: string[] = [];
  let coded = false;
  for (let index = 0; index + 1 < headers.length; index += 2) {
    // Servers that make variables of names take `_` for `-` (CGI, RFC 3875 §4.1.18).
    const name = (headers[index] as string).toLowerCase().replaceAll('_', '-');
    const value = (headers[index + 1] as string).toLowerCase();
    if (name === 'content-type') types.push(value);
    if (name === 'content-encoding' && value !== 'identity') coded = true;
  }
  const [type = ''] = types;
  if (types.length === 1 && !coded && FORM.test(type)) return 'form';
  if (types.length === 1 && !coded && JSON_TYPE.test(type)) return 'json';
  return types.length > 1 || /json|form-urlencoded/.test(type) ? 'doubtful' : 'other';
}
