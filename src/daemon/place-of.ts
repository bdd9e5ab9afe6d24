import { PowerboxError } from '../wire/errors.ts';

/** Where a fault happened. Its message may hold what a guest sent, so it is not kept. */
export function placeOf(error: unknown): string {
  if (PowerboxError.is(error)) return `[${error.code}] ${error.message}`;
  if (!(error instanceof Error)) return typeof error;
  const at = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return `${error.name}${at
    .slice(0, 4)
    .join('')
    .replace(/\s+at /g, ' < ')}`;
}
