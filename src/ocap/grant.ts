/**
 * One principal gave another a power. Here the giver is always the host and the holder a box;
 * `parent` is what delegation hangs on.
 */
export interface Grant<Config = unknown, Narrowing = unknown> {
  readonly id: string;
  readonly kind: string;
  readonly config: Config;
  readonly narrowing: Narrowing;
  /** Grant that this one narrows; null when the host gave it first-hand. */
  readonly parent: string | null;
  /** The words it was given in: the rule's text. Shown wherever the grant is named. */
  readonly text: string;
}
