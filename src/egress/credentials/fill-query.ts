import { looseKey } from '../../powers/http/refusal.ts';
import { isCredentialKey } from './credential-names.ts';
import { type Filling, Foreign, fillPlace, slotsIn } from './open-slots.ts';
import { percentDecoded, type QueryPart, withValue } from './query.ts';
import { heldByWhole } from './slot-value.ts';
import { legible } from './stray.ts';

/** The query of a pinned origin: what is a credential holds a placeholder, or is not sent. */
export function fillQuery(filling: Filling, parts: readonly QueryPart[]): string {
  const { origin } = filling.request;
  const slots = slotsIn(filling.open, 'query');
  // Many servers read a key of a form from the query as well.
  const named = [...slotsIn(filling.all, 'query'), ...slotsIn(filling.all, 'form')];
  const loose = new Set(named.map(({ slot }) => looseKey(slot.name)));
  const isCredential = (key: string) => loose.has(looseKey(key)) || isCredentialKey(key);
  const seen = new Set<string>();
  const filled = parts.map((part) => {
    // Some servers end a pair at `;` too, so what stands behind one is looked at as well.
    const hidden = part.raw.split(';').slice(1);
    if (hidden.some((pair) => isCredential(percentDecoded(pair.split('=')[0] as string)))) {
      throw new Foreign(`Cannot send a query key behind ";" to ${origin}`);
    }
    if (!isCredential(part.key)) return part.raw;
    const place = `the query key ${legible(part.key)}`;
    const key = looseKey(part.key);
    if (seen.has(key)) throw new Foreign(`Cannot send ${place} to ${origin}: it is there twice`);
    seen.add(key);
    const value = part.value ?? '';
    const exact = slots.filter(({ slot }) => slot.name === part.key);
    const sent = fillPlace(filling, place, value, exact, ({ secret }) =>
      heldByWhole(value, secret.placeholder, secret.value),
    );
    return sent === part.value ? part.raw : withValue(part, sent);
  });
  return filled.join('&');
}
