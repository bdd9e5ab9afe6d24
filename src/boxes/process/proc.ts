import { readFileSync } from 'node:fs';

/** When a process started, in clock ticks after the machine did; undefined when it is gone. */
export function processStartTime(pid: number): string | undefined {
  return fields(pid)?.[19];
}

/** The letter of proc(5) for what a process does; undefined when it has ended. */
export function processState(pid: number): string | undefined {
  const state = fields(pid)?.[0];
  return state === 'Z' || state === 'X' ? undefined : state;
}

/** The fields after the name, which stands in parentheses and may hold spaces. */
function fields(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
