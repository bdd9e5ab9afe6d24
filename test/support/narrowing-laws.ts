import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { HeldGrant } from '../../src/ocap/grant.ts';
import { judgeGrant } from '../../src/ocap/judge.ts';
import type { PowerDefinition } from '../../src/ocap/power.ts';

/** What is tried: narrowings of rules and calls that meet often enough to be allowed sometimes. */
export interface LawSubjects<Config, Rule, Call> {
  readonly config: Config;
  readonly rule: fc.Arbitrary<Rule>;
  readonly call: fc.Arbitrary<Call>;
}

/** The laws of every kind whose narrowing is a list of rules of which one must allow the call. */
export function testNarrowingLaws<Config, Rule, Call>(
  power: PowerDefinition<Config, readonly Rule[], Call>,
  { config, rule, call }: LawSubjects<Config, Rule, Call>,
): void {
  const narrowing = fc.array(rule, { minLength: 1, maxLength: 3 });
  const allows = (narrowings: readonly (readonly Rule[])[], one: Call): boolean =>
    judgeGrant(power, heldGrant(power.kind, config, narrowings), one, 0).allow;

  it('only narrows: what a child permits, each of its ancestors permits', () => {
    const seen = { allowed: 0, refused: 0 };
    const chain = fc.array(narrowing, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(chain, call, (narrowings, one) => {
        const child = allows(narrowings, one);
        seen[child ? 'allowed' : 'refused'] += 1;
        for (let depth = 0; child && depth < narrowings.length; depth += 1) {
          expect(allows(narrowings.slice(0, depth), one)).toBe(true);
        }
      }),
      { numRuns: 1000 },
    );
    // The law says nothing unless both happen.
    expect(seen.allowed).toBeGreaterThan(20);
    expect(seen.refused).toBeGreaterThan(20);
  });

  it('allows with several rules exactly what one of them allows', () => {
    fc.assert(
      fc.property(narrowing, narrowing, call, (a, b, one) => {
        expect(allows([[...a, ...b]], one)).toBe(allows([a], one) || allows([b], one));
      }),
    );
  });

  it('reads its own texts and its own data back to the same narrowing', () => {
    fc.assert(
      fc.property(narrowing, call, (rules, one) => {
        const texts = power.describeNarrowing(rules);
        const again = power.readNarrowing(texts, config);
        expect(allows([again], one)).toBe(allows([rules], one));
        expect(power.describeNarrowing(again)).toEqual(texts);
        const stored = power.narrowing.parse(JSON.parse(JSON.stringify(rules)));
        expect(allows([stored], one)).toBe(allows([rules], one));
      }),
      { numRuns: 500 },
    );
  });

  it('refuses with one sentence and a reason', () => {
    fc.assert(
      fc.property(narrowing, call, (rules, one) => {
        const verdict = power.permits(rules, one);
        if (!verdict.allow) expect(verdict.reason).toMatch(/^[^\n]{10,}\.$/);
      }),
    );
  });
}

function heldGrant<Config, Narrowing>(
  kind: string,
  config: Config,
  narrowings: readonly Narrowing[],
): HeldGrant<Config, Narrowing> {
  const common = { id: 'g', kind, config, narrowings, chain: ['g'], text: kind, asks: false };
  return { ...common, notBefore: null, expires: null };
}

/** Mostly null: a rule that says something of everything allows next to nothing. */
export function optional<T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | null> {
  return fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: of });
}

/** One or more of a list. */
export function someOf<T>(...of: readonly T[]): fc.Arbitrary<T[]> {
  return fc.subarray([...of], { minLength: 1 });
}
