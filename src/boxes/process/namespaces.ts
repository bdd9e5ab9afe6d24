import { call, type Step, step } from './plan.ts';
import { CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWUSER } from './syscalls.ts';

/**
 * Steps into the outer namespaces of a box, in which one user, the caller, is root. The network
 * belongs to them, so that the box, whose own user namespace lies inside, cannot change it.
 */
export function namespaceSteps(uid: number, gid: number): Step[] {
  return [
    call('make namespaces', 'unshare', CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET),
    step('write', 'keep groups', '/proc/self/setgroups', 'deny'),
    step('write', 'map the user', '/proc/self/uid_map', `0 ${uid} 1\n`),
    step('write', 'map the group', '/proc/self/gid_map', `0 ${gid} 1\n`),
  ];
}
