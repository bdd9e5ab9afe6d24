import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BoxLimits } from '../contract.ts';
import { CGROUP_REMOVE_MS_MAX } from './limits.ts';

const ROOT = '/sys/fs/cgroup';
const CPU_PERIOD_US = 100_000;

export type Controller = 'memory' | 'pids' | 'cpu';

/** The control groups of one box: which limits they keep, and how to enter and end them. */
export interface ControlGroups {
  readonly keeps: ReadonlySet<Controller>;
  readonly version: 1 | 2;
  /**
   * Puts a process in; what it starts later is in as well. The kernel takes 10 ms or more for it,
   * so other work is better done meanwhile.
   */
  add(pid: number): Promise<void>;
  /**
   * Whether the kernel ended a process for want of memory. Only while the groups are there; false
   * where they do not keep the memory.
   */
  memoryRanOut(): boolean;
  /** Lowers the limit of memory; false where they keep none, or where more is in use. */
  lowerMemory(bytes: number): boolean;
  /** Removes the groups; their processes must have ended. */
  remove(): Promise<void>;
}

/** A setting of a group: file name and value. Optional ones need not exist in every kernel. */
interface Setting {
  readonly file: string;
  readonly value: string;
  readonly optional?: true;
}

/**
 * Makes control groups for the limits that are asked for. What cannot be had is left out of
 * `keeps`, for rlimits to keep; a group that refuses its setting counts as not to be had.
 */
export function makeControlGroups(id: string, limits: BoxLimits): ControlGroups {
  const unified = existsSync(join(ROOT, 'cgroup.controllers'));
  const version = unified ? 2 : 1;
  const wanted = (Object.entries(settings(limits, version)) as [Controller, Setting[]][]).filter(
    ([, list]) => list.length > 0,
  );
  const keeps = new Set<Controller>();
  const folders = new Set<string>();
  let memory: string | undefined;
  for (const [controller, list] of wanted) {
    const folder = unified
      ? unifiedFolder(id, controller)
      : join(ROOT, controller, `powerbox-${id}`);
    if (folder !== undefined && makeGroup(folder, list)) {
      keeps.add(controller);
      folders.add(folder);
      if (controller === 'memory') memory = folder;
    }
  }
  return {
    keeps,
    version,
    add: async (pid) => {
      for (const folder of folders) await writeFile(join(folder, 'cgroup.procs'), String(pid));
    },
    memoryRanOut: () => memory !== undefined && memoryKills(memory, version) > 0,
    lowerMemory: (bytes) =>
      memory !== undefined && isSet(memory, settings({ memoryBytes: bytes }, version).memory),
    remove: async () => {
      for (const folder of folders) await removeGroup(folder);
    },
  };
}

/**
 * Removes the control groups that a killed starter left of a box. A group that still holds a
 * process, if only one that is not yet reaped, stays. Gives true when none is left.
 */
export function sweepControlGroups(id: string): boolean {
  const own = places().map((parent) => join(parent, `powerbox-${id}`));
  for (const folder of own) {
    try {
      rmdirSync(folder);
    } catch {
      // There is none, or it is in use.
    }
  }
  return !own.some((folder) => existsSync(folder));
}

function settings(limits: BoxLimits, version: 1 | 2): Record<Controller, Setting[]> {
  const { memoryBytes, pids, cpus } = limits;
  const quota = cpus === undefined ? '' : String(Math.max(1000, Math.round(cpus * CPU_PERIOD_US)));
  const memory = String(memoryBytes);
  const one = version === 1;
  return {
    memory:
      memoryBytes === undefined
        ? []
        : one
          ? [
              { file: 'memory.limit_in_bytes', value: memory },
              { file: 'memory.memsw.limit_in_bytes', value: memory, optional: true },
            ]
          : [
              { file: 'memory.max', value: memory },
              { file: 'memory.swap.max', value: '0', optional: true },
            ],
    pids: pids === undefined ? [] : [{ file: 'pids.max', value: String(pids) }],
    cpu:
      cpus === undefined
        ? []
        : one
          ? [
              { file: 'cpu.cfs_period_us', value: String(CPU_PERIOD_US) },
              { file: 'cpu.cfs_quota_us', value: quota },
            ]
          : [{ file: 'cpu.max', value: `${quota} ${CPU_PERIOD_US}` }],
  };
}

/** The boxes of which control groups are there, by an id that begins so. */
export function listControlGroups(beginning: string): readonly string[] {
  const found = places().flatMap((parent) => {
    try {
      return readdirSync(parent).filter((name) => name.startsWith(`powerbox-${beginning}`));
    } catch {
      return [];
    }
  });
  return [...new Set(found.map((name) => name.slice('powerbox-'.length)))];
}

/** The folders in which groups of boxes lie. */
function places(): string[] {
  return existsSync(join(ROOT, 'cgroup.controllers'))
    ? parents()
    : ['memory', 'pids', 'cpu'].map((name) => join(ROOT, name));
}

/** Where groups may be made: below this process's own, beside it, at the root. */
function parents(): string[] {
  const own = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1] ?? '/';
  return [join(ROOT, own), dirname(join(ROOT, own)), ROOT].filter((path) => path.startsWith(ROOT));
}

/** A group beside or below this process's own, wherever that controller may be used. */
function unifiedFolder(id: string, controller: Controller): string | undefined {
  for (const parent of parents()) {
    try {
      const file = join(parent, 'cgroup.subtree_control');
      if (!readFileSync(file, 'utf8').split(/\s/).includes(controller)) {
        writeFileSync(file, `+${controller}`);
      }
      return join(parent, `powerbox-${id}`);
    } catch {
      // This parent is not ours to divide; the next may be.
    }
  }
  return undefined;
}

function makeGroup(folder: string, list: readonly Setting[]): boolean {
  try {
    mkdirSync(folder, { recursive: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return false;
  }
  if (isSet(folder, list)) return true;
  try {
    rmdirSync(folder);
  } catch {
    // Left empty; it holds nothing and limits nothing.
  }
  return false;
}

function isSet(folder: string, list: readonly Setting[]): boolean {
  for (const { file, value, optional } of list) {
    try {
      writeFileSync(join(folder, file), value);
    } catch {
      if (!optional) return false;
    }
  }
  return true;
}

/** How many processes of a group the kernel ended because its memory was used up. */
function memoryKills(folder: string, version: 1 | 2): number {
  try {
    const file = version === 1 ? 'memory.oom_control' : 'memory.events';
    return Number(/^oom_kill (\d+)$/m.exec(readFileSync(join(folder, file), 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** A group lets go some time after its last process; until then the kernel says EBUSY. */
async function removeGroup(folder: string): Promise<void> {
  const end = Date.now() + CGROUP_REMOVE_MS_MAX;
  for (let pause = 1; ; pause = Math.min(2 * pause, 10)) {
    try {
      rmdirSync(folder);
      return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || Date.now() > end) return;
      await sleep(pause);
    }
  }
}
