/** So many things at once, and so many more in each second; what is of use earns more. */
export interface Gauge {
  /** Counts one; false when there was none left. */
  spend(): boolean;
  earn(count: number): void;
}

/** `clock` is in milliseconds. */
export function makeGauge(most: number, perSecond: number, clock = Date.now): Gauge {
  let left = most;
  let told = clock();
  return {
    spend() {
      if (left < 1) {
        const now = clock();
        left = Math.min(most, left + ((now - told) * perSecond) / 1_000);
        told = now;
      }
      if (left < 1) return false;
      left -= 1;
      return true;
    },
    earn(count) {
      left = Math.min(most, left + count);
    },
  };
}
