import { type Live, live, type UseContext } from '../../ocap/live.ts';
import { intersect, type KeySet, keySetOf } from './keys.ts';
import { storePower } from './power.ts';
import { mustHaveRoom, usageOf } from './room.ts';
import { itemBytes, type StoreCall, type StoreNarrowing, type WriteCall } from './rule.ts';
import type { StoreConfig } from './texts.ts';
import { isSameValue } from './value.ts';
import type { KeyedValues, ValuesPlace } from './values.ts';

/** A store by its name; it begins empty, and outlives every power that is for it. */
export function openStore(config: StoreConfig, place: ValuesPlace): Live {
  let held: KeyedValues | null = null;
  return live({
    facet: 'root',
    at: null,
    call(method, args, context) {
      const call = storePower.callOf(config, { facet: 'root', at: null, method, args });
      held ??= place.hold();
      return answer(held, config, call, context);
    },
    close() {
      if (held === null) return;
      held = null;
      place.letGo();
    },
  });
}

function answer(
  values: KeyedValues,
  config: StoreConfig,
  call: StoreCall,
  context: UseContext,
): unknown {
  // The root grant of a power has no narrowing.
  const narrowings = (context.narrowings as readonly (StoreNarrowing | null)[]).filter(
    (narrowing) => narrowing !== null,
  );
  switch (call.method) {
    case 'get': {
      const item = values.get(call.store, call.key);
      if (item === undefined) return undefined;
      context.spend({ bytes: item.bytes });
      return JSON.parse(item.value);
    }
    case 'list':
      return list(values, call, visible(narrowings));
    case 'size':
      return usageOf(values, call.store, visible(narrowings));
    case 'delete':
      return values.transaction(() => {
        if (values.get(call.store, call.key) === undefined) return false;
        values.remove(call.store, call.key);
        return true;
      });
    default:
      context.spend({ bytes: itemBytes(call.key, call.bytes) });
      return values.transaction(() => write(values, config, narrowings, call));
  }
}

function write(
  values: KeyedValues,
  config: StoreConfig,
  narrowings: readonly StoreNarrowing[],
  call: WriteCall,
): boolean | undefined {
  const { store, key, value } = call;
  const old = values.get(store, key);
  if (call.method === 'update' && !isAsExpected(call.expected, old?.value)) return false;
  const bytes = itemBytes(key, call.bytes);
  const grows = { bytes: bytes - (old?.bytes ?? 0), items: old === undefined ? 1 : 0 };
  mustHaveRoom(values, config, narrowings, call, grows);
  values.put(store, key, { value, bytes });
  return call.method === 'update' ? true : undefined;
}

function isAsExpected(expected: string | null, found: string | undefined): boolean {
  if (expected === null || found === undefined) return expected === null && found === undefined;
  return isSameValue(expected, found);
}

/** The keys that every narrowing on the way lets be read. */
function visible(narrowings: readonly StoreNarrowing[]): KeySet {
  return narrowings.reduce<KeySet>((set, rules) => {
    const all = rules.some(({ keys }) => keys === null);
    return all ? set : intersect(set, keySetOf(rules.flatMap(({ keys }) => keys ?? [])));
  }, null);
}

/** Never names, by a key or by `next`, what may not be read. */
function list(
  values: KeyedValues,
  { store, prefix, after, limit }: Extract<StoreCall, { method: 'list' }>,
  set: KeySet,
): { readonly keys: readonly string[]; readonly next: string | null } {
  const wanted = intersect(set, keySetOf([`${prefix}*`])) ?? ['*'];
  const keys: string[] = [];
  // The patterns are in order and have no key in common, so their keys are in order too.
  for (const pattern of wanted) {
    if (keys.length > limit) break;
    keys.push(...values.keys(store, pattern, after, limit + 1 - keys.length));
  }
  const more = keys.length > limit;
  return { keys: keys.slice(0, limit), next: more ? (keys[limit - 1] ?? null) : null };
}
