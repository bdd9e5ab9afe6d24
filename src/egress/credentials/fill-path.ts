import { canonicalPath } from '../../policy/path.ts';
import { faultInSlot } from '../../vault/value.ts';
import { type Filling, fillPlace, slotsIn, unfit } from './open-slots.ts';
import { percentDecoded } from './query.ts';
import { heldByWhole } from './slot-value.ts';

/**
 * The path with the values of its variables. A variable is a slot only where the grant has a path
 * pattern that names it; there it holds the placeholder, whole, and nothing else is sent. For a
 * secret that the grant brings, the name of the variable stands for its placeholder.
 */
export function fillPath(filling: Filling): string {
  const { path, origin, places } = filling.request;
  const named = new Map(
    slotsIn(filling.all, 'path').flatMap(({ slot: { variable } }) => {
      const span = places?.variables.get(variable);
      return span === undefined ? [] : [[variable, span] as const];
    }),
  );
  let filled = path;
  // From the end on, so that no offset moves.
  for (const [variable, span] of [...named].sort(([, a], [, b]) => b.start - a.start)) {
    const place = `the part {${variable}} of the path`;
    const text = path.slice(span.start, span.end);
    const held = percentDecoded(text);
    const slots = slotsIn(filling.open, 'path').filter(({ slot }) => slot.variable === variable);
    const sent = fillPlace(filling, place, text, slots, ({ slot, secret }) => {
      const stands =
        secret === filling.brought && held === nameOf(slot) ? secret.placeholder : held;
      const found = heldByWhole(stands, secret.placeholder, secret.value);
      if (found.state !== 'placeholder') return found;
      if (faultInSlot(slot, secret.value) !== null) throw unfit(place, origin);
      return { state: 'placeholder', filled: encoded(secret.value) };
    });
    filled = `${filled.slice(0, span.start)}${sent}${filled.slice(span.end)}`;
  }
  if (filled === path) return path;
  const canonical = canonicalPath(filled);
  const { emptySegment = true, doubleEncoded = true } = canonical.ok ? canonical.flags : {};
  // What is sent is one path to every server, as the one that was judged is.
  if (!canonical.ok || canonical.path !== filled || emptySegment || doubleEncoded) {
    throw unfit('the path', origin);
  }
  return filled;
}

/** What the holder of a grant that brings a secret writes in its place: the variable, `{token}`. */
export function nameOf({ variable }: { readonly variable: string }): string {
  return `{${variable}}`;
}

/** As one segment (RFC 3986 §3.3): what is no `pchar` is encoded, and `'` as browsers do. */
function encoded(value: string): string {
  return value.replace(
    /[^A-Za-z0-9._~!$&()*+,:=@-]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}
