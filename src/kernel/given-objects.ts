import type { Live } from '../ocap/live.ts';
import { PowerboxError } from '../wire/errors.ts';
import { closeLive } from './close-live.ts';
import type { Node } from './graph.ts';
import type { Reference } from './kernel.ts';
import { OBJECTS_HELD_MAX } from './limits.ts';
import type { Holding } from './objects.ts';
import { makeReference } from './reference.ts';
import { watchTime } from './watch-time.ts';

/** The objects that holders got through grants, and closing them when one of those ends. */
export interface GivenObjects {
  /**
   * Throws, and closes the object, when the holder has too many (`limit-exceeded`), or a grant has
   * ended since the call that gives it was looked at.
   */
  give(holding: Holding, live: Live): Reference;
  forget(reference: Reference): void;
  /** Those that were given through this grant, or by way of it. */
  closeAll(grant: string): void;
}

interface Given {
  readonly holder: string;
  readonly live: Live;
  readonly stopWatching: () => void;
}

/** The grants that a holding passes, all of them valid now. Throws when one has ended. */
export type PassedBy = (holding: Holding) => readonly Node[];

export function makeGivenObjects(passedBy: PassedBy, now: () => number): GivenObjects {
  const objects = new Map<Reference, Given>();
  const byGrant = new Map<string, Set<Reference>>();
  const heldBy = new Map<string, number>();

  function forget(reference: Reference): void {
    const object = objects.get(reference);
    if (object === undefined) return;
    objects.delete(reference);
    for (const grant of grantsOf(reference)) {
      const own = byGrant.get(grant);
      own?.delete(reference);
      if (own?.size === 0) byGrant.delete(grant);
    }
    const { holder, live, stopWatching } = object;
    stopWatching();
    const count = (heldBy.get(holder) ?? 1) - 1;
    if (count === 0) heldBy.delete(holder);
    else heldBy.set(holder, count);
    closeLive(live);
  }

  function mayGive(holding: Holding): readonly Node[] {
    const count = heldBy.get(holding.holder) ?? 0;
    if (count >= OBJECTS_HELD_MAX) {
      throw new PowerboxError(
        'limit-exceeded',
        `Cannot give another object: ${count} are held, and that is the most.`,
      );
    }
    return passedBy(holding);
  }

  return {
    give(holding, live) {
      const { holder, node, requires } = holding;
      let passed: readonly Node[];
      try {
        passed = mayGive(holding);
      } catch (error) {
        closeLive(live);
        throw error;
      }
      const words = { grant: node.grant.id, requires, kind: node.power.kind, facet: live.facet };
      const reference = makeReference(words, { holder, live });
      const stopWatching = watchTime(passed, now, () => forget(reference));
      objects.set(reference, { holder, live, stopWatching });
      for (const grant of grantsOf(reference)) {
        const own = byGrant.get(grant) ?? new Set<Reference>();
        own.add(reference);
        byGrant.set(grant, own);
      }
      heldBy.set(holder, (heldBy.get(holder) ?? 0) + 1);
      return reference;
    },
    forget,
    closeAll(grant) {
      for (const reference of [...(byGrant.get(grant) ?? [])]) forget(reference);
    },
  };
}

function grantsOf({ grant, requires }: Reference): readonly string[] {
  return [grant, ...requires];
}
