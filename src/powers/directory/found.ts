/**
 * What a directory gives for a name: not an object, but the word that the kernel makes a reference
 * of. Whoever gets it passes the directory's grant at each use, too.
 */
export interface Found {
  readonly grant: string;
  readonly kind: string;
}

const FOUND = new WeakSet<object>();

export function found(grant: string, kind: string): Found {
  const made = Object.freeze({ grant, kind });
  FOUND.add(made);
  return made;
}

/** True for what `found` made, and for nothing that looks like it. */
export function isFound(value: unknown): value is Found {
  return typeof value === 'object' && value !== null && FOUND.has(value);
}
