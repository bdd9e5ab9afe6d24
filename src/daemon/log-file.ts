import { appendFileSync, renameSync, statSync } from 'node:fs';
import { LOG_BYTES_MAX, LOG_LINE_CHARS_MAX } from './limits.ts';

/** What the daemon says of itself, for a person who wonders. Uses and grants are in the journal. */
export interface Log {
  /** One line with its time. Callers hand in nothing that could hold a secret. */
  say(line: string): void;
}

/** The file is moved aside once when it is full, so that both together are bounded. */
export function openLog(path: string): Log {
  return {
    say(line) {
      const text = line.replace(/[\r\n]+/g, ' ').slice(0, LOG_LINE_CHARS_MAX);
      try {
        if (sizeOf(path) > LOG_BYTES_MAX) renameSync(path, `${path}.1`);
        appendFileSync(path, `${new Date().toISOString()} ${text}\n`, { mode: 0o600 });
      } catch {
        // A disk that is full must not end the daemon; the journal refuses uses by itself.
      }
    },
  };
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}
