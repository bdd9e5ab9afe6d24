import { describe, expect, it } from 'vitest';
import { ERRORS } from '../src/wire/errors.ts';

/**
 * What programs and people hold on to, frozen as literals: a change here is a change of the
 * promise, and belongs into CHANGELOG.md. Never import the expected side from src.
 */

/** Code: HTTP status, exit status, whether trying again may help. */
const ERROR_CODES: Readonly<Record<string, readonly [number, number, boolean]>> = {
  usage: [400, 64, false],
  'program-missing': [400, 66, false],
  'mount-unreadable': [400, 66, false],
  'mount-exposes-state': [400, 77, false],
  'box-unknown': [404, 66, false],
  'box-running': [409, 75, true],
  'box-ended': [409, 69, false],
  'box-no-copy': [409, 65, false],
  'copy-conflict': [409, 75, false],
  'box-forbidden': [500, 69, false],
  'box-failed': [500, 70, true],
  'mask-too-large': [400, 65, false],
  'limit-invalid': [400, 64, false],
  'state-unusable': [500, 73, false],
  'config-invalid': [500, 78, false],
  'rule-invalid': [400, 64, false],
  'policy-invalid': [400, 78, false],
  'policy-not-accepted': [403, 77, false],
  'secret-unknown': [404, 66, false],
  'secret-invalid': [400, 65, false],
  'secret-no-origin': [400, 64, false],
  'secret-source-failed': [503, 69, true],
  'vault-unreadable': [500, 78, false],
  'not-granted': [403, 77, false],
  'method-not-granted': [403, 77, false],
  'path-not-granted': [403, 77, false],
  'target-mismatch': [421, 77, false],
  'request-malformed': [400, 65, false],
  'path-ambiguous': [400, 65, false],
  'credential-foreign': [403, 77, false],
  'address-refused': [403, 77, false],
  'protocol-refused': [403, 77, false],
  'certificate-invalid': [502, 69, false],
  'upstream-unreachable': [502, 69, true],
  'upstream-timeout': [504, 69, true],
  'response-unscrubbable': [502, 69, false],
  'limit-exceeded': [429, 75, true],
  'egress-down': [503, 69, true],
  'journal-broken': [500, 65, false],
  'journal-unavailable': [503, 69, true],
  internal: [500, 70, false],
};

describe('the surface', () => {
  it('has these error codes', () => {
    const found = Object.entries(ERRORS).map(([code, { http, exit, retryable }]) => [
      code,
      [http, exit, retryable],
    ]);
    expect(Object.fromEntries(found)).toEqual(ERROR_CODES);
  });

  it('gives each error an exit status of sysexits and a hint that is a sentence', () => {
    for (const [code, { exit, hint }] of Object.entries(ERRORS)) {
      expect(exit, code).toBeGreaterThanOrEqual(64);
      expect(exit, code).toBeLessThanOrEqual(78);
      expect(hint, code).toMatch(/^[A-Z].*\.$/);
    }
  });
});
