import { WINDOW_BYTES } from '../../vault/limits.ts';
import { eachRun, SEXTETS, searchRun } from './encoded-runs.ts';
import { BASE64_RUN_MIN } from './limits.ts';
import { type Budget, type Found, type PrintIndex, searchBytes } from './print-index.ts';

/**
 * Whose value ends in `data[from..length)`, as it is, in base64 or in hex; null for
 * none. What stands before `from` was looked at before.
 */
export function searchText(
  index: PrintIndex,
  data: Uint8Array,
  from: number,
  length: number,
  budget: Budget,
): Found | null {
  if (length < WINDOW_BYTES) return null;
  const plain = searchBytes(index, data, from, length, budget);
  if (plain !== null) return plain;
  return eachRun(SEXTETS, BASE64_RUN_MIN, data, 0, length, (begin, end) =>
    end > from ? searchRun(index, data, begin, end, budget) : null,
  );
}
