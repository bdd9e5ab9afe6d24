import { PowerboxError } from '../wire/errors.ts';
import { faultOfMethod } from './method.ts';
import { VARIABLE_NAME } from './names.ts';
import type { IsPublicSuffix } from './public-suffix.ts';
import { quote } from './quote.ts';
import { originText, parseRule, type Rule } from './rule.ts';

/** What a power of a compartment says of the network. */
export interface HttpWords {
  readonly rules: readonly Rule[];
  /** Name of the secret that goes into its slot by itself. */
  readonly secret: string | null;
}

/**
 * The rules that the words of a power and its `only` mean, when they are words of http and say no
 * more than rules can: methods and paths of one origin. Null for a petname, for another kind, and
 * for rules on queries, headers and bodies. Throws `rule-invalid` for a rule that is none.
 */
export function readHttpWords(
  power: string,
  only: readonly string[],
  isPublicSuffix?: IsPublicSuffix,
): HttpWords | null {
  const text = /^http:(?!\/\/)/.test(power) ? power.slice('http:'.length) : power;
  if (!looksHttp(power, text)) return null;
  const [, words = '', secret = null] = /^(.*?)(?: +with +(\S+))?$/s.exec(text.trim()) ?? [];
  if (secret !== null && !VARIABLE_NAME.test(secret)) {
    throw new PowerboxError(
      'rule-invalid',
      `Cannot read the power ${quote(power)}: the name of a secret has letters, digits and "_".`,
    );
  }
  const parts = words.split(/ +/);
  const hasMethods = /^[A-Z]/.test(parts[0] ?? '') && parts.length > 1;
  const rule = parseRule(
    parts.slice(0, hasMethods ? 2 : 1).join(' '),
    isPublicSuffix === undefined ? {} : { isPublicSuffix },
  );
  if (parts.length > (hasMethods ? 2 : 1)) return null;
  if (only.length === 0) return { rules: [rule], secret };
  if (rule.narrowing.methods !== null || rule.narrowing.path !== null) {
    throw new PowerboxError(
      'rule-invalid',
      `Cannot narrow the rule ${quote(words)} further: name the origin, and give the rules in "only".`,
    );
  }
  const rules = only.map((one) => readOnlyRule(originText(rule.config), one, isPublicSuffix));
  return rules.includes(null) ? null : { rules: rules as readonly Rule[], secret };
}

/** A petname has no scheme and no method; a name with a dot may be one. */
function looksHttp(power: string, text: string): boolean {
  return text !== power || /^https?:\/\//i.test(text) || /^[A-Z][A-Z0-9_,-]* +\S/.test(text);
}

/** The kind that the words of a power name; null for a petname, whose kind its holder knows. */
export function kindOfWords(power: string): string | null {
  if (looksHttp(power, power.replace(/^http:(?!\/\/)/, ''))) return 'http';
  return /^([a-z][a-z0-9-]*):/.exec(power)?.[1] ?? null;
}

/** `GET,POST /path`, `GET` or `/path`; null for anything that says more. */
function readOnlyRule(
  origin: string,
  text: string,
  isPublicSuffix: IsPublicSuffix | undefined,
): Rule | null {
  const match = /^([A-Z][A-Z0-9_,-]*)?(?:(?:^| +)(\/\S*))?$/.exec(text.trim());
  if (match === null || text.trim() === '') return null;
  const [, methods, path = ''] = match;
  if (methods?.split(',').some((method) => faultOfMethod(method) !== null)) return null;
  try {
    return parseRule(
      `${methods === undefined ? '' : `${methods} `}${origin}${path}`,
      isPublicSuffix === undefined ? {} : { isPublicSuffix },
    );
  } catch (error) {
    if (PowerboxError.is(error)) return null;
    throw error;
  }
}
