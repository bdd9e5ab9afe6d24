import type { Live } from '../ocap/live.ts';
import { PowerboxError } from '../wire/errors.ts';
import { closeLive } from './close-live.ts';
import type { Node } from './graph.ts';

/** The object at the root of each power: made at its first use, shared by all who use it. */
export interface Roots {
  of(node: Node): Live | Promise<Live>;
  /** Lets go of the object of a power that has ended, and of what it holds open. */
  drop(power: string): void;
  close(): Promise<void>;
}

export function makeRoots(): Roots {
  const roots = new Map<string, Live | Promise<Live>>();

  function open({ power, kind }: Node): Live | Promise<Live> {
    if (kind === undefined) {
      throw new PowerboxError('kind-unknown', `No kind ${power.kind} is installed.`);
    }
    const opened = kind.open(power.config);
    if (!(opened instanceof Promise)) {
      roots.set(power.id, opened);
      return opened;
    }
    const opening: Promise<Live> = opened.then(
      (live) => {
        if (roots.get(power.id) === opening) roots.set(power.id, live);
        return live;
      },
      (error: unknown) => {
        // What cannot be opened now may be later.
        if (roots.get(power.id) === opening) roots.delete(power.id);
        throw error;
      },
    );
    roots.set(power.id, opening);
    return opening;
  }

  return {
    of: (node) => roots.get(node.power.id) ?? open(node),
    drop(power) {
      const root = roots.get(power);
      roots.delete(power);
      if (root !== undefined) void Promise.resolve(root).then(closeLive, () => {});
    },
    async close() {
      const opened = await Promise.allSettled(roots.values());
      roots.clear();
      for (const result of opened) if (result.status === 'fulfilled') closeLive(result.value);
    },
  };
}
