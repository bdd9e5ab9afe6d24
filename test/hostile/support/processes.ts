import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process of this machine, as far as it can be read. */
export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly commandLine: string;
}

export function processes(): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const status = readFileSync(`/proc/${name}/status`, 'utf8');
        if (/^State:\tZ/m.test(status)) return [];
        const parent = Number(/^PPid:\t(\d+)/m.exec(status)?.[1]);
        const commandLine = readFileSync(`/proc/${name}/cmdline`, 'latin1').replaceAll('\0', ' ');
        return [{ pid: Number(name), parent, commandLine }];
      } catch {
        return [];
      }
    });
}

/** The process itself and everything below it. */
export function family(pid: number): Process[] {
  const all = processes();
  const found = all.filter((one) => one.pid === pid);
  for (const one of found) found.push(...all.filter(({ parent }) => parent === one.pid));
  return found;
}

export function egressOf(pid: number): number | undefined {
  return family(pid).find(({ commandLine }) => commandLine.includes('egress/main.js'))?.pid;
}

export function isAlive(pid: number): boolean {
  return processes().some((one) => one.pid === pid);
}

/** What can be read of a process without stopping it: environment and arguments. */
export function surface(pid: number): string {
  return ['environ', 'cmdline']
    .map((name) => {
      try {
        return readFileSync(`/proc/${pid}/${name}`, 'latin1');
      } catch {
        return '';
      }
    })
    .join('\n');
}

/** True as soon as `condition` holds; false after `milliseconds`. */
export async function until(condition: () => boolean, milliseconds = 8_000): Promise<boolean> {
  const end = Date.now() + milliseconds;
  while (!condition()) {
    if (Date.now() > end) return false;
    await sleep(30);
  }
  return true;
}
