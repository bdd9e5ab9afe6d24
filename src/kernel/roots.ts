import type { Live } from '../ocap/live.ts';
import { PowerboxError } from '../wire/errors.ts';
import { closeLive } from './close-live.ts';
import type { Graph, Node } from './graph.ts';

/** The object at the root of each power: made at its first use, shared by all who use it. */
export interface Roots {
  of(node: Node): Live | Promise<Live>;
  close(): Promise<void>;
}

export function makeRoots(graph: Graph): Roots {
  const roots = new Map<string, Live | Promise<Live>>();

  function open(node: Node): Live | Promise<Live> {
    const { power, kind } = node;
    if (kind === undefined) {
      throw new PowerboxError('kind-unknown', `No kind ${power.kind} is installed.`);
    }
    dropDead();
    const opened = kind.open(power.config);
    roots.set(power.id, opened);
    if (!(opened instanceof Promise)) return opened;
    return opened.then(
      (live) => {
        roots.set(power.id, live);
        return live;
      },
      (error: unknown) => {
        // What cannot be opened now may be later.
        roots.delete(power.id);
        throw error;
      },
    );
  }

  /** Powers whose root grant has ended are never used again. */
  function dropDead(): void {
    const living = new Set<string>();
    for (const { parent, death, power } of graph.all()) {
      if (parent === null && death === null) living.add(power.id);
    }
    for (const [power, root] of roots) {
      if (living.has(power)) continue;
      roots.delete(power);
      void Promise.resolve(root).then(closeLive, () => {});
    }
  }

  return {
    of: (node) => roots.get(node.power.id) ?? open(node),
    async close() {
      const opened = await Promise.allSettled(roots.values());
      roots.clear();
      for (const result of opened) if (result.status === 'fulfilled') closeLive(result.value);
    },
  };
}
