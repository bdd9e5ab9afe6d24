import { z } from 'zod';
import { definePower, type Invocation } from '../../ocap/power.ts';
import { quote } from '../../policy/quote.ts';
import { PowerboxError } from '../../wire/errors.ts';
import { fitting } from '../words/fitting.ts';
import { TEXTS_MAX } from '../words/limits.ts';
import { isKey, isPattern, isPrefix } from './keys.ts';
import {
  COUNTING_RULES_MAX,
  KEY_CHARS_MAX,
  LIST_KEYS_DEFAULT,
  LIST_KEYS_MAX,
  PATTERNS_MAX,
  STORE_BYTES_MAX,
  STORE_ITEMS_MAX,
} from './limits.ts';
import {
  describeStoreCall,
  isWrite,
  permitsStore,
  type StoreCall,
  type StoreNarrowing,
  type Written,
} from './rule.ts';
import {
  readStoreConfig,
  readStoreNarrowing,
  STORE_NAME,
  type StoreConfig,
  writeStoreConfig,
  writeStoreNarrowing,
} from './texts.ts';
import { writeValue } from './value.ts';

const Key = z.string().min(1).max(KEY_CHARS_MAX);
const Prefix = z.string().max(KEY_CHARS_MAX);
const ListOptions = z
  .strictObject({
    prefix: Prefix.optional(),
    after: Prefix.optional(),
    limit: z.int().min(1).max(LIST_KEYS_MAX).optional(),
  })
  .optional();
const Value = z.unknown();

const KEY = { name: 'key', schema: Key };
const VALUE = { name: 'value', schema: Value };

const Pattern = z.string().max(KEY_CHARS_MAX).refine(isPattern);
const Bytes = z.int().min(0);
const Narrowing = z
  .array(
    z.strictObject({
      access: z.literal('ro').nullable(),
      keys: z.array(Pattern).min(1).max(PATTERNS_MAX).nullable(),
      value: Bytes.nullable(),
      bytes: Bytes.nullable(),
      items: z.int().min(0).nullable(),
    }),
  )
  .min(1)
  .max(TEXTS_MAX)
  .refine((rules) => rules.flatMap(({ keys }) => keys ?? []).length <= PATTERNS_MAX, {
    path: ['keys'],
  })
  .refine((rules) => rules.filter(isCounting).length <= COUNTING_RULES_MAX, { path: ['items'] });

const Config = z.strictObject({
  name: z.string().regex(STORE_NAME),
  bytes: Bytes.max(STORE_BYTES_MAX),
  items: z.int().min(0).max(STORE_ITEMS_MAX),
});

/**
 * Small state by key: plain data that outlives whoever wrote it, in the order of its keys, with a
 * quota that is kept in the transaction that writes.
 *
 * A narrowing is written as words: `ro`, `keys=notes/*,config` (keys, or beginnings of keys),
 * `value=4K` (one value), `bytes=100K` and `items=1000` (what the keys of this text may take
 * together). All words of one text must hold; of several texts one must. `any` narrows nothing.
 * The power is written `store:NAME`, and may say `bytes=10M` and `items=5000`.
 */
export const storePower = definePower<StoreConfig, StoreNarrowing, StoreCall>({
  kind: 'store',
  summary: 'Keep small state: plain data by key.',
  config: Config,
  narrowing: Narrowing,
  facets: {
    root: {
      get: {
        summary: 'Gives the value at a key, or undefined.',
        args: [KEY],
        returns: z.unknown(),
      },
      put: {
        summary: 'Keeps a value at a key, in place of what was there.',
        args: [KEY, VALUE],
        returns: z.void(),
      },
      update: {
        summary:
          'Keeps a value if the key still has the expected one (undefined: none); says whether.',
        args: [KEY, { name: 'expected', schema: Value }, VALUE],
        returns: z.boolean(),
      },
      delete: {
        summary: 'Forgets a key; says whether it was there.',
        args: [KEY],
        returns: z.boolean(),
      },
      list: {
        summary: 'Lists keys in order; `next` is the `after` to go on with, or null.',
        args: [{ name: 'options', schema: ListOptions }],
        returns: z.object({ keys: z.array(z.string()), next: z.string().nullable() }),
      },
      size: {
        summary: 'Says how many keys there are, and how many bytes they take with their values.',
        args: [],
        returns: z.object({ items: z.int(), bytes: z.int() }),
      },
    },
  },
  concerns: ({ name }, call) => name === call.store,
  permits: permitsStore,
  effect: (call) => (isWrite(call) ? 'write' : 'read'),
  describe: describeStoreCall,
  callOf,
  readConfig: (text) => fitting(Config, readStoreConfig(text), 'power-invalid'),
  describeConfig: writeStoreConfig,
  readNarrowing: (texts) => fitting(Narrowing, readStoreNarrowing(texts), 'narrowing-invalid'),
  describeNarrowing: writeStoreNarrowing,
  secretsOf: () => [],
});

/** Must what the keys of this rule take be counted key by key? */
function isCounting({ keys, bytes, items }: StoreNarrowing[number]): boolean {
  return keys !== null && (bytes !== null || items !== null);
}

function callOf({ name }: StoreConfig, { facet, method, args }: Invocation): StoreCall {
  if (facet !== 'root') throw invalid(`it has no ${quote(facet)}`);
  const store = name;
  switch (method) {
    case 'get':
    case 'delete':
      return { method, store, key: keyOf(args[0]) };
    case 'put':
      return { method, store, key: keyOf(args[0]), ...written(args[1]) };
    case 'update': {
      const expected = args[1] === undefined ? null : written(args[1]).value;
      return { method, store, key: keyOf(args[0]), expected, ...written(args[2]) };
    }
    case 'list':
      return { method, store, ...listOf(args[0]) };
    case 'size':
      return { method, store };
    default:
      throw invalid(`it has no method ${quote(method)}`);
  }
}

function keyOf(value: unknown): string {
  if (typeof value === 'string' && isKey(value)) return value;
  throw invalid(`a key is 1 to ${KEY_CHARS_MAX} visible characters in normal form C, without "*"`);
}

function written(value: unknown): Written {
  const result = writeValue(value);
  if (!result.ok) throw invalid(result.reason);
  return { value: result.text, bytes: result.bytes };
}

function listOf(value: unknown): { prefix: string; after: string; limit: number } {
  const options = ListOptions.safeParse(value);
  if (!options.success) throw invalid('the options cannot be read');
  const { prefix = '', after = '', limit = LIST_KEYS_DEFAULT } = options.data ?? {};
  if (!isPrefix(prefix) || !isPrefix(after)) throw invalid('no key is written like that');
  return { prefix, after, limit };
}

function invalid(reason: string): PowerboxError {
  return new PowerboxError('call-invalid', `Cannot use the store: ${reason}.`);
}
