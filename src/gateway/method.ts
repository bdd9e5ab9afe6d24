import { z } from 'zod';
import type { MethodDefinition } from '../ocap/power.ts';
import { WORD_CHARS_MAX } from './limits.ts';

/** A petname's path, a rule, a reason. */
export const Word: z.ZodString = z.string().max(WORD_CHARS_MAX);

/** Answers come from the daemon itself and are not checked. */
const ANSWER = z.unknown();

/** A method of a door, with the shapes of its arguments in order. */
export function method(args: Readonly<Record<string, z.ZodType>>): MethodDefinition {
  const named = Object.entries(args).map(([name, schema]) => ({ name, schema }));
  return { summary: '', args: named, returns: ANSWER };
}
