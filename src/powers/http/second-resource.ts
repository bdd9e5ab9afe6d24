import type { HttpCall } from './call.ts';
import type { HttpNarrowing } from './narrowing.ts';
import { type Objection, object } from './refusal.ts';

/**
 * Headers and a query key that make a server act on another path, or by another method, than the
 * ones that are judged. Where a narrowing limits those, it does not permit them.
 */
export function judgeSecondResource(
  { methods, path }: HttpNarrowing,
  { headers = [], query }: HttpCall,
): Objection | null {
  if (path !== null) {
    for (const [name] of headers) {
      if (name !== 'destination' && !name.endsWith('-copy-source')) continue;
      return object(
        'path-not-granted',
        `the header ${name} names a second path, which a rule with a path does not allow`,
      );
    }
  }
  if (methods !== null && query !== '' && /(?:^|[&;])_method(?:=|$)/i.test(query)) {
    const reason = 'the query key _method names a second method, which a rule does not allow';
    return object('method-not-granted', reason);
  }
  return null;
}
