import { parseStrictJson } from '../../policy/strict-json.ts';
import { exactNumber } from '../../powers/http/exact-number.ts';
import { parsePointer } from '../../powers/http/json-pointer.ts';
import { BODY_DEPTH_MAX } from '../../powers/http/limits.ts';
import { looseKey } from '../../powers/http/refusal.ts';
import type { Slot } from '../../vault/slot.ts';
import { type Filling, Foreign, fillPlace, type OpenSlot } from './open-slots.ts';
import { heldByWhole } from './slot-value.ts';

export type PointerSlot = Extract<Slot, { readonly pointer: string }>;

/** A string in the text: its value, and the offsets of its text with its quotes. */
interface Place {
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

/**
 * JSON text with its slots filled: what a pointer leads to is the placeholder, or is not there.
 * Only the text of that one string changes. Throws `Foreign` for JSON that readers take in
 * different ways (RFC 8259 §4 and §8), and for another value in a slot.
 */
export function fillJson(
  filling: Filling,
  text: string,
  open: readonly OpenSlot<PointerSlot>[],
  all: readonly OpenSlot<PointerSlot>[],
): string {
  const { origin } = filling.request;
  const pointers = [...new Set(all.map(({ slot }) => slot.pointer))].map((pointer) => {
    return { pointer, tokens: parsePointer(pointer) ?? [] };
  });
  const spans = new Map<string, readonly [start: number, end: number]>();
  const json = parseStrictJson(text, {
    depthMax: BODY_DEPTH_MAX,
    number: exactNumber,
    wellFormed: true,
    onString: (path, start, end) => {
      const at = pointers.find(({ tokens }) => leadsTo(tokens, path));
      if (at !== undefined) spans.set(at.pointer, [start, end]);
    },
  });
  if (!json.ok) {
    const reason = `Cannot send the JSON to ${origin}: it is not strict JSON, as ${json.reason}`;
    throw new Foreign(reason, 'body-unreadable');
  }
  const places = pointers.flatMap(({ pointer, tokens }) => {
    const place = `${pointer} of the JSON`;
    const found = lookUp(json.value, tokens, place, origin);
    if (!found.there) return [];
    const span = spans.get(pointer);
    const at: Place | null =
      span === undefined || typeof found.value !== 'string'
        ? null
        : { value: found.value, start: span[0], end: span[1] };
    const value = at?.value ?? '';
    const slots = open.filter(({ slot }) => slot.pointer === pointer);
    const sent = fillPlace(filling, place, value, slots, ({ secret }) =>
      heldByWhole(value, secret.placeholder, secret.value),
    );
    return at === null || sent === value ? [] : [{ ...at, value: sent }];
  });
  let filled = text;
  // From the end on, so that no offset moves; strings lie apart.
  for (const { value, start, end } of places.sort((a, b) => b.start - a.start)) {
    filled = `${filled.slice(0, start)}${JSON.stringify(value)}${filled.slice(end)}`;
  }
  return filled;
}

type Found = { readonly there: false } | { readonly there: true; readonly value: unknown };

/** RFC 6901 §4. A key on the way that a lax reader could take for the named one is refused. */
function lookUp(value: unknown, tokens: readonly string[], place: string, origin: string): Found {
  let at = value;
  for (const token of tokens) {
    if (typeof at !== 'object' || at === null) return { there: false };
    if (!Array.isArray(at)) {
      const loose = looseKey(token);
      const other = Object.keys(at).find((key) => key !== token && looseKey(key) === loose);
      if (other !== undefined) {
        throw new Foreign(`Cannot send ${place} to ${origin}: a key may be read as another`);
      }
    }
    const key = Array.isArray(at) && !/^(?:0|[1-9][0-9]*)$/.test(token) ? null : token;
    if (key === null || !Object.hasOwn(at, key)) return { there: false };
    at = (at as Readonly<Record<string, unknown>>)[key];
  }
  return { there: true, value: at };
}

function leadsTo(tokens: readonly string[], path: readonly (string | number)[]): boolean {
  // The last differ first, in most bodies.
  if (tokens.length !== path.length) return false;
  for (let at = tokens.length - 1; at >= 0; at--) {
    if (tokens[at] !== String(path[at])) return false;
  }
  return true;
}
