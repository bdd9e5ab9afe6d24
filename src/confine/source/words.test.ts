import { describe, expect, it } from 'vitest';
import { ODD_PROGRAMS } from '../../../test/support/odd-programs.ts';
import { makeRoom } from '../../../test/support/source-room.ts';

const room = makeRoom({ give: 7, log: (...args: unknown[]) => args, tell: () => undefined });

describe('an odd program', () => {
  it.each(ODD_PROGRAMS)('%j gives %j', async (code, value) => {
    if (value === null) await expect(room.run(code)).rejects.toThrow();
    else expect((await room.run(code)).value).toEqual(value);
  });

  it('would be refused by SES as it is, where it has one of the words', () => {
    const refused = ODD_PROGRAMS.filter(([code]) => {
      try {
        room.evaluate(`() => {${code}\n}`);
        return false;
      } catch (error) {
        return /SES_(?:IMPORT|EVAL|HTML_COMMENT)_REJECTED/.test(String(error));
      }
    });
    expect(refused.length).toBeGreaterThan(40);
  });
});
