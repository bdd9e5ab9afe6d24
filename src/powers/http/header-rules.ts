import { listWords, quote, shorten } from '../../policy/quote.ts';
import type { HttpHeader } from './call.ts';
import { type Objection, object } from './refusal.ts';

/** Names are lower-case everywhere. */
export interface HeaderRules {
  /** A header that is there must be there once, with one of these values, letter for letter. */
  readonly values?: Readonly<Record<string, readonly string[]>>;
  readonly required?: readonly string[];
  readonly forbidden?: readonly string[];
  /** When there, no header that is named nowhere in these rules may be sent. */
  readonly allowed?: readonly string[];
}

interface CompiledHeaders {
  /** By the name with `-` for `_`. */
  readonly values: ReadonlyMap<
    string,
    { readonly name: string; readonly set: ReadonlySet<string> }
  >;
  readonly required: readonly string[];
  readonly forbidden: ReadonlySet<string>;
  /** Null when others may be sent. */
  readonly allowed: ReadonlySet<string> | null;
}

/** Frames the body, and so says nothing that a rule could be about. */
const ALWAYS: readonly string[] = ['content-length'];

const compiled = new WeakMap<HeaderRules, CompiledHeaders>();

export function judgeHeaders(
  rules: HeaderRules,
  headers: readonly HttpHeader[] | undefined,
): Objection | null {
  if (headers === undefined) return refused('its headers are not known');
  const { values, required, forbidden, allowed } = compile(rules);
  const seen = new Set<string>();
  for (const [name, value] of headers) {
    // Servers that make variables of names take `_` and `-` for the same (CGI, RFC 3875 §4.1.18).
    const plain = name.replaceAll('_', '-');
    if (forbidden.has(plain)) return refused(`the header ${quote(name)} is forbidden`);
    if (allowed !== null && !allowed.has(name)) {
      return refused(`the grant does not name the header ${quote(name)}`);
    }
    const given = values.get(plain);
    if (given !== undefined && (name !== given.name || seen.has(name) || !given.set.has(value))) {
      const what = shorten(listWords([...given.set].map(quote)));
      return refused(`the header ${quote(given.name)} may only be there once, as ${what}`);
    }
    seen.add(name);
  }
  const missing = required.find((name) => !seen.has(name));
  return missing === undefined ? null : refused(`the header ${quote(missing)} must be there`);
}

function compile(rules: HeaderRules): CompiledHeaders {
  let made = compiled.get(rules);
  if (made === undefined) {
    const values = new Map(
      Object.entries(rules.values ?? {}).map(([name, list]) => [
        name.replaceAll('_', '-'),
        { name, set: new Set(list) },
      ]),
    );
    const required = rules.required ?? [];
    const allowed =
      rules.allowed === undefined
        ? null
        : new Set([...rules.allowed, ...Object.keys(rules.values ?? {}), ...required, ...ALWAYS]);
    const forbidden = new Set((rules.forbidden ?? []).map((name) => name.replaceAll('_', '-')));
    made = { values, required, forbidden, allowed };
    compiled.set(rules, made);
  }
  return made;
}

function refused(reason: string): Objection {
  return object('narrowing-refused', reason);
}
