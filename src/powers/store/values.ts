/** Where the items of all stores lie. One at a time uses it, and nothing of it waits. */
export interface KeyedValues {
  /**
   * Runs `work` under the write lock. What it wrote is kept whole when this returns, and outlives
   * the kill of every process; nothing of it is kept when it throws.
   */
  transaction<T>(work: () => T): T;
  get(store: string, key: string): KeyedValue | undefined;
  /** Of the whole store; counted as it is written. */
  usage(store: string): StoreUsage;
  put(store: string, key: string, item: KeyedValue): void;
  remove(store: string, key: string): void;
  /** In order, those of a pattern that come behind `after`. */
  keys(store: string, pattern: string, after: string, limit: number): readonly string[];
  /** Of the keys of a pattern; counted one by one. */
  usageOf(store: string, pattern: string): StoreUsage;
}

export interface KeyedValue {
  /** JSON. */
  readonly value: string;
  /** What it counts for, the key included. */
  readonly bytes: number;
}

export interface StoreUsage {
  readonly items: number;
  readonly bytes: number;
}

/** The one connection that all stores share. */
export interface ValuesPlace {
  /** Opens it for the first that asks. Throws `store-unavailable`. */
  hold(): KeyedValues;
  /** Closes it behind the last. */
  letGo(): void;
}
