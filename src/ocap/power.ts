import type { Verdict } from './verdict.ts';

/** What a call does to the world; drives approval and the journal. */
export type Effect = 'read' | 'write' | 'irrevocable';

/**
 * The declaration of a kind of power. Everything that judges or explains a call of that kind is
 * derived from it, so a kind cannot be judged differently in two places.
 *
 * `Config` says which resource the power is for, `Narrowing` is plain data that allows less than
 * its parent, `Call` is one use in canonical form.
 */
export interface PowerDefinition<Config, Narrowing, Call> {
  readonly kind: string;
  /** Does this call concern the resource at all? A grant for another resource has no opinion. */
  concerns(config: Config, call: Call): boolean;
  /** Pure: no clock, no I/O. */
  permits(narrowing: Narrowing, call: Call): Verdict;
  effect(call: Call): Effect;
  /** One noun phrase, for example `GET https://api.example.com/v1`. */
  describe(call: Call): string;
}

export function definePower<Config, Narrowing, Call>(
  definition: PowerDefinition<Config, Narrowing, Call>,
): PowerDefinition<Config, Narrowing, Call> {
  return Object.freeze({ ...definition });
}
