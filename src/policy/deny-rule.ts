import { PowerboxError } from '../wire/errors.ts';
import { givesMethod } from './method.ts';
import { relatePaths } from './path-relation.ts';
import { quote } from './quote.ts';
import { originText, parseRule, type Rule } from './rule.ts';

/**
 * What is left of a rule when another is taken away: all of it, nothing, or fewer methods. A rule
 * is an allowance and cannot say "but not", so where only a part of its paths is denied it can
 * neither stay nor go: that is refused, and never passed over. Throws `policy-invalid`.
 */
export function denyRule(rule: Rule, denied: Rule): Rule | null {
  const host = relateHosts(denied, rule);
  const path = relatePaths(denied.narrowing.path, rule.narrowing.path);
  const methods = methodsLeft(rule, denied);
  if (host === 'apart' || path === 'apart' || methods === 'all') return rule;
  if (host === 'overlaps' || path === 'overlaps' || methods === 'part') {
    throw new PowerboxError(
      'policy-invalid',
      `Cannot deny ${quote(denied.text)}: the rule ${quote(rule.text)} gives more than that, and a rule cannot be given in part.`,
      { hint: 'Deny the whole rule, and add rules for what is to stay.' },
    );
  }
  if (methods.length === 0) return null;
  return parseRule(`${methods.join(',')} ${originText(rule.config)}${rule.narrowing.path ?? ''}`, {
    isPublicSuffix: () => false,
  });
}

function relateHosts(
  { config: denied }: Rule,
  { config: rule }: Rule,
): 'covers' | 'overlaps' | 'apart' {
  if (denied.scheme !== rule.scheme || denied.port !== rule.port) return 'apart';
  if (originText(denied) === originText(rule) || denied.host.type === 'any') return 'covers';
  if (rule.host.type === 'any') return 'overlaps';
  const isBelow = (name: string, suffix: string): boolean => name.endsWith(`.${suffix}`);
  const name = rule.host.type === 'exact' ? rule.host.name : rule.host.suffix;
  if (denied.host.type === 'below') {
    if (isBelow(name, denied.host.suffix)) return 'covers';
    const wider = rule.host.type === 'below' && isBelow(denied.host.suffix, name);
    return wider ? 'overlaps' : 'apart';
  }
  return rule.host.type === 'below' && isBelow(denied.host.name, name) ? 'overlaps' : 'apart';
}

/** `part` when what is left cannot be said: all methods but some, or GET without its HEAD. */
function methodsLeft(rule: Rule, denied: Rule): readonly string[] | 'all' | 'part' {
  const [has, gone] = [rule.narrowing.methods, denied.narrowing.methods];
  if (gone === null) return [];
  if (has === null) return 'part';
  const left = has.filter((method) => !givesMethod(gone, method));
  if (gone.includes('HEAD') && left.includes('GET')) return 'part';
  return left.length === has.length ? 'all' : left;
}
