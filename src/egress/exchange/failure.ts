import { type ErrorCode, PowerboxError } from '../../wire/errors.ts';

/** Only our own words reach the box; an upstream's error text could hold what it was sent. */
export function explainFailure(error: unknown): { code: ErrorCode; reason: string } {
  if (PowerboxError.is(error)) return { code: error.code, reason: error.message };
  const code = (error as NodeJS.ErrnoException | null)?.code ?? 'unknown';
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') {
    return { code: 'upstream-timeout', reason: 'The upstream server took too long to answer.' };
  }
  if (code === 'UND_ERR_INVALID_ARG') {
    return { code: 'request-malformed', reason: 'The request cannot be sent as HTTP/1.1.' };
  }
  return {
    code: 'upstream-unreachable',
    reason: `The connection to the upstream server failed (${/^[A-Z0-9_]{1,40}$/.test(code) ? code : 'unknown'}).`,
  };
}
