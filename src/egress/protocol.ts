import type { Home } from '../store/home.ts';
import type { Watched } from '../vault/fingerprint.ts';
import type { Binding } from '../vault/slot.ts';

/** A secret as the egress holds it: only for boxes that it was bound to. Travels by IPC pipe only. */
export interface BoundSecret {
  readonly name: string;
  readonly value: string;
  /** What the box sees instead; same length as `value`. */
  readonly placeholder: string;
  readonly bindings: readonly Binding[];
}

export interface NewValue {
  /** Names the secret: two of a box may share a name, one from the vault and one from a file. */
  readonly placeholder: string;
  readonly value: string;
}

/** What a running box is told of its secrets, all of which holds from one moment on. */
export interface SecretChange {
  /** Those that have new values; their placeholders stay. */
  readonly values: readonly NewValue[];
  /** Placeholders of those that are not the box's any more, unless they get a value again. */
  readonly gone: readonly string[];
  /** What is recognised from now on; null where that stays. */
  readonly watched: Watched | null;
}

/** Where a private host really is, from `egress.hosts` in config.json, keyed `name:port`. */
export interface HostOverride {
  /** `address:port` to dial instead of what DNS says. */
  readonly connect?: string;
  /** PEM text of the certificate authority to trust for this name, instead of the system's. */
  readonly ca?: string;
}

export interface BoxEgress {
  readonly box: string;
  /** Where the daemon is, which knows the box's grants, and the token that it knows the box by. */
  readonly link: { readonly socket: string; readonly token: string };
  readonly secrets: readonly BoundSecret[];
  /** Fingerprints of all values that no request of the box may carry. */
  readonly watched: Watched;
  /** The box's own certificate authority (PEM); lives in memory only. */
  readonly ca: { readonly certificate: string; readonly key: string };
  readonly hosts: Readonly<Record<string, HostOverride>>;
  /**
   * A file that exists while the box's end is not in the journal. Whoever removes it writes that
   * row: the starter, or, when it was killed, the egress, or a later command.
   */
  readonly endMark: string;
}

/** What the parent (the command line; later the daemon) tells the egress process. */
export type ToEgress =
  /** First of all: where the state is, and the key that the journal's rows are chained with (hex). */
  | { readonly type: 'start'; readonly home: Home; readonly key: string }
  | {
      readonly type: 'open';
      readonly config: BoxEgress;
      /** What a process before this one has told by `named`, in order. */
      readonly names: readonly string[];
      /** When the box was opened first, milliseconds since the epoch. */
      readonly started: number;
    }
  /** Sent with the raw handle of a socket in the box's own network. */
  | {
      readonly type: 'listener';
      readonly box: string;
      readonly transport: 'tcp' | 'udp';
      readonly family: 4 | 6;
    }
  | { readonly type: 'secrets'; readonly box: string; readonly change: SecretChange }
  /** Cut everything of this box and forget its secrets; answered by `closed`. */
  | { readonly type: 'close'; readonly box: string };

export type FromEgress =
  | { readonly type: 'ready' }
  | { readonly type: 'opened'; readonly box: string }
  | { readonly type: 'closed'; readonly box: string }
  /** The box asked for a name that it had not asked for; its answer waits until this was sent. */
  | { readonly type: 'named'; readonly box: string; readonly name: string }
  /** First refusal of a destination; `line` is the sentence for the person. */
  | { readonly type: 'refused'; readonly box: string; readonly line: string }
  /** The egress cannot do its work for this box (for example: the journal cannot be written). */
  | { readonly type: 'failed'; readonly box: string; readonly line: string };
