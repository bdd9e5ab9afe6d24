import { describe, expect, it } from 'vitest';
import { followScrubber } from './follow.ts';
import { makeScrubber } from './scrubber.ts';

const OLD = { value: 'sk-live-0ld0ld0ld0ld0ld0ld', placeholder: 'sk-live-abcdefghijklmnopqr' };
const NEW = { value: 'sk-live-n3wn3wn3wn3wn3wn3w', placeholder: OLD.placeholder };

/** Writes `text` in pieces cut at `at`; the value is replaced between them. */
function scrubbed(text: string, at: number): { readonly out: string; readonly count: number } {
  let current = makeScrubber([OLD]);
  const stream = followScrubber(() => current);
  const parts = [stream.write(Buffer.from(text.slice(0, at)))];
  current = makeScrubber([NEW, OLD]);
  parts.push(stream.write(Buffer.from(text.slice(at))), stream.end());
  return { out: Buffer.concat(parts).toString(), count: stream.count };
}

describe('followScrubber()', () => {
  it('finds a value that came while the answer went on', () => {
    const before = `event: ${OLD.value}\n`;
    const text = `${before}event: ${NEW.value} and ${OLD.value}\n`;
    expect(scrubbed(text, before.length)).toEqual({
      out: text.replaceAll(NEW.value, NEW.placeholder).replaceAll(OLD.value, OLD.placeholder),
      count: 3,
    });
    const base64 = Buffer.from(`x:${NEW.value}`).toString('base64');
    expect(scrubbed(`event: ${base64}`, 3).count).toBe(1);
  });

  it('finds an echo that lies across the change, wherever it is cut', () => {
    for (const { value, placeholder } of [OLD, NEW]) {
      const text = `<${value}>`;
      for (let at = 0; at <= text.length; at += 1) {
        // A new value is not known before it is there, and what was sent is gone.
        if (value === NEW.value && at > 'sk-live-'.length + 1) continue;
        expect(scrubbed(text, at)).toEqual({ out: `<${placeholder}>`, count: 1 });
      }
    }
  });
});
