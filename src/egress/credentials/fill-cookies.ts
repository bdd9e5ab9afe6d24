import { faultInSlot } from '../../vault/value.ts';
import { type Filling, Foreign, fillPlace, slotsIn, unfit } from './open-slots.ts';
import { type Held, heldByWhole } from './slot-value.ts';

/** cookie-string of RFC 6265 §4.2.1; a value may stand in quotes. */
const OCTETS = '[\\x21\\x23-\\x2b\\x2d-\\x3a\\x3c-\\x5b\\x5d-\\x7e]*';
const PAIR = `[!#$%&'*+.^_\`|~0-9A-Za-z-]+=(?:${OCTETS}|"${OCTETS}")`;
const COOKIES = new RegExp(`^${PAIR}(?:; ${PAIR})*$`);

/**
 * The Cookie header of a pinned origin, made anew: of all that was sent only the cookies that are
 * slots stay, each with its value. `kept` is empty where none does.
 */
export function fillCookies(
  filling: Filling,
  values: readonly string[],
): { readonly kept: string; readonly dropped: boolean } {
  const slots = slotsIn(filling.open, 'cookie');
  if (slots.length === 0) return { kept: '', dropped: true };
  const { origin } = filling.request;
  // HTTP/2 sends each cookie in a field of its own (RFC 9113 §8.2.3).
  const text = values.filter((value) => value !== '').join('; ');
  if (text === '') return { kept: '', dropped: true };
  if (!COOKIES.test(text)) {
    throw new Foreign(`Cannot send the header cookie to ${origin}: it is no list of cookies`);
  }
  const kept = new Map<string, string>();
  const pairs = text.split('; ');
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    const name = pair.slice(0, equals);
    const named = slots.filter(({ slot }) => slot.name === name);
    if (named.length === 0) continue;
    const place = `the cookie ${name}`;
    if (kept.has(name)) throw new Foreign(`Cannot send ${place} to ${origin}: it is there twice`);
    const value = pair.slice(equals + 1);
    const filled = fillPlace(filling, place, value, named, ({ slot, secret }): Held => {
      const held = heldByWhole(value, secret.placeholder, secret.value);
      if (held.state !== 'placeholder') return held;
      if (faultInSlot(slot, secret.value) !== null) throw unfit(place, origin);
      return held;
    });
    kept.set(name, filled);
  }
  const header = [...kept].map(([name, value]) => `${name}=${value}`).join('; ');
  return { kept: header, dropped: kept.size < pairs.length };
}
