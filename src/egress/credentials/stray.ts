/**
 * Placeholders that stand where no slot is. They travel as the worthless strings that they are (an
 * agent may well send its own transcript to its model), and the journal says so.
 */
import type { Slot } from '../../vault/slot.ts';
import type { BoundSecret } from '../protocol.ts';
import { percentDecoded, type QueryPart } from './query.ts';
import type { SlotRequest } from './slot-request.ts';
import { basicPassword } from './slot-value.ts';

/** One note for each secret and place: `placeholder-outside-slot NAME in header x-any`. */
export function strayNotes(
  request: SlotRequest,
  parts: readonly QueryPart[],
  secrets: readonly BoundSecret[],
): string[] {
  const notes = new Set<string>();
  const body = secrets.length === 0 ? [] : readings(request.body);
  for (const secret of secrets) {
    const slots = secret.bindings
      .filter((binding) => binding.origin === request.origin)
      .flatMap((binding) => binding.slots);
    for (const place of placesOf(secret.placeholder, request, parts, body, slots)) {
      notes.add(`placeholder-outside-slot ${secret.name} in ${place}`);
    }
  }
  return [...notes];
}

function placesOf(
  placeholder: string,
  request: SlotRequest,
  parts: readonly QueryPart[],
  body: readonly string[],
  slots: readonly Slot[],
): string[] {
  const places: string[] = [];
  for (let index = 0; index + 1 < request.headers.length; index += 2) {
    const value = request.headers[index + 1] as string;
    if (!value.includes(placeholder) && basicPassword(value) !== placeholder) continue;
    const name = (request.headers[index] as string).toLowerCase();
    if (!slots.some((slot) => isHeaderOf(slot, name))) places.push(`header ${name}`);
  }
  for (const part of parts) {
    if (slots.some((slot) => slot.in === 'query' && slot.name === part.key)) continue;
    // The key is left out when it is the placeholder itself: a journal has no use for it.
    if (part.key.includes(placeholder)) places.push('a query key');
    else if (part.value?.includes(placeholder)) places.push(`query key ${legible(part.key)}`);
  }
  if (percentDecoded(request.path).includes(placeholder)) places.push('path');
  if (body.some((text) => text.includes(placeholder))) places.push('body');
  return places;
}

/** A body as it is, and as forms and JSON mean it. */
function readings(body: Uint8Array | null | undefined): readonly string[] {
  if (body === null || body === undefined) return [];
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1');
  const decoded = text.includes('%') ? [percentDecoded(text)] : [];
  return [text, ...decoded, ...(text.includes('\\/') ? [text.replaceAll('\\/', '/')] : [])];
}

/** A cookie that is a slot was filled, and the others were dropped. */
function isHeaderOf(slot: Slot, name: string): boolean {
  if (slot.in === 'cookie') return name === 'cookie';
  return slot.in === 'header' && slot.name.toLowerCase() === name;
}

/** Printable ASCII, and not longer than a sentence bears. */
export function legible(text: string): string {
  return text.replace(/[^\x21-\x7e]/g, '?').slice(0, 64);
}
