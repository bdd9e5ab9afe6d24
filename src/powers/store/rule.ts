import type { Verdict } from '../../ocap/verdict.ts';
import { listWords, quote } from '../../policy/quote.ts';
import { judgeRules, type RuleFault } from '../words/judge-rules.ts';
import { matchesPattern } from './keys.ts';

/** All that is not null must hold. */
export interface StoreRule {
  readonly access: 'ro' | null;
  /** Keys, or beginnings of keys with `*` behind them; listings show no others. */
  readonly keys: readonly string[] | null;
  /** Most bytes of one value. */
  readonly value: number | null;
  /** Most bytes that the keys of this rule may take together, with their values. */
  readonly bytes: number | null;
  /** Most keys of this rule that may be there. */
  readonly items: number | null;
}

/** A call is allowed that one of the rules allows. */
export type StoreNarrowing = readonly StoreRule[];

interface OfStore {
  /** Name of the store. */
  readonly store: string;
}

export type StoreCall =
  | (OfStore & { readonly method: 'get' | 'delete'; readonly key: string })
  | (OfStore & { readonly method: 'put'; readonly key: string } & Written)
  | (OfStore & {
      readonly method: 'update';
      readonly key: string;
      /** The text of the value that must be there; null for none. */
      readonly expected: string | null;
    } & Written)
  | (OfStore & {
      readonly method: 'list';
      readonly prefix: string;
      readonly after: string;
      readonly limit: number;
    })
  | (OfStore & { readonly method: 'size' });

export interface Written {
  /** JSON; what is judged is what is kept. */
  readonly value: string;
  /** Of the value, as UTF-8. */
  readonly bytes: number;
}

export type WriteCall = Extract<StoreCall, Written>;

export function isWrite(call: StoreCall): call is WriteCall | Extract<StoreCall, { key: string }> {
  return call.method === 'put' || call.method === 'update' || call.method === 'delete';
}

/**
 * What can be said without looking into the store. A quota is judged here as if the store were
 * empty, and again by the object, in the transaction that writes.
 */
export function permitsStore(narrowing: StoreNarrowing, call: StoreCall): Verdict {
  return judgeRules(narrowing, call, faultOfRule, {
    code: 'narrowing-refused',
    describe: describeStoreCall,
  });
}

export function faultOfRule(rule: StoreRule, call: StoreCall): RuleFault | null {
  if (!('key' in call)) return null;
  const { keys } = rule;
  if (keys !== null && !keys.some((pattern) => matchesPattern(pattern, call.key))) {
    return { distance: 1, reason: `only ${listWords(keys.map(quote))} may be used` };
  }
  if (rule.access === 'ro' && isWrite(call)) {
    return { distance: 2, reason: 'it may only be read' };
  }
  if (!('value' in call)) return null;
  if (rule.value !== null && call.bytes > rule.value) {
    return { distance: 3, reason: `a value may have ${rule.value} bytes, not ${call.bytes}` };
  }
  const bytes = itemBytes(call.key, call.bytes);
  if (rule.bytes !== null && bytes > rule.bytes) {
    return { distance: 3, reason: `${rule.bytes} bytes may be kept in all, not ${bytes}` };
  }
  return rule.items === 0 ? { distance: 3, reason: 'nothing may be kept' } : null;
}

/** What an item counts for in a quota. */
export function itemBytes(key: string, valueBytes: number): number {
  return Buffer.byteLength(key, 'utf8') + valueBytes;
}

/** Of a value only the size, as it may be private. */
export function describeStoreCall(call: StoreCall): string {
  const where = `store ${call.store}`;
  switch (call.method) {
    case 'get':
      return `get ${quote(call.key)} from ${where}`;
    case 'delete':
      return `delete ${quote(call.key)} from ${where}`;
    case 'put':
    case 'update':
      return `${call.method} ${quote(call.key)} (${call.bytes} bytes) in ${where}`;
    case 'list':
      return call.prefix === '' ? `list ${where}` : `list ${quote(call.prefix)}* in ${where}`;
    case 'size':
      return `size of ${where}`;
  }
}
