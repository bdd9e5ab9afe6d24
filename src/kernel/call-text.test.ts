import { describe, expect, it } from 'vitest';
import { callOfDescription } from '../policy/recorded-call.ts';
import { callText } from './call-text.ts';
import { CALL_CHARS_MAX } from './limits.ts';

describe('the text of a call', () => {
  it('is whole, or says that it is not, and is then taken for no other call', () => {
    const start = 'read /';
    const fits = `${start}${'a'.repeat(CALL_CHARS_MAX - start.length)}`;
    expect(callText(fits)).toBe(fits);
    expect(callOfDescription(fits)).toMatchObject({ kind: 'files' });
    const cut = callText(`${fits}/b`);
    expect([cut.length, cut.at(-1)]).toEqual([CALL_CHARS_MAX, '…']);
    expect(callOfDescription(cut)).toBe(null);
  });
});
