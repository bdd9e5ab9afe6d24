import { looseKey } from '../../powers/http/refusal.ts';
import type { Slot } from '../../vault/slot.ts';
import { isCredentialKey } from './credential-names.ts';
import { FORM_FIELDS_MAX } from './limits.ts';
import { type Filling, Foreign, fillPlace, type OpenSlot, slotsIn } from './open-slots.ts';
import { percentDecoded } from './query.ts';
import { heldByWhole } from './slot-value.ts';
import { legible } from './stray.ts';

type FormSlot = Extract<Slot, { readonly in: 'form' }>;

/**
 * A body of `application/x-www-form-urlencoded` (URL Standard §5) with its slots filled; all else
 * is the same to the byte. A key that is a slot, or called like a credential, is there once and
 * holds a placeholder. Throws `Foreign` for what readers of forms take apart in different ways.
 */
export function fillForm(filling: Filling, bytes: Uint8Array): Uint8Array {
  const { origin } = filling.request;
  const text = Buffer.from(bytes).toString('latin1');
  const fault = faultOfForm(text);
  if (fault !== null) {
    const reason = `Cannot send the form to ${origin}: ${fault}`;
    throw new Foreign(reason, 'body-unreadable');
  }
  const open = slotsIn(filling.open, 'form');
  const all = new Set(slotsIn(filling.all, 'form').map(({ slot }) => looseKey(slot.name)));
  const seen = new Set<string>();
  const parts = text.split('&').map((part) => {
    const equals = part.indexOf('=');
    const key = decoded(equals === -1 ? part : part.slice(0, equals));
    const loose = looseKey(key);
    if (!all.has(loose) && !isCredentialKey(key)) return part;
    const place = `the form field ${legible(key)}`;
    if (seen.has(loose)) throw new Foreign(`Cannot send ${place} to ${origin}: it is there twice`);
    seen.add(loose);
    const value = equals === -1 ? '' : decoded(part.slice(equals + 1));
    const named = open.filter(({ slot }) => slot.name === key);
    const sent = fillPlace(filling, place, value, named, ({ secret }: OpenSlot<FormSlot>) =>
      heldByWhole(value, secret.placeholder, secret.value),
    );
    return sent === value ? part : `${part.slice(0, equals + 1)}${encoded(sent)}`;
  });
  return Buffer.from(parts.join('&'), 'latin1');
}

/** What serialisers of forms never write, and parsers read in different ways. */
function faultOfForm(text: string): string | null {
  if (/[^\x20-\x7e]/.test(text)) return 'it has a character that a form encodes';
  if (text.includes(';')) return 'it has a ";", at which some servers end a field';
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return 'a percent sign in it begins no character';
  let fields = 1;
  for (let at = text.indexOf('&'); at !== -1; at = text.indexOf('&', at + 1)) fields += 1;
  if (fields > FORM_FIELDS_MAX) return `it has more than ${FORM_FIELDS_MAX} fields`;
  return null;
}

function decoded(text: string): string {
  return percentDecoded(text.replaceAll('+', ' '));
}

/** The `application/x-www-form-urlencoded` percent-encode set, over UTF-8. */
function encoded(value: string): string {
  return new URLSearchParams([['', value]]).toString().slice(1);
}
