import type { BoxLimits } from '../contract.ts';
import { call, type Step } from './plan.ts';

const RLIMIT_DATA = 2;
const RLIMIT_CORE = 4;
const RLIMIT_NPROC = 6;

/**
 * Limits that the kernel keeps for each process alone. Memory is RLIMIT_DATA and not RLIMIT_AS:
 * language runtimes reserve many GiB of addresses that they never touch.
 */
export function rlimitSteps(limits: BoxLimits): Step[] {
  const steps = [limit('write no core files', RLIMIT_CORE, 0)];
  if (limits.memoryBytes !== undefined) {
    steps.push(limit('limit the memory', RLIMIT_DATA, limits.memoryBytes));
  }
  if (limits.pids !== undefined) {
    steps.push(limit('limit the processes', RLIMIT_NPROC, limits.pids));
  }
  if (limits.cpus !== undefined) steps.push(affinity(Math.max(1, Math.ceil(limits.cpus))));
  return steps;
}

export function limit(what: string, resource: number, value: number): Step {
  const both = Buffer.alloc(16);
  both.writeBigUInt64LE(BigInt(value), 0);
  both.writeBigUInt64LE(BigInt(value), 8);
  return call(what, 'prlimit64', 0, resource, both, 0);
}

function affinity(processors: number): Step {
  const mask = Buffer.alloc(128);
  for (let i = 0; i < Math.min(processors, 1024); i++) {
    mask[i >> 3] = (mask[i >> 3] ?? 0) | (1 << (i & 7));
  }
  return call('limit the processors', 'sched_setaffinity', 0, mask.length, mask);
}
