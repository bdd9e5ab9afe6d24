import { POINTER_LEVELS_MAX } from './limits.ts';

/**
 * The tokens of a JSON Pointer (RFC 6901). In a rule the token `*` stands for each item of an
 * array or each member of an object.
 */
export type Pointer = readonly string[];

export const EACH = '*';

/** Null when the text is no pointer, or one with too many levels. */
export function parsePointer(text: string): Pointer | null {
  if (text === '') return [];
  if (!text.startsWith('/') || /~(?![01])/.test(text)) return null;
  const tokens = text.slice(1).split('/');
  if (tokens.length > POINTER_LEVELS_MAX) return null;
  return tokens.map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The place of a token in an array of this length; null when it names none that is there. */
export function indexOf(token: string, length: number): number | null {
  if (token === '-' || !isIndex(token)) return null;
  const index = Number(token);
  return index < length ? index : null;
}

/** RFC 6901 §4: no leading zeros; `-` is the place behind the last item, where nothing is. */
export function isIndex(token: string): boolean {
  return /^(?:0|[1-9][0-9]{0,8}|-)$/.test(token);
}
