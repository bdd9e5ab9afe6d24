import { readdirSync, readFileSync } from 'node:fs';

const SAMPLE_MS = 50;

/** Watches how much memory the egress process of a command line takes. */
export interface MemoryWatch {
  /** To be told the process id of the command line. */
  readonly onStart: (pid: number) => void;
  /** Ends the watch; the most that was resident at once, in bytes; 0 when it was never seen. */
  stop(): number;
}

export function watchEgressMemory(): MemoryWatch {
  let timer: NodeJS.Timeout | undefined;
  let egress: string | undefined;
  let peak = 0;
  return {
    onStart(pid) {
      timer = setInterval(() => {
        egress ??= egressOf(pid);
        const status = egress === undefined ? '' : readProc(egress, 'status');
        // The kernel keeps the highest value itself, so nothing is missed between two looks.
        const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
        peak = Math.max(peak, Number(kibibytes ?? 0) * 1024);
      }, SAMPLE_MS);
    },
    stop() {
      clearInterval(timer);
      return peak;
    },
  };
}

function egressOf(parent: number): string | undefined {
  return readdirSync('/proc').find(
    (pid) =>
      /^\d+$/.test(pid) &&
      readProc(pid, 'status').includes(`\nPPid:\t${parent}\n`) &&
      readProc(pid, 'cmdline').includes('egress/main.js'),
  );
}

/** Empty when the process is gone. */
function readProc(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
