import { z } from 'zod';
import { PowerboxError } from '../wire/errors.ts';
import type { CompartmentPolicy, PolicyPower } from './compartment.ts';
import { type CompartmentData, Compartments, Duration, Line, Size } from './compartment-schema.ts';
import { readHttpWords } from './http-words.ts';
import {
  COMPARTMENT_POWERS_MAX,
  COMPARTMENTS_MAX,
  POLICY_CHARS_MAX,
  POLICY_ENTRIES_MAX,
} from './limits.ts';
import { VARIABLE_NAME } from './names.ts';
import type { Policy, PolicyLimits } from './policy.ts';
import { type IsPublicSuffix, loadPublicSuffix } from './public-suffix.ts';
import { parseRule, type Rule, type RuleOptions } from './rule.ts';
import { explainIssue, type Pointer, pointer } from './schema-fault.ts';
import { parseStrictJson } from './strict-json.ts';

/**
 * The policy file, `powerbox.json`. It and the schema of compartments import zod: they are loaded
 * when there is a policy to read, and not for a plain `run`.
 */

const Name = z.string().regex(VARIABLE_NAME);
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

export const PolicyFile = z.strictObject({
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
  compartments: Compartments.optional(),
});

type PolicyData = z.infer<typeof PolicyFile>;

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
  const compartments = readCompartments(parsed.data, filename, isPublicSuffix);
  return { ...makePolicy(parsed.data, rules), compartments };
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

function readCompartments(
  { compartments = {} }: PolicyData,
  filename: string,
  isPublicSuffix: IsPublicSuffix | undefined,
): Policy['compartments'] {
  const entries = Object.entries(compartments);
  if (entries.length > COMPARTMENTS_MAX) {
    failAt(filename, ['compartments'], `there are more than ${COMPARTMENTS_MAX}`);
  }
  return Object.fromEntries(
    entries.map(([name, data]) => {
      const policy = makeCompartment(data);
      const powers = Object.entries(policy.powers);
      if (powers.length > COMPARTMENT_POWERS_MAX) {
        const at = ['compartments', name, 'powers'];
        failAt(filename, at, `there are more than ${COMPARTMENT_POWERS_MAX}`);
      }
      for (const [seen, { power, only }] of powers) {
        checkRule(power, only, filename, ['compartments', name, 'powers', seen], isPublicSuffix);
      }
      return [name, policy];
    }),
  );
}

/** Words of http are read at once, so that a misspelt rule is found before it is needed. */
function checkRule(
  power: string,
  only: readonly string[],
  filename: string,
  at: Pointer,
  isPublicSuffix: IsPublicSuffix | undefined,
): void {
  try {
    readHttpWords(power, only, isPublicSuffix);
  } catch (error) {
    if (!PowerboxError.is(error)) throw error;
    fail(`Cannot read ${filename}: ${pointer(at)}: ${error.message}`, error.hint);
  }
}

function makeCompartment(data: CompartmentData): CompartmentPolicy {
  const powers = Object.entries(data.powers ?? {}).map(([name, written]) => {
    const words = typeof written === 'string' ? { power: written } : written;
    const { power, only = [], budget = [], approval = 'none' } = words;
    const read: PolicyPower = { power, only, budget, approval };
    return [name, read] as const;
  });
  const limits = Object.entries(data.limits ?? {}).filter(([, text]) => text !== undefined);
  return {
    globals: [...new Set(data.globals)].sort(),
    powers: Object.fromEntries(powers),
    packages: [...new Set(data.packages)].sort(),
    builtins: data.builtins ?? [],
    isolation: data.isolation ?? 'own',
    limits: Object.fromEntries(limits) as Readonly<Record<string, string>>,
  };
}

function makePolicy(data: PolicyData, rules: readonly Rule[]): Omit<Policy, 'compartments'> {
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

function failAt(filename: string, path: Pointer, reason: string): never {
  fail(`Cannot read ${filename}: ${pointer(path)}: ${reason}.`);
}

function fail(message: string, hint?: string): never {
  throw new PowerboxError('policy-invalid', message, hint === undefined ? {} : { hint });
}
