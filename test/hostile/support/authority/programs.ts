import fc from 'fast-check';
import { PLACES } from './cast.ts';

/**
 * One step of a random program. Numbers choose among what there is then: grants, objects, guests.
 */
export type Step =
  | {
      readonly do: 'give';
      readonly grant: number;
      readonly to: number;
      readonly places: readonly string[] | null;
      readonly most: number;
      readonly uses: number | null;
      readonly lasts: number | null;
      readonly delegable: boolean;
    }
  | {
      readonly do: 'draw' | 'slowly';
      readonly grant: number;
      readonly place: string;
      readonly amount: number;
    }
  | { readonly do: 'bucket' | 'stream' | 'fail'; readonly grant: number; readonly place: string }
  | { readonly do: 'watch'; readonly grant: number }
  | { readonly do: 'object'; readonly object: number; readonly amount: number }
  | { readonly do: 'bucketOf'; readonly object: number }
  | { readonly do: 'ring' | 'letGo' | 'restart' }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'revoke'; readonly grant: number; readonly byGiver: boolean }
  | { readonly do: 'remove'; readonly guest: number };

const index = fc.nat(40);
const place = fc.constantFrom(...PLACES);
const amount = fc.constantFrom(0, 1, 1, 5, 50);

const give = fc.record({
  do: fc.constant('give' as const),
  grant: index,
  to: index,
  places: fc.option(fc.subarray(PLACES, { minLength: 2 })),
  most: fc.constantFrom(1, 5, 50, 500),
  uses: fc.option(fc.integer({ min: 1, max: 4 }), { freq: 3 }),
  lasts: fc.option(fc.constantFrom(10_000, 100_000), { freq: 4 }),
  delegable: fc.constantFrom(true, true, true, false),
});

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: give },
  {
    weight: 14,
    arbitrary: fc.record({
      do: fc.constantFrom('draw' as const, 'draw' as const, 'slowly' as const),
      grant: index,
      place,
      amount,
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom('bucket' as const, 'stream' as const, 'fail' as const),
      grant: index,
      place,
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('watch' as const), grant: index }) },
  {
    weight: 10,
    arbitrary: fc.record({ do: fc.constant('object' as const), object: index, amount }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('bucketOf' as const), object: index }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom('ring' as const, 'letGo' as const, 'restart' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(5_000, 60_000) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('revoke' as const),
      grant: index,
      byGiver: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('remove' as const), guest: index }),
  },
);

/** Programs that give before they do anything, so that most of what follows means something. */
export const programs: fc.Arbitrary<readonly Step[]> = fc
  .tuple(
    fc.array(give, { minLength: 4, maxLength: 8 }),
    fc.array(step, { minLength: 10, maxLength: 40 }),
  )
  .map(([gives, rest]) => [...gives, ...rest]);

/** Properties are bounded in time as in runs: a slow machine tries fewer, and says which seed. */
export const BOUNDS = {
  numRuns: 150,
  interruptAfterTimeLimit: 8_000,
  markInterruptAsFailure: false,
};
