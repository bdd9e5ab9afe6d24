import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { firstChild, type RunningBox } from '../process/running.ts';
import { type Heartbeat, heartbeat } from './heartbeat.ts';
import type { WorkerBox, WorkerEndReason } from './start.ts';
import { type Watcher, watchWorker } from './watch.ts';

/** proc(5) counts processor time in hundredths of a second, on every Linux. */
const MS_PER_TICK = 10;

export function workerBox(box: RunningBox, channel: Socket, beat: Socket): WorkerBox {
  // A worker that ends while it is written to is told of by `ended`.
  channel.on('error', () => undefined);
  const pulse = heartbeat(beat);
  const program = programOf(box);
  let asked: WorkerEndReason | undefined;
  let isEnding = false;
  channel.once('end', () => {
    isEnding = true;
  });
  let watcher: Watcher | undefined;
  const kill = (why: WorkerEndReason): void => {
    asked ??= why;
    box.kill();
  };
  const ended = box
    .wait()
    .then(
      ({ status }) => status,
      () => NO_STATUS,
    )
    .then(async (status) => {
      watcher?.stop();
      const own = reasonOf(status, box, pulse);
      // Whoever hears the channel end may ask for the end before the reason of it is known.
      const why = asked === 'killed' && own === 'memory' ? own : (asked ?? own);
      channel.destroy();
      beat.destroy();
      await box.cleanUp().catch(() => undefined);
      return { why, status };
    });
  const worker: WorkerBox = {
    get pid() {
      return program();
    },
    channel,
    ready: pulse.ready,
    ended,
    kill() {
      // Its channel is closed, so it is ending, and will say of what.
      if (isEnding) setTimeout(kill, ENDING_MS, 'killed');
      else kill('killed');
      return ended;
    },
    watch(limits) {
      watcher?.stop();
      watcher = watchWorker(limits, {
        cpuMs: () => cpuMs(program()),
        moved: () => channel.bytesRead + channel.bytesWritten,
        pulse,
        end: kill,
      });
    },
    lowerMemory: (bytes) => box.lowerMemory(bytes),
    stats: () => ({ memoryBytes: memoryBytes(program()), cpuMs: cpuMs(program()) }),
  };
  return worker;
}

/** How long a process that has closed its channel may take to be gone. */
const ENDING_MS = 200;
/** Where no program ever ran. */
const NO_STATUS = 125;
const SIGKILLED = 137;
const SEGFAULTED = 139;
/** SIGILL, SIGTRAP, SIGABRT: how V8 ends a process that has no more memory. */
const ABORTED: readonly number[] = [132, 133, 134];

function reasonOf(status: number, box: RunningBox, { lastWords }: Heartbeat): WorkerEndReason {
  if (status === 0) return 'closed';
  if (status === SIGKILLED && box.memoryRanOut()) return 'memory';
  if (ABORTED.includes(status) && /out of memory|heap limit|allocat/i.test(lastWords())) {
    return 'memory';
  }
  // Where an rlimit refuses memory, the engine falls over wherever it asked for some.
  if (!box.memoryInGroup && [...ABORTED, SEGFAULTED].includes(status)) return 'memory';
  return 'failed';
}

/** bubblewrap's process 1 has one child: the program. */
function programOf({ childPid }: RunningBox): () => number {
  let pid: number | undefined;
  return () => {
    pid ??= firstChild(childPid);
    return pid ?? 0;
  };
}

function cpuMs(pid: number): number {
  const fields = statOf(pid);
  return (Number(fields?.[11] ?? 0) + Number(fields?.[12] ?? 0)) * MS_PER_TICK;
}

function statOf(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

/** What is its own: pages that it shares with other processes, such as Node's code, do not count. */
function memoryBytes(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
