import type { HeldGrant } from '../../ocap/grant.ts';
import { originText } from '../../policy/rule.ts';
import type { HttpConfig } from '../../powers/http/config.ts';
import type { HttpNarrowing } from '../../powers/http/narrowing.ts';

/**
 * The words of a grant for its box: the rule as a person would write it, where a rule can say all
 * of it, else the kernel's own.
 */
export function wordsOf(grant: HeldGrant): string {
  if (grant.kind !== 'http' || grant.narrowings.length > 1) return grant.text;
  const origin = originText(grant.config as HttpConfig);
  const [narrowing] = grant.narrowings as readonly HttpNarrowing[];
  if (narrowing === undefined) return origin;
  const { methods, path, ...further } = narrowing;
  if (Object.values(further).some((part) => part !== undefined)) return grant.text;
  return `${methods === null ? '' : `${methods.join(',')} `}${origin}${path ?? ''}`;
}
