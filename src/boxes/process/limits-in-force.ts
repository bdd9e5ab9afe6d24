import type { BoxLimits, LimitsInForce } from '../contract.ts';
import type { ControlGroups } from './cgroup.ts';
import { DISK_BYTES_DEFAULT } from './limits.ts';

/** Which means keeps each limit, in words for `powerbox inspect`. */
export function limitsInForce(limits: BoxLimits, groups: ControlGroups): LimitsInForce {
  const group = `cgroup v${groups.version}`;
  const say = (
    value: number | undefined,
    unit: string,
    kept: boolean,
    otherwise: string,
  ): string => (value === undefined ? 'none' : `${value}${unit} (${kept ? group : otherwise})`);
  return {
    memory: say(
      limits.memoryBytes,
      ' bytes',
      groups.keeps.has('memory'),
      'rlimit data, each process',
    ),
    cpus: say(limits.cpus, '', groups.keeps.has('cpu'), 'affinity, whole processors'),
    pids: say(limits.pids, '', groups.keeps.has('pids'), 'rlimit nproc'),
    disk: `${limits.diskBytes ?? DISK_BYTES_DEFAULT} bytes (tmpfs, each folder)`,
  };
}
