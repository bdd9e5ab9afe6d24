import { z } from 'zod';
import { PowerboxError } from '../wire/errors.ts';
import { POLICY_CHARS_MAX, POLICY_ENTRIES_MAX } from './limits.ts';
import type { Policy, PolicyLimits } from './policy.ts';
import { type IsPublicSuffix, loadPublicSuffix } from './public-suffix.ts';
import { quote, shorten } from './quote.ts';
import { parseRule, type Rule, type RuleOptions } from './rule.ts';
import { parseStrictJson } from './strict-json.ts';

/**
 * The policy file, `powerbox.json`. This is the only file that imports zod: it is loaded when
 * there is a policy to read, and not for a plain `run`.
 */

/** Text that can be an argument or a path: not empty, one line, no NUL. */
const Line = z
  .string()
  .min(1)
  .max(4096)
  .regex(/^[^\x00\r\n]*$/);
const Size = z.string().regex(/^[0-9]+(?:\.[0-9]+)?[kKmMgGtT]?(?:[iI]?[bB])?$/);
const Duration = z.string().regex(/^[0-9]+(?:\.[0-9]+)?(?:ms|s|m|h|d)?$/);
const Name = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/);
const Method = z.string().regex(/^[A-Z][A-Z0-9_-]{0,31}$/);

const PowerEntry = z.union([
  Line.describe('A rule: [METHOD[,METHOD] ]HOST-or-ORIGIN[/PATH-PATTERN]'),
  z.strictObject({
    http: Line.describe('Host or origin, for example https://api.example.com'),
    methods: z.array(Method).min(1).max(32).optional().describe('All methods when left out'),
    paths: z
      .array(Line)
      .min(1)
      .max(POLICY_ENTRIES_MAX)
      .optional()
      .describe('All paths when left out'),
  }),
]);

const PolicyFile = z.strictObject({
  $schema: z.string().optional(),
  version: z.literal(1),
  limits: z
    .strictObject({
      memory: Size.optional().describe('Memory of the whole box, for example 512M'),
      cpus: z
        .number()
        .positive()
        .max(1024)
        .optional()
        .describe('Processors; 1.5 is one and a half'),
      pids: z.number().int().positive().max(4_194_304).optional().describe('Processes and threads'),
      disk: Size.optional().describe('Size of /tmp and of the home folder, each'),
      timeout: Duration.optional().describe('Longest life of the box, for example 10m'),
    })
    .optional(),
  workspace: z.enum(['rw', 'ro', 'copy']).optional().describe('Access to the folder of this file'),
  mounts: z.array(Line).max(POLICY_ENTRIES_MAX).optional().describe('SRC[:DST][:ro|rw|copy]'),
  powers: z.array(PowerEntry).max(POLICY_ENTRIES_MAX).optional(),
  secrets: z
    .array(Name)
    .max(POLICY_ENTRIES_MAX)
    .optional()
    .describe('Names of secrets in the vault'),
  mask: z
    .array(Line)
    .max(POLICY_ENTRIES_MAX)
    .optional()
    .describe('Files whose values the box sees as placeholders'),
  env: z.record(Name, z.string().regex(/^[^\x00]*$/)).optional(),
});

type PolicyData = z.infer<typeof PolicyFile>;
type Pointer = readonly PropertyKey[];

/**
 * Reads a policy. Throws PowerboxError `policy-invalid`: one line that names the line and column
 * of a fault in the JSON, or the JSON pointer (RFC 6901) of a value that is not as it should be.
 */
export async function parsePolicy(
  text: string,
  filename: string,
  options: Pick<RuleOptions, 'allowAllHosts'> = {},
): Promise<Policy> {
  if (text.length > POLICY_CHARS_MAX) {
    fail(`Cannot read ${filename}: it is longer than ${POLICY_CHARS_MAX} characters.`);
  }
  const json = parseStrictJson(text);
  if (!json.ok) {
    fail(`Cannot read ${filename}: line ${json.line}, column ${json.column}: ${json.reason}.`);
  }
  const parsed = PolicyFile.safeParse(json.value);
  if (!parsed.success) {
    const { path, reason } = explainIssue(parsed.error.issues[0], json.value);
    failAt(filename, path, reason);
  }
  const isPublicSuffix = text.includes('*.') ? await loadPublicSuffix() : undefined;
  const rules = readPowers(parsed.data, filename, { ...options, isPublicSuffix });
  return makePolicy(parsed.data, rules);
}

/** JSON Schema (draft 2020-12) of the file, for editors; published as spec/powerbox.schema.json. */
export function policyJsonSchema(): Record<string, unknown> {
  return { title: 'Powerbox policy', ...z.toJSONSchema(PolicyFile) };
}

interface SuffixOptions {
  readonly allowAllHosts?: boolean;
  readonly isPublicSuffix: IsPublicSuffix | undefined;
}

