import { judge } from '../ocap/judge.ts';
import type { PowerKind } from '../ocap/power.ts';
import type { HttpCall } from '../powers/http/call.ts';
import type { HttpConfig } from '../powers/http/config.ts';
import type { HttpNarrowing } from '../powers/http/narrowing.ts';
import { type ErrorCode, PowerboxError } from '../wire/errors.ts';
import { listWords, quote } from './quote.ts';
import { originText, type Rule, ruleToGrant } from './rule.ts';
import { callOfUrl } from './url.ts';

/** What the rules allow, a sentence for each, for people. */
export function explain(rules: readonly Rule[]): readonly string[] {
  if (rules.length === 0) return ['The box may reach nothing on the network.'];
  return rules.map(explainRule);
}

export type RuleCheck =
  | { readonly allow: true; readonly rule: Rule }
  | { readonly allow: false; readonly code: ErrorCode; readonly reason: string };

/**
 * Would this request be allowed, and by which rule? The definition of the http power is handed in,
 * so that the answer comes from the very code that judges at the egress.
 *
 * Throws PowerboxError `usage` when the URL is none.
 */
export function checkRules(
  power: PowerKind<HttpConfig, HttpNarrowing, HttpCall>,
  rules: readonly Rule[],
  method: string,
  url: string,
): RuleCheck {
  const asked = callOfUrl(method, url);
  if (!asked.ok) {
    const reason = `Cannot read the URL ${quote(url)}: ${asked.reason} (column ${asked.at + 1}).`;
    if (asked.ambiguous) return { allow: false, code: 'path-ambiguous', reason };
    throw new PowerboxError('usage', reason, { hint: 'Write it as https://HOST[:PORT]/PATH.' });
  }
  const grants = rules.map((rule, index) => ruleToGrant(rule, String(index)));
  const verdict = judge<HttpConfig, HttpNarrowing, HttpCall>(power, grants, asked.call, 0);
  if (!verdict.allow) return { allow: false, code: verdict.code, reason: verdict.reason };
  return { allow: true, rule: rules[grants.indexOf(verdict.grant)] as Rule };
}

function explainRule({ config, narrowing }: Rule): string {
  const what = narrowing.methods === null ? 'any' : listWords(narrowing.methods);
  const where =
    narrowing.path === null
      ? `${originText(config)}, on every path`
      : `${originText(config)}, on ${explainPath(narrowing.path)}`;
  return `The box may send ${what} requests to ${where}${explainHost(config)}.`;
}

function explainPath(path: string): string {
  return /[*{]/.test(path) ? `paths that match ${path}` : `the path ${path} only`;
}

function explainHost({ host, scheme }: HttpConfig): string {
  const notes = [
    host.type === 'below' ? [`every name below ${host.suffix}, not ${host.suffix} itself`] : [],
    host.type === 'any' ? ['every name, but no bare address'] : [],
    scheme === 'http' ? ['without encryption'] : [],
  ].flat();
  return notes.length === 0 ? '' : ` (${notes.join('; ')})`;
}
