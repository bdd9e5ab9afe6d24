import { sweepControlGroups } from './cgroup.ts';
import { removeStandIns } from './stand-in.ts';

/**
 * Removes what a box whose starter was killed left outside its state folder: control groups, and
 * stand-ins in the workspace. For boxes that have ended; safe to call again. Gives true when
 * nothing is left to do.
 */
export function sweepBox(id: string, stateDir: string): boolean {
  const groups = sweepControlGroups(id);
  return removeStandIns(stateDir) && groups;
}
