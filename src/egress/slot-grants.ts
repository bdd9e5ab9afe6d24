import type { HttpCall } from '../powers/http/call.ts';
import { NO_PLACES, type SlotPlaces, slotPlaces } from '../powers/http/slot-places.ts';
import type { BoxState } from './box-egress.ts';
import { type BodySlot, bodySlotsOf, wantsFilling } from './credentials/fill-body.ts';
import { type OpenSlot, openSlots } from './credentials/open-slots.ts';
import type { HttpGrant } from './grant-index.ts';
import { originOf, type Target } from './target.ts';

/** Slots of one request that are open only under a grant that names their place. */
export interface SlotGrants {
  /** False where the box has no such slot at the target: nothing need be asked then. */
  readonly any: boolean;
  /** The body is of a type that has such a slot. */
  readonly inBody: boolean;
  /** The places that the grant names in a call that it permits. */
  placesOf(grant: HttpGrant, call: HttpCall): SlotPlaces;
  /** Does such a slot stand in a call that the grant permits? */
  opens(grant: HttpGrant, call: HttpCall): boolean;
  /** Must the body of such a call be read, so that its slots are filled? */
  fillsBody(grant: HttpGrant, call: HttpCall): boolean;
}

/** Of the many targets where no slot needs a grant that names its place. */
const NO_SLOTS: SlotGrants = {
  any: false,
  inBody: false,
  placesOf: () => NO_PLACES,
  opens: () => false,
  fillsBody: () => false,
};

/** `headers` are those of the request, flat. */
export function makeSlotGrants(
  box: BoxState,
  target: Target,
  headers: readonly string[],
): SlotGrants {
  const origin = originOf(target);
  const open = openSlots(origin, box.secrets.all);
  if (!open.some(needsPlace)) return NO_SLOTS;
  // What a guest wrote into a grant that it handed on opens nothing.
  const placesOf = (grant: HttpGrant, call: HttpCall): SlotPlaces =>
    slotPlaces(grant.narrowings.slice(0, grant.byHost ?? 0), call);
  const fillsBody = (grant: HttpGrant, call: HttpCall): boolean =>
    wantsFilling(bodySlotsOf(origin, box.secrets.all, placesOf(grant, call)), headers);
  return {
    any: true,
    inBody: wantsFilling(open.filter(isBodySlot), headers),
    placesOf,
    fillsBody,
    opens(grant, call) {
      const { variables } = placesOf(grant, call);
      const inPath = open.some(({ slot }) => slot.in === 'path' && variables.has(slot.variable));
      return inPath || fillsBody(grant, call);
    },
  };
}

function needsPlace({ slot }: OpenSlot): boolean {
  return slot.in === 'path' || slot.in === 'json' || slot.in === 'form';
}

function isBodySlot(open: OpenSlot): open is OpenSlot<BodySlot> {
  return open.slot.in === 'json' || open.slot.in === 'form';
}
