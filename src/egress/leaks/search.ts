import { isTokenByte } from '../../vault/fingerprint.ts';
import { WINDOW_BYTES } from '../../vault/limits.ts';
import { eachRun, FOREIGN, SEXTETS, searchRun } from './encoded-runs.ts';
import { BASE64_RUN_MIN } from './limits.ts';
import { type Budget, type Found, type PrintIndex, searchBytes } from './print-index.ts';

const TOKENS = Uint8Array.from({ length: 256 }, (_, byte) => (isTokenByte(byte) ? 0 : FOREIGN));

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
  const encoded = (begin: number, end: number): Found | null =>
    end > from ? searchRun(index, data, begin, end, budget) : null;
  if (!index.isToken) {
    const found = searchBytes(index, data, from, length, budget);
    return found ?? eachRun(SEXTETS, BASE64_RUN_MIN, data, 0, length, encoded);
  }
  return eachRun(TOKENS, WINDOW_BYTES, data, 0, length, (begin, end) => {
    if (end <= from) return null;
    const found = searchBytes(index, data, Math.max(from, begin + WINDOW_BYTES - 1), end, budget);
    return found ?? eachRun(SEXTETS, BASE64_RUN_MIN, data, begin, end, encoded);
  });
}