function readPowers(data: PolicyData, filename: string, options: SuffixOptions): readonly Rule[] {
  const { isPublicSuffix, ...rest } = options;
  const ruleOptions = isPublicSuffix === undefined ? rest : { ...rest, isPublicSuffix };
  const read = (text: string, path: Pointer): Rule => {
    try {
      return parseRule(text, ruleOptions);
    } catch (error) {
      if (!PowerboxError.is(error)) throw error;
      return fail(`Cannot read ${filename}: ${pointer(path)}: ${error.message}`, error.hint);
    }
  };
  return (data.powers ?? []).flatMap((power, index) => {
    const at = ['powers', index];
    if (typeof power === 'string') return [read(power, at)];
    const origin = read(power.http, [...at, 'http']);
    if (origin.narrowing.path !== null || origin.narrowing.methods !== null) {
      failAt(
        filename,
        [...at, 'http'],
        'only an origin goes here, its paths and methods beside it',
      );
    }
    const methods = power.methods === undefined ? '' : `${power.methods.join(',')} `;
    if (power.paths === undefined) return [read(`${methods}${power.http}`, [...at, 'methods'])];
    return power.paths.map((path, number) => {
      const pathAt = [...at, 'paths', number];
      if (!path.startsWith('/')) failAt(filename, pathAt, 'a path begins with /');
      return read(`${methods}${power.http}${path}`, pathAt);
    });
  });
}

function makePolicy(data: PolicyData, rules: readonly Rule[]): Policy {
  const { memory, cpus, pids, disk, timeout } = data.limits ?? {};
  const limits: PolicyLimits = {
    ...(memory === undefined ? {} : { memory }),
    ...(cpus === undefined ? {} : { cpus: String(cpus) }),
    ...(pids === undefined ? {} : { pids: String(pids) }),
    ...(disk === undefined ? {} : { disk }),
    ...(timeout === undefined ? {} : { timeout }),
  };
  return {
    limits,
    workspace: data.workspace ?? 'rw',
    mounts: data.mounts ?? [],
    rules,
    secrets: data.secrets ?? [],
    mask: data.mask ?? [],
    env: data.env ?? {},
  };
}

/** One fault in our words: zod's may repeat values, and speaks of itself. */
function explainIssue(
  issue: z.core.$ZodIssue | undefined,
  value: unknown,
): { path: Pointer; reason: string } {
  if (issue === undefined) return { path: [], reason: 'it is not as it should be' };
  const { path } = issue;
  switch (issue.code) {
    case 'unrecognized_keys':
      return { path: [...path, issue.keys[0] ?? ''], reason: 'there is no such key' };
    case 'invalid_union':
      return explainUnion(issue, valueAt(value, path), value);
    case 'invalid_type': {
      const missing = valueAt(value, path) === undefined;
      return { path, reason: missing ? 'it is missing' : `it must be of type ${issue.expected}` };
    }
    case 'invalid_value': {
      if (valueAt(value, path) === undefined) return { path, reason: 'it is missing' };
      return { path, reason: `it must be ${issue.values.map(String).join(' or ')}` };
    }
    case 'too_big':
      return { path, reason: `it is larger or longer than ${issue.maximum}` };
    case 'too_small':
      return { path, reason: `it is smaller or shorter than ${issue.minimum}` };
    case 'invalid_key':
      return { path, reason: 'a name has letters, digits and underscores only' };
    default:
      return { path, reason: 'it is not written as it should be' };
  }
}

/** Of a power that is neither text nor object, the branch of its own type explains. */
function explainUnion(
  issue: z.core.$ZodIssueInvalidUnion,
  entry: unknown,
  whole: unknown,
): { path: Pointer; reason: string } {
  const branch = issue.errors[typeof entry === 'string' ? 0 : 1]?.[0];
  if (branch === undefined || (branch.code === 'invalid_type' && branch.path.length === 0)) {
    return { path: issue.path, reason: 'it must be a rule or an object with the key "http"' };
  }
  return explainIssue({ ...branch, path: [...issue.path, ...branch.path] }, whole);
}

function valueAt(value: unknown, path: Pointer): unknown {
  return path.reduce<unknown>(
    (at, key) =>
      typeof at === 'object' && at !== null && Object.hasOwn(at, key)
        ? (at as Record<PropertyKey, unknown>)[key]
        : undefined,
    value,
  );
}

function pointer(path: Pointer): string {
  if (path.length === 0) return 'the whole';
  const steps = path.map((step) => String(step).replaceAll('~', '~0').replaceAll('/', '~1'));
  // Keys are foreign text: quoted without the quotes, they stay one harmless line.
  return quote(shorten(`/${steps.join('/')}`)).slice(1, -1);
}

function failAt(filename: string, path: Pointer, reason: string): never {
  fail(`Cannot read ${filename}: ${pointer(path)}: ${reason}.`);
}

function fail(message: string, hint?: string): never {
  throw new PowerboxError('policy-invalid', message, hint === undefined ? {} : { hint });
}
