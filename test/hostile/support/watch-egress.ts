import { readdirSync, readFileSync } from 'node:fs';

/** Watches the egress processes whose starter has one of `homes` as its state folder. */
export interface EgressWatch {
  /** The most that one of them had resident at once, in MiB; zero when none was seen. */
  readonly largest: number;
  stop(): void;
}

export function watchEgress(homes: readonly string[]): EgressWatch {
  let largest = 0;
  const timer = setInterval(() => {
    for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      largest = Math.max(largest, peakOf(entry, homes));
    }
  }, 200);
  return {
    get largest() {
      return largest;
    },
    stop: () => clearInterval(timer),
  };
}

/** Zero for what is no such process, or is gone. */
function peakOf(pid: string, homes: readonly string[]): number {
  try {
    if (!readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('egress/main.js')) return 0;
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const parent = /^PPid:\t(\d+)/m.exec(status)?.[1];
    const environment = readFileSync(`/proc/${parent}/environ`, 'latin1');
    if (!homes.some((home) => environment.includes(home))) return 0;
    return Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
