import type { Ended } from '../ocap/grant.ts';

/** The three columns of an end; all null while there is none. */
export interface EndedColumns {
  readonly ended_time: number | null;
  readonly ended_by: string;
  readonly ended_reason: string;
}

export function endedOf(row: EndedColumns): Ended | null {
  if (row.ended_time === null) return null;
  return { time: row.ended_time, by: row.ended_by, reason: row.ended_reason };
}

export function endedValues(ended: Ended | null): [number | null, string | null, string | null] {
  return ended === null ? [null, null, null] : [ended.time, ended.by, ended.reason];
}
