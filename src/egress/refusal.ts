import { ERRORS, type ErrorCode } from '../wire/errors.ts';

/** Why something was not done, in the words that box, person and journal all get. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly reason: string;
}

/**
 * The body of a refusal: a stable code for the program, one sentence for whoever reads it, and how
 * to ask. `rule` is what would allow it, when there is such a thing: `ask` and `askHttp` are what a
 * program in the box does then, `allow` what the person does who starts it.
 */
export function refusalBody(refusal: Refusal, box: string, rule: string | null): string {
  const wanted = { kind: 'http', power: rule, text: 'what you need it for' };
  const how =
    rule === null
      ? {}
      : {
          ask: `powerbox request ${shellQuote(rule)} --because 'what you need it for' --wait 600`,
          askHttp: `POST http://powerbox.internal/requests?wait=600 ${JSON.stringify(wanted)}`,
          allow: `powerbox run --allow ${shellQuote(rule)} …`,
        };
  return `${JSON.stringify({
    error: refusal.code,
    message: refusal.reason,
    hint: ERRORS[refusal.code].hint,
    ...how,
    box,
    by: 'powerbox',
  })}\n`;
}

function shellQuote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
