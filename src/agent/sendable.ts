import { INPUT_DEPTH_MAX } from './limits.ts';
import { wellFormed } from './runner/show.ts';

/**
 * Can every provider be sent this again? Some take the arguments of a call as data, which no power
 * passes on when it is nested too deeply, has half a character in it, or a key that no object can
 * have. Kept once, it would make every later request of the conversation one that is refused.
 */
export function isSendable(value: unknown, depth: number = INPUT_DEPTH_MAX): boolean {
  if (typeof value === 'string') return isWellFormed(value);
  if (typeof value !== 'object' || value === null) return true;
  if (depth === 0) return false;
  return Object.entries(value).every(
    ([key, item]) => key !== '__proto__' && isWellFormed(key) && isSendable(item, depth - 1),
  );
}

export function isWellFormed(text: string): boolean {
  return wellFormed(text) === text;
}
