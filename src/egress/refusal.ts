import { ERRORS, type ErrorCode } from '../wire/errors.ts';

/** Why something was not done, in the words that box, person and journal all get. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly reason: string;
}

/**
 * The body of a refusal: a stable code for the program, one sentence for whoever reads it, and how
 * to ask. `ask` is the exact flag that would allow it, when there is one.
 */
export function refusalBody(refusal: Refusal, box: string, ask: string | null): string {
  return `${JSON.stringify({
    error: refusal.code,
    message: refusal.reason,
    hint: ERRORS[refusal.code].hint,
    ...(ask === null ? {} : { ask: `powerbox run --allow ${shellQuote(ask)} …` }),
    box,
    by: 'powerbox',
  })}\n`;
}

function shellQuote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
