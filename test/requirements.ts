import { BOX } from './requirements/box.ts';
import { COMPARTMENTS } from './requirements/compartments.ts';
import { EGRESS } from './requirements/egress.ts';
import { GRANTS } from './requirements/grants.ts';
import { LAWS } from './requirements/laws.ts';
import type { Requirement } from './requirements/requirement.ts';

/**
 * The promises of docs/security.md, and the tests that verify each. A promise stands there as
 * `**G1.** One sentence.` (guarantees) or `**L1.** One sentence.` (laws); here it has the same id
 * and the same sentence. `requirements.test.ts` fails when the two differ or a test is not there.
 */
export const REQUIREMENTS: readonly Requirement[] = [
  ...LAWS,
  ...BOX,
  ...EGRESS,
  ...GRANTS,
  ...COMPARTMENTS,
];
