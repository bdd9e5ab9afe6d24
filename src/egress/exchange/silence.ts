/** Waits for whoever has stopped sending. */
export interface Silence {
  /** Something came. */
  heard(): void;
  /** Nothing more is waited for. */
  over(): void;
}

/** Calls `silent` once when nothing was heard for so many milliseconds. */
export function watchSilence(ms: number, silent: () => void): Silence {
  const timer = setTimeout(silent, ms);
  let isOver = false;
  return {
    heard() {
      if (!isOver) timer.refresh();
    },
    over() {
      isOver = true;
      clearTimeout(timer);
    },
  };
}
