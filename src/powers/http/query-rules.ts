import { listWords, quote, shorten } from '../../policy/quote.ts';
import { QUERY_PAIRS_MAX } from './limits.ts';
import { looseKey, type Objection, object } from './refusal.ts';

export interface QueryRules {
  /** What each key may have as its value; null for any. Names and values are decoded. */
  readonly keys: Readonly<Record<string, readonly string[] | null>>;
  /** Keys that must be there. */
  readonly required?: readonly string[];
  /** Keys that must not be there. */
  readonly forbidden?: readonly string[];
  /** May keys that are not named be there too? Left out: no. */
  readonly others?: boolean;
}

interface CompiledQuery {
  readonly keys: ReadonlyMap<string, ReadonlySet<string> | null>;
  readonly required: readonly string[];
  /** Loose forms of what is named, so that no other spelling of it passes as another key. */
  readonly named: ReadonlySet<string>;
  readonly others: boolean;
}

const compiled = new WeakMap<QueryRules, CompiledQuery>();

/** The pairs of a query, decoded; null when servers read it in different ways. */
export function readQuery(query: string): readonly (readonly [string, string])[] | null {
  if (query === '') return [];
  if (query.includes(';')) return null;
  const parts = query.split('&');
  if (parts.length > QUERY_PAIRS_MAX) return null;
  const pairs: [string, string][] = [];
  for (const part of parts) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    const key = decode(equals === -1 ? part : part.slice(0, equals));
    const value = decode(equals === -1 ? '' : part.slice(equals + 1));
    if (key === null || value === null) return null;
    pairs.push([key, value]);
  }
  return pairs;
}

export function judgeQuery(rules: QueryRules, query: string): Objection | null {
  const pairs = readQuery(query);
  if (pairs === null) return refused('servers may read its query in different ways');
  const { keys, required, named, others } = compile(rules);
  const seen = new Set<string>();
  for (const [key, value] of pairs) {
    const values = keys.get(key);
    if (values !== undefined) {
      if (values !== null && !values.has(value)) {
        return refused(`the query key ${quote(key)} may only be ${listed(values)}`);
      }
      seen.add(key);
    } else if (!others) {
      return refused(`the grant does not name the query key ${quote(key)}${namedOnly(keys)}`);
    } else if (key === '' || key.includes('%') || named.has(looseKey(key))) {
      return refused(
        `the query key ${quote(key)} is forbidden, or may be read as one that is named`,
      );
    }
  }
  const missing = required.find((key) => !seen.has(key));
  return missing === undefined ? null : refused(`the query key ${quote(missing)} must be there`);
}

function compile(rules: QueryRules): CompiledQuery {
  let made = compiled.get(rules);
  if (made === undefined) {
    const keys = new Map(
      Object.entries(rules.keys).map(([key, values]) => [
        key,
        values === null ? null : new Set(values),
      ]),
    );
    const forbidden = rules.forbidden ?? [];
    for (const key of forbidden) keys.delete(key);
    const required = rules.required ?? [];
    for (const key of required) {
      if (!keys.has(key) && !forbidden.includes(key)) keys.set(key, null);
    }
    const named = new Set([...keys.keys(), ...forbidden].map(looseKey));
    made = { keys, required, named, others: rules.others === true };
    compiled.set(rules, made);
  }
  return made;
}

/** As forms are decoded (WHATWG URL §5.1); null when the bytes are no UTF-8, or have a NUL. */
function decode(text: string): string | null {
  try {
    const decoded = decodeURIComponent(text.replaceAll('+', ' '));
    return decoded.includes('\0') ? null : decoded;
  } catch {
    return null;
  }
}

function namedOnly(keys: CompiledQuery['keys']): string {
  return keys.size === 0 ? '' : `, only ${shorten(listWords([...keys.keys()].map(quote)))}`;
}

function listed(values: ReadonlySet<string>): string {
  return shorten(listWords([...values].map(quote)));
}

function refused(reason: string): Objection {
  return object('narrowing-refused', reason);
}
