import type { SlotPlaces } from '../../powers/http/slot-places.ts';
import type { ErrorCode } from '../../wire/errors.ts';
import type { LinkSecret } from '../../wire/link.ts';
import type { HostOverride } from '../protocol.ts';

/**
 * What the daemon and its fetching process tell each other. A request was judged, counted and
 * recorded by the kernel before it comes here; here it is filled, sent, and its answer scrubbed.
 */
export interface FetchJob {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly port: number;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array | null;
  /** What the power brings into each of its requests; null for nothing. */
  readonly credential: LinkSecret | null;
  /** Places for values that the grant names in the request; left out for none. */
  readonly places?: SlotPlaces;
  readonly override: HostOverride | undefined;
  readonly addressNamed: boolean;
}

export type ToFetcher =
  | { readonly type: 'fetch'; readonly id: number; readonly job: FetchJob }
  /** So many bytes of the answer were taken. */
  | { readonly type: 'taken'; readonly id: number; readonly bytes: number }
  | { readonly type: 'cancel'; readonly id: number };

export type FromFetcher =
  | {
      readonly type: 'head';
      readonly id: number;
      readonly status: number;
      readonly headers: readonly (readonly [name: string, value: string])[];
    }
  | { readonly type: 'chunk'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly type: 'end'; readonly id: number }
  | {
      readonly type: 'failed';
      readonly id: number;
      readonly code: ErrorCode;
      readonly reason: string;
    };

/** Bytes of one answer that may be on their way to a daemon that has not taken them. */
export const UNTAKEN_BYTES_MAX = 1024 ** 2;
