import { loadPublicSuffix } from './public-suffix.ts';
import { parseRule, type Rule, type RuleOptions } from './rule.ts';

/** Parses rules, with the public suffix list loaded when one of them needs it. */
export async function parseRules(
  texts: readonly string[],
  options: Pick<RuleOptions, 'allowAllHosts'> = {},
): Promise<readonly Rule[]> {
  if (!texts.some((text) => text.includes('*.'))) {
    return texts.map((text) => parseRule(text, options));
  }
  const isPublicSuffix = await loadPublicSuffix();
  return texts.map((text) => parseRule(text, { ...options, isPublicSuffix }));
}
