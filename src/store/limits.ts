/** How long a writer waits for another process's transaction; those take microseconds, so a wait this long means a stuck disk. */
export const BUSY_MS_MAX = 5_000;

/** Pages of 4 KiB that the write-ahead log holds before they are moved into the database file: 4 MiB keeps the log small and the moves rare. */
export const WAL_PAGES_MAX = 1_000;
