import { listControlGroups, sweepControlGroups } from '../process/cgroup.ts';
import { processStartTime } from '../process/proc.ts';

/** Beginning of the ids of workers' boxes; what follows names the process that started them. */
const BEGINNING = 'worker-';

let count = 0;

/** An id that tells whether whoever chose it is still there. */
export function newWorkerId(): string {
  count += 1;
  return `${BEGINNING}${process.pid}-${processStartTime(process.pid)}-${count}`;
}

/**
 * Removes the control groups of workers whose starter was killed; the workers themselves died with
 * it. Of this home or another: a group that is in use cannot be removed.
 */
export function sweepWorkers(): void {
  for (const id of listControlGroups(BEGINNING)) {
    const [, pid, start] = /^worker-(\d+)-(\d+)-\d+$/.exec(id) ?? [];
    if (pid !== undefined && processStartTime(Number(pid)) !== start) sweepControlGroups(id);
  }
}
