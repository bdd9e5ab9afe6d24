import { existsSync, writeFileSync } from 'node:fs';

/** There is none where the kernel writes no core files at all. */
const FILTER = '/proc/self/coredump_filter';

/**
 * For a process that holds secret values: a core file of it shows no memory (core(5)), and no
 * signal opens a debugger into it. Children inherit the first.
 */
export function withholdMemory(): void {
  if (existsSync(FILTER)) writeFileSync(FILTER, '0');
  process.on('SIGUSR1', () => {});
}
