/** What a grant may spend in all; a child spends its parent's too. */
export interface Budget {
  readonly uses?: number;
  readonly bytes?: number;
  readonly tokens?: number;
  /** Millionths of a US dollar, so that sums are exact. */
  readonly microdollars?: number;
  readonly rate?: Rate;
}

/** So many uses in each window of the clock (UTC). */
export interface Rate {
  readonly uses: number;
  readonly per: 'second' | 'minute' | 'day';
}

/** Amounts of one use; none is negative, all are whole. */
export type Spend = Readonly<Partial<Record<Measure, number>>>;

export type Measure = 'uses' | 'bytes' | 'tokens' | 'microdollars';

export const MEASURES: readonly Measure[] = ['uses', 'bytes', 'tokens', 'microdollars'];
