/** What code asks of its world, or what a guest was seen to use: data from which a policy is made. */
export type Need = HttpNeed | UseNeed | NamedNeed;

/** A request. */
export interface HttpNeed {
  readonly kind: 'http';
  /** The name that the code sees the power by; null when it asks the network itself. */
  readonly as: string | null;
  /** Null when the power alone knows: the code named only a path. */
  readonly origin: string | null;
  readonly method: string;
  /** A path pattern; what the code fills in is `*`. */
  readonly path: string;
  /** Name of the secret that goes along by itself. */
  readonly secret?: string | null;
}

/** Kinds whose uses can be told from the code that uses them, or from the record. */
export type UseKind = 'files' | 'model' | 'command' | 'secret' | 'mailbox';

/** A use of a power that is not http. */
export interface UseNeed {
  readonly kind: 'use';
  readonly of: UseKind;
  readonly as: string;
  /** The words of the power; null when only its holder knows: the name is then taken for a petname. */
  readonly power: string | null;
  /** The one rule that covers the use; null when such a power cannot be narrowed. */
  readonly only: string | null;
}

export interface NamedNeed {
  /**
   * `global` for a name that every program of the platform sees, `env` for a variable of the
   * environment, `builtin` for a module of the platform, `secret` for one that was put into a request.
   */
  readonly kind: 'global' | 'package' | 'builtin' | 'env' | 'secret';
  readonly name: string;
}

/** Where it was found: a line of a file, or of the record nothing. */
export interface Place {
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

export interface Found {
  readonly need: Need;
  readonly at: Place | null;
}

/** Something that could not be decided, which the policy therefore does not give. */
export interface Note {
  /** One sentence. */
  readonly text: string;
  readonly at: Place | null;
}

export interface Needs {
  readonly found: readonly Found[];
  readonly notes: readonly Note[];
}

export function joinNeeds(parts: readonly Needs[]): Needs {
  return {
    found: parts.flatMap(({ found }) => found),
    notes: parts.flatMap(({ notes }) => notes),
  };
}

/** `src/search.ts:12`. */
export function placeText({ file, line }: Place): string {
  return `${file}:${line}`;
}
