import { describe, expect, it } from 'vitest';
import { useEntry } from '../../../test/support/kernel-entries.ts';
import type { UseRecord } from '../../journal/record.ts';
import { logLine } from './log-line.ts';

const ROW = { seq: 1, time: 0 };

function lineOf(fields: Partial<UseRecord>): string {
  return logLine({ ...ROW, ...useEntry(), ...fields }, false);
}

describe('the line of a use', () => {
  it('says what it came to', () => {
    const line = lineOf({ durationMs: 3, spent: { bytes: 7, uses: 1 } });
    expect(line).toContain('gu-a');
    expect(line).toMatch(/allow {2}read notes\.txt {2}by gr-a {2}3 ?ms 7 bytes 1 uses$/);
    expect(lineOf({ durationMs: 3, ended: 'power-failed' })).toMatch(/ms power-failed$/);
  });

  it('says that it is not over, and of a refusal why', () => {
    expect(lineOf({})).toMatch(/not over yet$/);
    const refused = lineOf({ verdict: 'deny', code: 'grant-revoked', reason: 'It is over.' });
    expect(refused).toMatch(/deny .* grant-revoked: It is over\.$/);
  });

  it('escapes what a guest wrote', () => {
    expect(lineOf({ call: 'read \u001b[31mred' })).not.toContain('\u001b');
  });
});
