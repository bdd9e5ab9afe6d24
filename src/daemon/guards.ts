import type { InstalledKind } from '../kernel/kernel.ts';
import { type Guard, guardOf } from '../ocap/derive.ts';

/** The guard of each kind, compiled when it is first used. */
export function makeGuards(): (
  kind: InstalledKind,
  facet: string,
  method: string,
  args: readonly unknown[],
) => readonly unknown[] {
  const guards = new Map<InstalledKind, Guard>();
  return (kind, facet, method, args) => {
    let guard = guards.get(kind);
    if (guard === undefined) {
      guard = guardOf(kind.definition);
      guards.set(kind, guard);
    }
    return guard(facet, method, args);
  };
}
