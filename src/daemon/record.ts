import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { ProcessId } from '../host/box-record.ts';
import type { Home } from '../store/home.ts';
import { recordPath } from './places.ts';

/** Who the daemon of a home is, as it wrote it at its start. */
export interface DaemonRecord {
  readonly process: ProcessId;
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly started: number;
}

/** Only the holder of the lock writes it. */
export function writeDaemonRecord(home: Home, record: DaemonRecord): void {
  const path = recordPath(home);
  writeFileSync(`${path}.new`, JSON.stringify(record), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** What the last daemon wrote; it may be gone, or about to go. */
export function readDaemonRecord(home: Home): DaemonRecord | undefined {
  try {
    return JSON.parse(readFileSync(recordPath(home), 'utf8')) as DaemonRecord;
  } catch {
    return undefined;
  }
}
