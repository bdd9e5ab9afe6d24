import { unlinkSync } from 'node:fs';

/**
 * A box's end is recorded once, by whoever takes its mark away: the starter, the egress that
 * outlived it, or a later command. True for that one.
 */
export function claimEnd(mark: string): boolean {
  try {
    unlinkSync(mark);
    return true;
  } catch {
    return false;
  }
}
