import { CALL_CHARS_MAX } from './limits.ts';

/**
 * What a call is described as. One that is cut says so: a person decides by it, and what is left of
 * a path could be that of another file.
 */
export function callText(described: string): string {
  if (described.length <= CALL_CHARS_MAX) return described;
  return `${described.slice(0, CALL_CHARS_MAX - 1)}…`;
}
