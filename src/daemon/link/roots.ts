import { HOST, type Kernel } from '../../kernel/kernel.ts';

/** The root grant of the power of this kind and config; one that is there already is taken. */
export type RootFor = (kind: string, config: unknown, words: string) => string;

export function makeRoots(kernel: Kernel): RootFor {
  const roots = new Map<string, string>();

  function isAlive(root: string): boolean {
    try {
      return kernel.view(root).valid.allow;
    } catch {
      return false;
    }
  }

  /** A power that was made known by hand is found by its config. */
  function find(kind: string, key: string): string | undefined {
    const equal = kernel
      .powers()
      .filter((power) => power.kind === kind && canonical(power.config) === key)
      .map(({ id }) => id);
    if (equal.length === 0) return undefined;
    const views = kernel.grants({ to: HOST });
    return views.find(({ grant, valid }) => isRoot(grant, equal) && valid.allow)?.grant.id;
  }

  return (kind, config, words) => {
    const key = canonical(config);
    const known = roots.get(`${kind} ${key}`);
    if (known !== undefined && isAlive(known)) return known;
    const root =
      find(kind, key) ?? kernel.makePower(kind, config, `a box was started with ${words}`).root.id;
    roots.set(`${kind} ${key}`, root);
    return root;
  };
}

function isRoot(
  grant: { parent: string | null; power: string },
  powers: readonly string[],
): boolean {
  return grant.parent === null && powers.includes(grant.power);
}

/** Equal data has equal text, in whatever order its keys were written; null is left out. */
function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const entries = Object.entries(value).filter(
    ([, field]) => field !== undefined && field !== null,
  );
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, field]) => `${JSON.stringify(key)}:${canonical(field)}`).join(',')}}`;
}
