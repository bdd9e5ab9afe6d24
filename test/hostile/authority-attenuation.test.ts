import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HOST, type InstalledKind, type Kernel } from '../../src/kernel/kernel.ts';
import { openKernel } from '../../src/kernel/open-kernel.ts';
import { openMemoryStore } from '../support/memory-store.ts';
import { makeShortSighted } from './support/authority/broken.ts';
import { SUBJECTS, type Subject } from './support/authority/kinds.ts';
import { BOUNDS } from './support/authority/programs.ts';

const HANDS = ['ann', 'ben', 'cid', 'dan'];

/** Nothing is opened: what may be done is asked, and nothing is done. */
function openOver({ definition }: Subject): Kernel {
  const kind: InstalledKind = {
    definition,
    open: () => {
      throw new Error('Nothing is opened here.');
    },
  };
  const kernel = openKernel({
    store: openMemoryStore(),
    journal: { appendMany: (entries) => entries.map((_, at) => at + 1) },
    kinds: new Map([[definition.kind, kind]]),
    lastUsed: () => new Map(),
    now: () => 1,
  });
  for (const name of HANDS) kernel.addGuest(name, { reason: 'a test' });
  return kernel;
}

interface Held {
  readonly holder: string;
  readonly grant: string;
}

/** A power that goes from hand to hand, narrowed on the way as each list of texts says. */
function handOn(
  kernel: Kernel,
  { definition, config }: Subject,
  narrowings: readonly (readonly string[])[],
): readonly Held[] {
  const read = definition.readConfig(config);
  const { root } = kernel.makePower(definition.kind, read, 'a test');
  const hands: Held[] = [{ holder: HOST, grant: root.id }];
  for (const [at, texts] of narrowings.entries()) {
    const from = hands.at(-1) as Held;
    const to = kernel.principal(HANDS[at] ?? '').id;
    const narrowing = texts.length === 0 ? null : definition.readNarrowing(texts, read);
    const { id } = kernel.grant(from.holder, { parent: from.grant, to, narrowing });
    hands.push({ holder: to, grant: id });
  }
  return hands;
}

/** Every call that one hand may make and an earlier one may not. */
function widened(kernel: Kernel, { calls }: Subject, hands: readonly Held[]): readonly string[] {
  const may = ({ holder, grant }: Held, [method, ...args]: Subject['calls'][number]): boolean => {
    try {
      return kernel.can(holder, kernel.reference(holder, grant), method, args).allow;
    } catch {
      return false;
    }
  };
  return calls.flatMap((call) =>
    hands.flatMap((hand, at) =>
      may(hand, call) && hands.slice(0, at).some((above) => !may(above, call))
        ? [`${hand.holder} may ${JSON.stringify(call)}`]
        : [],
    ),
  );
}

/** Some texts of a kind cannot stand beside each other. */
function isReadable({ definition, config }: Subject, texts: readonly string[]): boolean {
  if (texts.length === 0) return true;
  try {
    definition.readNarrowing(texts, definition.readConfig(config));
    return true;
  } catch {
    return false;
  }
}

function waysOf(subject: Subject): fc.Arbitrary<readonly (readonly string[])[]> {
  const texts = fc
    .subarray([...subject.only], { maxLength: 2 })
    .filter((some) => isReadable(subject, some));
  return fc.array(texts, { minLength: 1, maxLength: HANDS.length });
}

describe.each(SUBJECTS.map((subject) => [subject.definition.kind, subject] as const))(
  'a power of %s that goes from hand to hand',
  (_, subject) => {
    it('may in no hand what it may not in an earlier one', () => {
      const kernel = openOver(subject);
      const seen = { may: 0, mayNot: 0 };
      fc.assert(
        fc.property(waysOf(subject), (way) => {
          const hands = handOn(kernel, subject, way);
          expect(widened(kernel, subject, hands)).toEqual([]);
          const { holder, grant } = hands.at(-1) as Held;
          for (const [method, ...args] of subject.calls) {
            const verdict = kernel.can(holder, kernel.reference(holder, grant), method, args);
            seen[verdict.allow ? 'may' : 'mayNot'] += 1;
          }
        }),
        BOUNDS,
      );
      expect(seen.may).toBeGreaterThan(20);
      expect(seen.mayNot).toBeGreaterThan(20);
    });

    it('may all of this where nothing narrows it', () => {
      const kernel = openOver(subject);
      const [{ holder, grant }] = handOn(kernel, subject, []) as readonly [Held];
      for (const [method, ...args] of subject.calls) {
        const verdict = kernel.can(holder, kernel.reference(holder, grant), method, args);
        expect([method, args, verdict.allow]).toEqual([method, args, true]);
      }
    });

    it('would be seen to widen where each hand is held to its own words only', () => {
      const kernel = makeShortSighted(openOver(subject));
      const found = fc
        .sample(waysOf(subject), 200)
        .some((way) => widened(kernel, subject, handOn(kernel, subject, way)).length > 0);
      expect(found).toBe(true);
    });
  },
);
