import type { EndSignal } from '../../ocap/live.ts';
import type { HttpHeader } from './call.ts';
import type { SlotPlaces } from './slot-places.ts';

/** A request that was judged, in canonical form: these parts, and nothing else, are sent. */
export interface FetchRequest {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly port: number;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: readonly HttpHeader[];
  readonly body: Uint8Array | null;
}

export interface FetchOptions {
  /** Stops the request, wherever it is. */
  readonly signal: EndSignal;
  /** Name of the secret whose value goes into its slot on the way. */
  readonly credential: string | null;
  /** Places for values that the grant names in the request; left out for none. */
  readonly places?: SlotPlaces;
  /** The power names this very address, so a private one is meant. */
  readonly addressNamed: boolean;
}

export interface FetchAnswer {
  readonly status: number;
  readonly headers: readonly HttpHeader[];
  /** Throws a PowerboxError when the answer breaks off. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Lets go of the answer; may be called again. */
  cancel(): void;
}

/** Where requests really leave: a process of its own, handed in. Rejects with a PowerboxError. */
export interface Fetcher {
  fetch(request: FetchRequest, options: FetchOptions): Promise<FetchAnswer>;
}
