import { fchownSync, fstatSync, readlinkSync } from 'node:fs';
import type { StdioTarget } from '../contract.ts';

/**
 * Lets a box with a uid of its own open its standard streams again by path, as scripts do with
 * /dev/stdout: pipes and terminals belong to root otherwise. Gives the function that takes the
 * terminals back.
 */
export function lendStreams(stdio: readonly StdioTarget[], uid: number): () => void {
  const lent: { fd: number; uid: number }[] = [];
  stdio.forEach((target, index) => {
    const fd = target === 'inherit' ? index : target;
    if (typeof fd !== 'number') return;
    try {
      const name = readlinkSync(`/proc/self/fd/${fd}`);
      // Never a file or a named pipe: its owner is written on a disk.
      if (!/^(pipe:\[|\/dev\/pts\/\d+$)/.test(name)) return;
      const owner = fstatSync(fd);
      fchownSync(fd, uid, owner.gid);
      lent.push({ fd, uid: owner.uid });
    } catch {
      // A stream that cannot be lent still works by its descriptor.
    }
  });
  return () => {
    for (const { fd, uid: owner } of lent.splice(0)) {
      try {
        fchownSync(fd, owner, fstatSync(fd).gid);
      } catch {
        // Its other end is gone; so is what it could be used for.
      }
    }
  };
}
