import type { z } from 'zod';
import { PowerboxError } from '../../wire/errors.ts';
import type { WordsCode } from './words.ts';

/**
 * What was read of words, when it is data that the kind's own schema takes, as it must be when it
 * is read back from the store. Throws `code`.
 */
export function fitting<T>(schema: z.ZodType<T>, read: T, code: WordsCode): T {
  const result = schema.safeParse(read);
  if (result.success) return read;
  const place = result.error.issues[0]?.path.filter((step) => typeof step === 'string').at(-1);
  const what = code === 'power-invalid' ? 'power' : 'narrowing';
  const where = typeof place === 'string' ? ` of ${place}` : '';
  throw new PowerboxError(code, `Cannot use the ${what}: a value${where} is out of its range.`);
}
