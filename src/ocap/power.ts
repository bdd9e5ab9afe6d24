import type { z } from 'zod';
import type { Verdict } from './verdict.ts';

/** What a call does to the world; drives approval and the journal. */
export type Effect = 'read' | 'write' | 'irrevocable';

/**
 * The pure part of a kind of power: everything that judges or explains a call is derived from it,
 * so a kind cannot be judged differently in two places. The egress holds nothing more of a kind.
 *
 * `Config` says which resource the power is for, `Narrowing` is plain data that allows less than
 * its parent, `Call` is one use in canonical form.
 */
export interface PowerKind<Config, Narrowing, Call> {
  readonly kind: string;
  /** Does this call concern the resource at all? A grant for another resource has no opinion. */
  concerns(config: Config, call: Call): boolean;
  /** Pure: no clock, no I/O. */
  permits(narrowing: Narrowing, call: Call): Verdict;
  effect(call: Call): Effect;
  /** One noun phrase, for example `GET https://api.example.com/v1`. Holds no secret, no body. */
  describe(call: Call): string;
}

/** A use as it arrives: a method of a facet, arguments that its guard has passed. */
export interface Invocation {
  /** `root`, or the name of what an earlier call gave back, as `cursor`. */
  readonly facet: string;
  /** What the facet knows of its own place, for example the path of a subdirectory. */
  readonly at: unknown;
  readonly method: string;
  readonly args: readonly unknown[];
}

/** A method: what a guard, a type, a schema and a text for a model are derived from. */
export interface MethodDefinition {
  /** One sentence in the present tense: "Reads a file." */
  readonly summary: string;
  /** In order; names are for texts only. A missing argument is `undefined`. */
  readonly args: readonly { readonly name: string; readonly schema: z.ZodType }[];
  /** Plain data, or the facet whose objects it gives. */
  readonly returns: z.ZodType | { readonly facet: string };
}

export type MethodTable = Readonly<Record<string, MethodDefinition>>;

/**
 * The whole declaration of a kind, made once with `definePower`. The object that does the work is
 * a `Live` (live.ts), made by a function beside the declaration; it is never called but through
 * the kernel's `use`.
 */
export interface PowerDefinition<Config, Narrowing, Call>
  extends PowerKind<Config, Narrowing, Call> {
  /** One sentence: what a holder can do with such a power. */
  readonly summary: string;
  readonly config: z.ZodType<Config>;
  readonly narrowing: z.ZodType<Narrowing>;
  /** `root` is what a holder begins with; the others are reached through its methods. */
  readonly facets: Readonly<Record<string, MethodTable>> & { readonly root: MethodTable };
  /** The canonical form of one use, parsed strictly and once. Throws `call-invalid`. */
  callOf(config: Config, invocation: Invocation): Call;
  /**
   * The config that the words of a person mean, for example the part after `files:` in
   * `files:/srv/data`. Throws `power-invalid`.
   */
  readConfig(text: string): Config;
  /** A phrase that a person knows the power again by. */
  describeConfig(config: Config): string;
  /**
   * The narrowing that one or more `--only` texts mean together; what any of them allows is
   * allowed. Throws `narrowing-invalid`, and says where the fault is.
   */
  readNarrowing(texts: readonly string[], config: Config): Narrowing;
  /** The texts that `readNarrowing` would read back to the same narrowing. */
  describeNarrowing(narrowing: Narrowing): readonly string[];
  /** Names of the secrets that this config makes use of: `revoke --secret` ends its grants. */
  secretsOf(config: Config): readonly string[];
}

/**
 * Frozen, so that nobody who holds a kind can change what it judges. The methods stay known to the
 * compiler, for `MethodsOf`.
 */
export function definePower<
  Config,
  Narrowing,
  Call,
  const Facets extends AnyPower['facets'] = AnyPower['facets'],
>(
  definition: PowerDefinition<Config, Narrowing, Call> & { readonly facets: Facets },
): Omit<PowerDefinition<Config, Narrowing, Call>, 'facets'> & { readonly facets: Facets } {
  return Object.freeze({ ...definition });
}

type AnyPower = PowerDefinition<unknown, unknown, unknown>;
