import type { GrantAsk, Kernel } from '../kernel/kernel.ts';
import type { Grant } from '../ocap/grant.ts';
import type { GrantWords } from '../wire/doors.ts';
import { PowerboxError } from '../wire/errors.ts';
import { definitionOf, type NewPower, readPower, rootOf, type WordedPower } from './power-words.ts';
import { readBudget, readTime } from './quantity-words.ts';

/** The receiver of a grant, its name there, and the box that it is for. */
export type Receiver = Pick<GrantAsk, 'to' | 'as' | 'box'>;

/**
 * Reads the words and gives what makes the grant, so that nothing is made before everything was
 * read. To be called in `kernel.together`: a power that is made for the grant goes with it when
 * the grant cannot be given.
 */
export async function readGrant(
  kernel: Kernel,
  giver: string,
  words: GrantWords,
  now: number,
): Promise<() => Grant> {
  const to = kernel.principal(words.to).id;
  const give = await readGift(kernel, giver, words, now);
  return () => give({ to });
}

/** What makes a grant for whoever it is called with. */
export interface Gift {
  (receiver: Receiver): Grant;
  /** Whether this grant says the same already. */
  isSaidBy(grant: Grant): boolean;
}

/** The same for a receiver that is made together with the grant. */
export async function readGift(
  kernel: Kernel,
  giver: string,
  words: Omit<GrantWords, 'to'>,
  now: number,
): Promise<Gift> {
  const worded = await readPower(kernel, giver, words.power);
  const ask = readAsk(kernel, worded, words, now);
  const give = (receiver: Receiver): Grant => {
    const parent =
      worded.type === 'grant'
        ? worded.grant
        : rootOf(kernel, worded.power, words.reason ?? '').grant.id;
    return kernel.grant(giver, { ...ask, ...receiver, parent });
  };
  const isSaidBy = (grant: Grant): boolean =>
    grant.from === giver && isOf(kernel, worded, grant) && termsOf(grant) === termsOf(ask);
  return Object.assign(give, { isSaidBy });
}

function isOf(kernel: Kernel, worded: WordedPower, { parent }: Grant): boolean {
  if (worded.type === 'grant') return parent === worded.grant;
  if (parent === null) return false;
  const { grant, power } = kernel.view(parent);
  const { kind, config } = worded.power;
  const isRoot = grant.parent === null && power.kind === kind;
  return isRoot && JSON.stringify(power.config) === JSON.stringify(config);
}

function termsOf(said: Omit<GrantAsk, 'parent' | 'to'>): string {
  const { narrowing, budget, notBefore, expires, approval, delegable } = said;
  return JSON.stringify([narrowing, budget, notBefore, expires, approval, delegable]);
}

function readAsk(
  kernel: Kernel,
  worded: WordedPower,
  words: Omit<GrantWords, 'to'>,
  now: number,
): Omit<GrantAsk, 'parent' | 'to'> {
  const notBefore = words.begins === undefined ? null : readTime(words.begins, now);
  const expires = words.expires === undefined ? null : readTime(words.expires, now);
  if (expires !== null && expires <= (notBefore ?? now)) {
    throw new PowerboxError(
      'grant-invalid',
      'Cannot grant for a time that is over when it begins.',
    );
  }
  return {
    narrowing: readOnly(kernel, worded, words.only ?? []),
    budget: readBudget(words.budget ?? []),
    notBefore,
    expires,
    approval: words.approval ?? 'none',
    delegable: words.delegable ?? true,
    reason: words.reason ?? '',
    ...(words.as === undefined ? {} : { as: words.as }),
  };
}

function readOnly(kernel: Kernel, worded: WordedPower, only: readonly string[]): unknown {
  if (worded.type === 'grant') {
    if (only.length === 0) return null;
    const { power } = kernel.view(worded.grant);
    return definitionOf(kernel, power.kind).readNarrowing(only, power.config);
  }
  const { definition, config, only: own }: NewPower = worded.power;
  // What any of the texts allows is allowed, so a text beside the rule would widen it.
  if (only.length > 0 && own.length > 0) {
    throw new PowerboxError(
      'grant-invalid',
      'Cannot narrow a rule further: grant the origin, and give the rules with --only.',
    );
  }
  const texts = own.length > 0 ? own : only;
  return texts.length === 0 ? null : definition.readNarrowing(texts, config);
}
