import type { SlotPlaces } from '../../powers/http/slot-places.ts';

/** What `fillSlots` looks at. */
export interface SlotRequest {
  readonly method: string;
  /** `https://host:port`, the port always written. */
  readonly origin: string;
  /** Canonical path. */
  readonly path: string;
  /** Canonical query without the question mark; empty when there is none. */
  readonly query: string;
  /** Name, value, name, value …, as Node's `rawHeaders`. */
  readonly headers: readonly string[];
  /** The whole body, where it was read; null or left out where not. */
  readonly body?: Uint8Array | null;
  /** What the grant of the request names; left out for nothing. */
  readonly places?: SlotPlaces;
}
