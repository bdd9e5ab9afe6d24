/** What `fillSlots` looks at. */
export interface SlotRequest {
  readonly method: string;
  /** `https://host:port`, the port always written. */
  readonly origin: string;
  /** Canonical path, looked at only for placeholders that stand in it. */
  readonly path: string;
  /** Canonical query without the question mark; empty when there is none. */
  readonly query: string;
  /** Name, value, name, value …, as Node's `rawHeaders`. */
  readonly headers: readonly string[];
}
