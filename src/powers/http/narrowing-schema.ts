import { z } from 'zod';
import { faultOfMethod } from '../../policy/method.ts';
import { compilePathPattern } from '../../policy/path-pattern.ts';
import { parsePointer } from './json-pointer.ts';
import {
  ALTERNATIVES_DEPTH_MAX,
  ALTERNATIVES_MAX,
  ALTERNATIVES_TOTAL_MAX,
  LIST_ITEMS_MAX,
  NARROWING_CHARS_MAX,
  VALUE_CHARS_MAX,
} from './limits.ts';
import type { HttpNarrowing } from './narrowing.ts';

/** Half a surrogate pair has no UTF-8, and so no text that reads back to it. */
const text = z
  .string()
  .max(VALUE_CHARS_MAX)
  .regex(/^\P{Cs}*$/u, 'has half of a surrogate pair');
const texts = z.array(text).max(LIST_ITEMS_MAX);
const names = z.array(text.min(1)).max(LIST_ITEMS_MAX);
const amount = z.int().min(0);
const headerName = text.regex(/^[!#$%&'*+.^_`|~0-9a-z-]+$/, 'is no header name in lower case');
const headerNames = z.array(headerName).max(LIST_ITEMS_MAX);
const scalar = z.union([text, z.number(), z.boolean(), z.null()]);
const fieldNames = z
  .array(text.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'is no name of a GraphQL field'))
  .max(LIST_ITEMS_MAX);

function fewKeys(record: Readonly<Record<string, unknown>>): boolean {
  return Object.keys(record).length <= LIST_ITEMS_MAX;
}

const FEW_KEYS = `has more than ${LIST_ITEMS_MAX} keys`;

const queryRules = z.strictObject({
  keys: z.record(text, texts.nullable()).refine(fewKeys, FEW_KEYS),
  required: z.exactOptional(names),
  forbidden: z.exactOptional(names),
  others: z.exactOptional(z.boolean()),
});

const headerRules = z.strictObject({
  values: z.exactOptional(z.record(headerName, texts).refine(fewKeys, FEW_KEYS)),
  required: z.exactOptional(headerNames),
  forbidden: z.exactOptional(headerNames),
  allowed: z.exactOptional(headerNames),
});

const fieldRule = z.strictObject({
  at: text.refine((at) => parsePointer(at) !== null, 'is no JSON Pointer'),
  optional: z.exactOptional(z.boolean()),
  absent: z.exactOptional(z.boolean()),
  type: z.exactOptional(
    z.enum(['string', 'number', 'integer', 'boolean', 'null', 'object', 'array']),
  ),
  value: z.exactOptional(scalar),
  enum: z.exactOptional(z.array(scalar).min(1).max(LIST_ITEMS_MAX)),
  min: z.exactOptional(z.number()),
  max: z.exactOptional(z.number()),
  lengthMin: z.exactOptional(amount),
  lengthMax: z.exactOptional(amount),
});

const bodyRules = z.strictObject({
  fields: z.array(fieldRule).max(LIST_ITEMS_MAX),
  only: z.exactOptional(z.boolean()),
});

const graphqlRules = z.strictObject({
  query: z.exactOptional(fieldNames.nullable()),
  mutation: z.exactOptional(fieldNames.nullable()),
  subscription: z.exactOptional(fieldNames.nullable()),
  depthMax: z.exactOptional(amount),
  aliasesMax: z.exactOptional(amount),
});

/** One level; `any` is judged by the whole schema, which bounds how deep it may go. */
const one = z.strictObject({
  methods: z.array(z.string()).min(1).max(LIST_ITEMS_MAX).nullable().default(null),
  path: z.string().nullable().default(null),
  variables: z.exactOptional(z.record(text, names).refine(fewKeys, FEW_KEYS)),
  query: z.exactOptional(queryRules),
  headers: z.exactOptional(headerRules),
  body: z.exactOptional(bodyRules),
  message: z.exactOptional(bodyRules),
  graphql: z.exactOptional(graphqlRules),
  requestBytesMax: z.exactOptional(amount),
  responseBytesMax: z.exactOptional(amount),
  get any() {
    return z.exactOptional(z.array(one).min(1).max(ALTERNATIVES_MAX));
  },
});

/** The whole data of a narrowing, every part of which can be judged. */
export const narrowingSchema: z.ZodType<HttpNarrowing> = z
  .preprocess((value, context) => {
    // Looked at before anything descends, so that no depth of nesting is followed down.
    if (tooDeep(value, ALTERNATIVES_DEPTH_MAX)) {
      context.issues.push({ code: 'custom', message: 'any is nested too deep', input: value });
      return z.NEVER;
    }
    return value;
  }, one)
  .superRefine((narrowing, context) => {
    for (const message of faultsOf(narrowing)) context.addIssue({ code: 'custom', message });
  });

function tooDeep(value: unknown, left: number): boolean {
  if (left < 0) return true;
  if (typeof value !== 'object' || value === null || !('any' in value)) return false;
  return Array.isArray(value.any) && value.any.some((item) => tooDeep(item, left - 1));
}

/** What the shape alone does not say. */
function faultsOf(narrowing: HttpNarrowing): readonly string[] {
  const all = levelsOf(narrowing);
  if (all.length > ALTERNATIVES_TOTAL_MAX) {
    return [`there are more than ${ALTERNATIVES_TOTAL_MAX} alternatives`];
  }
  // What is valid can be written down, and read back.
  if (JSON.stringify(narrowing).length > NARROWING_CHARS_MAX) {
    return [`it is longer than ${NARROWING_CHARS_MAX} characters`];
  }
  return all.flatMap(({ methods, path, variables }) => [
    ...(methods ?? []).flatMap((method) => faultOfMethod(method) ?? []),
    ...faultsOfPath(path, variables),
  ]);
}

function faultsOfPath(
  path: string | null,
  variables: HttpNarrowing['variables'],
): readonly string[] {
  if (path === null) return variables === undefined ? [] : ['there are variables, and no path'];
  const compiled = compilePathPattern(path, variables);
  return compiled.ok ? [] : [compiled.reason];
}

function levelsOf(narrowing: HttpNarrowing): readonly HttpNarrowing[] {
  return [narrowing, ...(narrowing.any ?? []).flatMap(levelsOf)];
}
