import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AgentMessage } from '../wire/runner.ts';
import { trimmed } from './trim.ts';

const text = fc.string({ maxLength: 60 });
const step = fc.array(text, { maxLength: 3 }).map((texts): readonly AgentMessage[] => {
  const calls = texts.map((input, index) => ({ id: `c${index}`, tool: 't', input }));
  const said = { role: 'assistant', text: 'x', calls } as const;
  if (calls.length === 0) return [said];
  const results = calls.map(({ id, tool, input }) => ({ id, tool, text: input, failed: false }));
  return [said, { role: 'tool', results }];
});
const turn = fc
  .tuple(text, fc.array(step, { maxLength: 4 }))
  .map(([task, steps]): readonly AgentMessage[] => [{ role: 'user', text: task }, ...steps.flat()]);
const conversation = fc.array(turn, { minLength: 1, maxLength: 6 }).map((turns) => turns.flat());

function sizeOf(messages: readonly AgentMessage[]): number {
  return messages.reduce((sum, message) => sum + JSON.stringify(message).length, 0);
}

describe('a conversation that is too long', () => {
  it('loses its oldest messages, and of no step a part', () => {
    fc.assert(
      fc.property(conversation, fc.integer({ min: 0, max: 2_000 }), (messages, most) => {
        const kept = trimmed(messages, most);
        expect(messages.filter((message) => kept.includes(message))).toEqual(kept);
        const last = messages.findLast(({ role }) => role === 'user');
        expect(kept).toContain(last);
        for (const [index, message] of kept.entries()) {
          const isAfterCall = kept[index - 1]?.role === 'assistant';
          if (message.role === 'tool') expect(isAfterCall).toBe(true);
          if (message.role === 'assistant' && message.calls.length > 0) {
            expect(kept[index + 1]?.role).toBe('tool');
          }
        }
        expect(kept.length === 1 || sizeOf(kept) <= most).toBe(true);
        if (sizeOf(messages) <= most) expect(kept).toEqual(messages);
      }),
    );
  });
});
