import type { Slot } from '../../vault/slot.ts';
import type { BoundSecret } from '../protocol.ts';
import type { SlotRequest } from './slot-request.ts';
import type { Held } from './slot-value.ts';

/** A slot that is open on the origin of a request. */
export interface OpenSlot<S extends Slot = Slot> {
  readonly slot: S;
  readonly secret: BoundSecret;
}

/** One request while its slots are filled. */
export interface Filling {
  readonly request: SlotRequest;
  /** Slots of the secrets that may go into this request. */
  readonly open: readonly OpenSlot[];
  /** Slots of every secret of the box: each holds a placeholder that may go there, or nothing. */
  readonly all: readonly OpenSlot[];
  /** The secret that the grant itself brings; its holder need not know a placeholder. */
  readonly brought: BoundSecret | null;
  readonly used: Set<BoundSecret>;
}

/** Why a request is refused; caught where slots are filled. */
export class Foreign extends Error {
  readonly code: 'credential-foreign' | 'body-unreadable';

  constructor(reason: string, code: Foreign['code'] = 'credential-foreign') {
    super(reason);
    this.code = code;
  }
}

/** By origin; made once for the secrets of a box, which are the same for most of its requests. */
const indexes = new WeakMap<readonly BoundSecret[], ReadonlyMap<string, readonly OpenSlot[]>>();

const NONE: readonly OpenSlot[] = [];

export function openSlots(origin: string, secrets: readonly BoundSecret[]): readonly OpenSlot[] {
  let index = indexes.get(secrets);
  if (index === undefined) {
    index = indexOf(secrets);
    indexes.set(secrets, index);
  }
  return index.get(origin) ?? NONE;
}

function indexOf(secrets: readonly BoundSecret[]): ReadonlyMap<string, readonly OpenSlot[]> {
  const index = new Map<string, OpenSlot[]>();
  for (const secret of secrets) {
    for (const { origin, slots } of secret.bindings) {
      const open = index.get(origin) ?? [];
      index.set(origin, open);
      open.push(...slots.map((slot) => ({ slot, secret })));
    }
  }
  return index;
}

/** Those of one kind. */
export function slotsIn<Place extends Slot['in']>(
  slots: readonly OpenSlot[],
  place: Place,
): OpenSlot<Extract<Slot, { readonly in: Place }>>[] {
  return slots.filter(({ slot }) => slot.in === place) as OpenSlot<
    Extract<Slot, { readonly in: Place }>
  >[];
}

/**
 * What is sent at a place where a credential stands; throws unless it is the placeholder of a
 * secret that may go there. `held` reads the place for one slot.
 */
export function fillPlace<S extends Slot>(
  { request, used }: Filling,
  place: string,
  value: string,
  slots: readonly OpenSlot<S>[],
  held: (open: OpenSlot<S>) => Held,
): string {
  for (const open of slots) {
    const found = held(open);
    if (found.state !== 'placeholder') continue;
    // A preflight must not carry a credential (Fetch Standard §4.8); its answer is anyone's.
    if (request.method === 'OPTIONS') return value;
    used.add(open.secret);
    return found.filled;
  }
  throw new Foreign(`Cannot send ${place} to ${request.origin}: ${whyForeign(slots)}`);
}

export function whyForeign(slots: readonly OpenSlot[]): string {
  const names = [...new Set(slots.map(({ secret }) => secret.name))].join(' or ');
  return names === ''
    ? 'it is no slot of a secret there'
    : `it does not hold the placeholder of ${names}`;
}

/**
 * The vault refuses such a value for such a slot; one that came by a command is seen here first.
 * What is wrong with it is not said, as the box hears this.
 */
export function unfit(place: string, origin: string): Foreign {
  return new Foreign(
    `Cannot send ${place} to ${origin}: the value of the secret cannot stand there`,
  );
}
