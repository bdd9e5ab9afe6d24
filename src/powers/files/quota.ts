import type { UseContext } from '../../ocap/live.ts';
import { PowerboxError } from '../../wire/errors.ts';
import type { FilesCall } from './call.ts';
import { mustGoOn, sentence } from './fault.ts';
import {
  QUOTA_AGAIN_MS_MIN,
  QUOTA_ENTRIES_MAX,
  QUOTA_KNOWN_MS_MAX,
  QUOTA_MEASURING_SHARE_MAX,
} from './limits.ts';
import { measureTree } from './measure.ts';
import type { Tree } from './tree.ts';

/** By how much a change makes a tree grow; negative when it shrinks. */
export interface Growth {
  readonly bytes: number;
  readonly entries: number;
}

/** What is to be done, what it may make grow at most, and what it tells of what it did. */
export interface Change {
  /** Asked for when it is this change's turn. */
  grows(): Growth;
  act(grew: (by: Growth) => void): void | Promise<void>;
}

/** What the files of a tree may take together. */
export interface Quota {
  /** Makes a change, or throws `quota-exceeded` before anything of it is done. */
  spend(call: FilesCall, context: UseContext, change: Change): Promise<void>;
}

/** What was found when the tree was measured, mended by what has been done since. */
interface Usage {
  bytes: number;
  entries: number;
  readonly time: number;
  readonly took: number;
}

export function noQuota(): Quota {
  return {
    async spend(_call, _context, change) {
      await change.act(() => undefined);
    },
  };
}

/**
 * A quota counts all bytes of all files in the tree, whoever wrote them and when; so it needs no
 * record of its own and holds over restarts. Changes are made one after the other, so that no two
 * take the same room. Before anything is refused the tree is measured again, as somebody may have
 * made room, but never so often that measuring fills the time.
 */
export function makeQuota(tree: Tree, max: number, now: () => number): Quota {
  let usage: Usage | undefined;
  let turn: Promise<void> = Promise.resolve();

  async function measured(call: FilesCall, context: UseContext): Promise<Usage> {
    const started = now();
    const found = await measureTree(tree, context.signal);
    if (found === null) {
      const why = `a directory with a quota can have ${QUOTA_ENTRIES_MAX} entries, and not so deep`;
      throw new PowerboxError('quota-exceeded', sentence(call, why));
    }
    return { ...found, time: now(), took: now() - started };
  }

  async function makeRoom(grows: Growth, call: FilesCall, context: UseContext): Promise<void> {
    if (usage === undefined || now() - usage.time > QUOTA_KNOWN_MS_MAX) {
      usage = await measured(call, context);
    }
    const pause = Math.max(QUOTA_AGAIN_MS_MIN, usage.took / QUOTA_MEASURING_SHARE_MAX);
    if (overflow(usage, grows, max) !== null && now() - usage.time > pause) {
      usage = await measured(call, context);
    }
    const why = overflow(usage, grows, max);
    if (why !== null) throw new PowerboxError('quota-exceeded', sentence(call, why));
  }

  async function spendNow(call: FilesCall, context: UseContext, change: Change): Promise<void> {
    mustGoOn(context.signal);
    const { bytes, entries } = change.grows();
    const grows = { bytes: Math.max(0, bytes), entries: Math.max(0, entries) };
    if (grows.bytes > 0 || grows.entries > 0) await makeRoom(grows, call, context);
    await change.act((by) => {
      if (usage === undefined) return;
      usage.bytes = Math.max(0, usage.bytes + by.bytes);
      usage.entries = Math.max(0, usage.entries + by.entries);
    });
  }

  return {
    spend(call, context, change) {
      const done = turn.then(() => spendNow(call, context, change));
      turn = done.catch(() => undefined);
      return done;
    },
  };
}

/** Why there is no room; null when there is. */
function overflow(usage: Usage, grows: Growth, max: number): string | null {
  const bytes = usage.bytes + grows.bytes;
  if (grows.bytes > 0 && bytes > max) {
    return `its directory may hold ${max} bytes in all, and would hold ${bytes}`;
  }
  return usage.entries + grows.entries > QUOTA_ENTRIES_MAX
    ? `a directory with a quota holds at most ${QUOTA_ENTRIES_MAX} entries`
    : null;
}
