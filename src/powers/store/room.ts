import { PowerboxError } from '../../wire/errors.ts';
import { keySetOf } from './keys.ts';
import {
  describeStoreCall,
  faultOfRule,
  type StoreNarrowing,
  type StoreRule,
  type WriteCall,
} from './rule.ts';
import type { StoreConfig } from './texts.ts';
import type { KeyedValues, StoreUsage } from './values.ts';

/**
 * Throws `quota-exceeded` unless there is room for what the call would add: in the store, and for
 * each narrowing on the way by one of the rules that allow the call. What does not grow has room,
 * so that whoever has too much can make it less. Called in the transaction that writes.
 */
export function mustHaveRoom(
  values: KeyedValues,
  config: StoreConfig,
  narrowings: readonly StoreNarrowing[],
  call: WriteCall,
  grows: StoreUsage,
): void {
  const most: Most = { keys: null, bytes: config.bytes, items: config.items };
  const faults = [
    faultOf(values, most, call, grows),
    ...narrowings.map((narrowing) => faultOfNarrowing(values, narrowing, call, grows)),
  ];
  const fault = faults.find((one) => one !== null);
  if (fault === undefined || fault === null) return;
  throw new PowerboxError('quota-exceeded', `Cannot ${describeStoreCall(call)}: ${fault}.`);
}

type Most = Pick<StoreRule, 'keys' | 'bytes' | 'items'>;

function faultOfNarrowing(
  values: KeyedValues,
  narrowing: StoreNarrowing,
  call: WriteCall,
  grows: StoreUsage,
): string | null {
  const allowing = narrowing.filter((rule) => faultOfRule(rule, call) === null);
  let nearest = 'the grant allows nothing';
  for (const rule of allowing) {
    const fault = faultOf(values, rule, call, grows);
    if (fault === null) return null;
    nearest = fault;
  }
  return nearest;
}

/** Why there is no room by this rule; null when there is. */
function faultOf(
  values: KeyedValues,
  { keys, bytes, items }: Most,
  { store }: WriteCall,
  grows: StoreUsage,
): string | null {
  const asksBytes = bytes !== null && grows.bytes > 0;
  const asksItems = items !== null && grows.items > 0;
  if (!asksBytes && !asksItems) return null;
  const used = usageOf(values, store, keys);
  if (asksBytes && used.bytes + grows.bytes > bytes) {
    return `${bytes} bytes may be kept${whose(keys)}, and it would be ${used.bytes + grows.bytes}`;
  }
  if (asksItems && used.items + grows.items > items) {
    return `${items} keys may be kept${whose(keys)}, and all are there`;
  }
  return null;
}

function whose(keys: readonly string[] | null): string {
  return keys === null ? '' : ' of those that may be used';
}

/** What the keys take that match one of the patterns. */
export function usageOf(
  values: KeyedValues,
  store: string,
  patterns: readonly string[] | null,
): StoreUsage {
  const set = patterns === null ? null : keySetOf(patterns);
  if (set === null) return values.usage(store);
  return set
    .map((pattern) => values.usageOf(store, pattern))
    .reduce((sum, { items, bytes }) => ({ items: sum.items + items, bytes: sum.bytes + bytes }), {
      items: 0,
      bytes: 0,
    });
}
