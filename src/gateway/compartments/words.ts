import { z } from 'zod';
import type { MethodDefinition } from '../../ocap/power.ts';
import type { CompartmentDoor, CompartmentLimits } from '../../wire/compartment.ts';
import {
  COMPARTMENT_CPU_MS,
  COMPARTMENT_LIFE_MS,
  COMPARTMENT_MEMORY_BYTES,
  COMPARTMENT_OUTPUT_CHARS,
  COMPARTMENT_TURN_MS,
  GIVES_MAX,
  MODULES_MAX,
  PROGRAM_BYTES_MAX,
  RULES_MAX,
} from '../limits.ts';
import { method, Word } from '../method.ts';

/** The shapes of what a peer says about compartments. */

const Words = z.array(Word).max(RULES_MAX);
const Flag = z.boolean();

export const Give: z.ZodType = z.strictObject({
  power: Word,
  only: Words.optional(),
  budget: Words.optional(),
  expires: Word.optional(),
  approval: z.enum(['none', 'writes', 'always']).optional(),
  delegable: Flag.optional(),
});

const BOUNDS: Readonly<Record<keyof CompartmentLimits, { usual: number; most: number }>> = {
  memoryBytes: COMPARTMENT_MEMORY_BYTES,
  turnMs: COMPARTMENT_TURN_MS,
  cpuMs: COMPARTMENT_CPU_MS,
  lifeMs: COMPARTMENT_LIFE_MS,
  outputChars: COMPARTMENT_OUTPUT_CHARS,
};

function bounded(name: keyof CompartmentLimits): z.ZodType {
  return z.number().int().positive().max(BOUNDS[name].most).optional();
}

const Limits = z.strictObject({
  memoryBytes: bounded('memoryBytes'),
  turnMs: bounded('turnMs'),
  cpuMs: bounded('cpuMs'),
  lifeMs: bounded('lifeMs'),
  outputChars: bounded('outputChars'),
});

export const CompartmentAsk: z.ZodType = z.strictObject({
  name: Word.optional(),
  as: Word.optional(),
  give: few(z.record(z.string(), Give), GIVES_MAX).optional(),
  isolation: z.enum(['own', 'shared']).optional(),
  limits: Limits.optional(),
  clock: Flag.optional(),
  random: Flag.optional(),
  keep: Flag.optional(),
  reason: Word.optional(),
});

const Source = z.string().max(PROGRAM_BYTES_MAX);

const Program = z.strictObject({
  code: Source,
  file: Word.optional(),
  language: z.enum(['js', 'ts']).optional(),
  modules: few(z.record(z.string(), Source), MODULES_MAX).optional(),
  packages: z.array(Word).max(MODULES_MAX).optional(),
  with: few(z.record(z.string(), z.unknown()), GIVES_MAX).optional(),
  timeMs: z.number().int().positive().max(COMPARTMENT_LIFE_MS.most).optional(),
});

export const COMPARTMENT_METHODS: Readonly<Record<keyof CompartmentDoor, MethodDefinition>> = {
  info: method({}),
  evaluate: method({ program: Program }),
  declarations: method({}),
  console: method({ after: z.number().int().min(0) }),
  stop: method({ reason: Word }),
};

/** What was not said is the usual; what was said is within the bounds. */
export function limitsOf(said: CompartmentLimits = {}): Required<CompartmentLimits> {
  const entries = Object.entries(BOUNDS).map(([name, { usual }]) => [
    name,
    said[name as keyof CompartmentLimits] ?? usual,
  ]);
  return Object.fromEntries(entries) as Required<CompartmentLimits>;
}

function few<Schema extends z.ZodType<object>>(schema: Schema, most: number): Schema {
  return schema.refine((record) => Object.keys(record).length <= most, {
    message: `there are more than ${most}`,
  });
}
