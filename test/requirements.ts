/**
 * The promises of docs/security.md, and the tests that verify each. A promise stands there as
 * `**G1.** One sentence.` (guarantees) or `**L1.** One sentence.` (laws); here it has the same id
 * and the same sentence. `requirements.test.ts` fails when the two differ or a test is not there.
 */
export interface Requirement {
  readonly id: string;
  /** The sentence of docs/security.md, word for word. */
  readonly promise: string;
  /** At least one: a test file, and a part of the title of a test (or suite) in it. */
  readonly verifiedBy: readonly (readonly [file: string, title: string])[];
}

export const REQUIREMENTS: readonly Requirement[] = [
  {
    id: 'L8',
    promise: 'The journal is complete and cannot be quietly edited.',
    verifiedBy: [
      ['test/integration/journal-crash.test.ts', 'keeps every acknowledged row'],
      ['test/integration/journal-crash.test.ts', 'when the disk takes no more'],
      ['src/journal/journal.test.ts', 'sees %s'],
      ['src/journal/journal.test.ts', 'sees that the database was put back'],
      ['src/journal/journal.test.ts', 'does not append to a journal that was cut'],
    ],
  },
];
