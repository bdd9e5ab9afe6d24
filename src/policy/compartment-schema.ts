import { z } from 'zod';
import { POLICY_ENTRIES_MAX } from './limits.ts';
import { CODE_NAME, PACKAGE_NAME } from './names.ts';

/**
 * The part of `powerbox.json` that speaks of compartments. Like file.ts it is loaded when there is
 * a policy to read, and not for a plain `run`.
 */

/** Text that can be an argument or a path: not empty, one line, no NUL. */
export const Line = z
  .string()
  .min(1)
  .max(4096)
  .regex(/^[^\x00\r\n]*$/);
export const Size = z.string().regex(/^[0-9]+(?:\.[0-9]+)?[kKmMgGtT]?(?:[iI]?[bB])?$/);
export const Duration = z.string().regex(/^[0-9]+(?:\.[0-9]+)?(?:ms|s|m|h|d)?$/);

/** A compartment runs as a guest of its name. */
export const CompartmentName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);

export const CodeName = z.string().regex(CODE_NAME);

const PackageName = z.string().regex(PACKAGE_NAME);

const PowerWords = Line.describe('A rule, KIND:WORDS as files:/srv/repo, or a petname');

export const CompartmentPower = z.union([
  PowerWords,
  z.strictObject({
    power: PowerWords,
    only: z
      .array(Line)
      .min(1)
      .max(POLICY_ENTRIES_MAX)
      .optional()
      .describe('As --only; what any of them allows'),
    budget: z.array(Line).min(1).max(16).optional().describe('uses=N, rate=N/minute, tokens=N'),
    approval: z.enum(['none', 'writes', 'always']).optional(),
  }),
]);

export const CompartmentEntry = z.strictObject({
  globals: z
    .array(z.enum(['clock', 'random']))
    .max(2)
    .optional()
    .describe('Beyond what every compartment has: the time, and randomness'),
  powers: z
    .record(CodeName, CompartmentPower)
    .optional()
    .describe('What its code holds, by the name that it sees'),
  packages: z
    .array(PackageName)
    .max(POLICY_ENTRIES_MAX)
    .optional()
    .describe('Packages that it may import by bare name'),
  builtins: z
    .array(z.string())
    .max(0)
    .optional()
    .describe("Always empty: no compartment has a module of Node's; what it needs is a power"),
  isolation: z
    .enum(['own', 'shared'])
    .optional()
    .describe('A process for itself, which is the default, or that of its maker'),
  limits: z
    .strictObject({
      memory: Size.optional().describe('Memory of its process, for example 64M'),
      timeout: Duration.optional().describe('Longest life, for example 10m'),
      cpu: Duration.optional().describe('Processor time in all'),
      turn: Duration.optional().describe('Longest that it may hold its thread without coming back'),
      output: Size.optional().describe('Characters of its console, in all'),
    })
    .optional(),
});

export type CompartmentData = z.infer<typeof CompartmentEntry>;

export const Compartments = z
  .record(CompartmentName, CompartmentEntry)
  .describe('What code in a compartment of this name holds, and nothing else');
