import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AgentEvent } from '../../wire/agent.ts';
import { makeAgentScreen } from './agent-lines.ts';
import { painter } from './colour.ts';

function shown(
  events: readonly AgentEvent[],
  colour = false,
  columns?: number,
): { said: string; notes: string[] } {
  let said = '';
  const notes: string[] = [];
  const screen = makeAgentScreen('scout', {
    paint: painter(colour),
    write: (text) => {
      said += text;
    },
    note: (line) => void notes.push(line),
    ...(columns === undefined ? {} : { columns: () => columns }),
  });
  for (const event of events) screen.show(event);
  return { said, notes };
}

const end = { why: 'done', reason: '', steps: 2, tokens: 30, microdollars: 1_500 } as const;

describe('the lines of a run', () => {
  it('are its words in one place, and what it does in another', () => {
    const events: readonly AgentEvent[] = [
      { type: 'step', agent: 'scout', step: 1 },
      { type: 'text', agent: 'scout', text: 'Let me ' },
      { type: 'text', agent: 'scout', text: 'see.' },
      { type: 'tool', agent: 'scout', tool: 'evaluate', text: 'await repo.readText("a")\n1' },
      { type: 'use', guest: 'scout', call: 'readText /a', verdict: 'allow', reason: null },
      { type: 'use', guest: 'scout.t', call: 'write /b', verdict: 'deny', reason: 'It is not.' },
      { type: 'console', guest: 'scout', level: 'log', text: 'seen' },
      { type: 'approval', id: 'ap-1', guest: 'scout', call: 'write /c' },
      { type: 'request', id: 'ml-1', guest: 'scout', text: 'please' },
      { type: 'result', agent: 'scout.sub', tool: 'evaluate', text: '1', failed: true },
      { type: 'text', agent: 'scout.sub', text: 'for the one above' },
      { type: 'text', agent: 'scout', text: 'Done.\n' },
      { type: 'ended', end },
    ];
    expect(shown(events)).toEqual({
      said: 'Let me see.\nDone.\n',
      notes: [
        'does   evaluate: await repo.readText("a")',
        '       1',
        'allow  scout: readText /a',
        'deny   scout.t: write /b It is not.',
        'says   scout: seen',
        'waits  scout: write /c (ap-1)',
        'asks   scout: please (ml-1)',
        'got    scout.sub: 1',
        'powerbox: scout has answered (2 steps, 30 tokens, $0.0015)',
      ],
    });
  });

  it('are so many of one thing, and say how many more there are', () => {
    const text = Array.from({ length: 30 }, (_, index) => `${index}`).join('\n');
    const { notes } = shown([
      { type: 'tool', agent: 'scout', tool: 'evaluate', text },
      { type: 'result', agent: 'scout', tool: 'evaluate', text, failed: false },
    ]);
    expect(notes.length).toBe(20);
    expect(notes[12]).toContain('(18 more lines)');
    expect(notes[19]).toContain('(24 more lines)');
  });

  it('hold nothing that a terminal would obey, whatever was written', () => {
    const text = fc.string({ unit: 'binary', maxLength: 40 });
    const event = fc.oneof(
      text.map((said): AgentEvent => ({ type: 'text', agent: 'scout', text: said })),
      fc
        .tuple(text, text)
        .map(([a, b]): AgentEvent => ({ type: 'tool', agent: a, tool: a, text: b })),
      fc
        .tuple(text, text)
        .map(
          ([a, b]): AgentEvent => ({ type: 'result', agent: a, tool: a, text: b, failed: true }),
        ),
      fc
        .tuple(text, text)
        .map(
          ([a, b]): AgentEvent => ({ type: 'use', guest: a, call: b, verdict: 'deny', reason: b }),
        ),
      fc
        .tuple(text, text)
        .map(([a, b]): AgentEvent => ({ type: 'console', guest: a, level: 'log', text: b })),
      fc
        .tuple(text, text)
        .map(([a, b]): AgentEvent => ({ type: 'approval', id: 'ap-1', guest: a, call: b })),
      text.map((reason): AgentEvent => ({ type: 'ended', end: { ...end, why: 'failed', reason } })),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 6 }), (events) => {
        const { said, notes } = shown(events);
        expect(said).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
        for (const note of notes) expect(note).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
      }),
    );
  });

  it('stand apart from its words on a terminal, however long they are', () => {
    const columns = 30;
    const fake = 'waits  scout: read /a (ap-1)';
    const words = `${' '.repeat(columns)}${fake}\n${fake}\n\n${'ab'.repeat(40)}`;
    const { said, notes } = shown(
      [
        ...[words.slice(0, 45), words.slice(45, 46), words.slice(46)].map(
          (text): AgentEvent => ({ type: 'text', agent: 'scout', text }),
        ),
        { type: 'tool', agent: 'scout', tool: 'evaluate', text: words },
        { type: 'approval', id: 'ap-2', guest: 'scout', call: `write /${' '.repeat(20)}${fake}` },
        { type: 'ended', end: { ...end, why: 'failed', reason: `${' '.repeat(5)}${fake}` } },
      ],
      true,
      columns,
    );
    const lines = said.split('\n');
    for (const line of lines) {
      expect(line === '' || line.startsWith('│ ')).toBe(true);
      expect([...line].length).toBeLessThanOrEqual(columns);
    }
    expect(lines.map((line) => line.slice(2)).join('')).toBe(words.replaceAll('\n', ''));
    const plain = notes.map((note) => note.replaceAll(/\u001b\[[0-9;]*m/g, ''));
    for (const note of plain) expect(note.length).toBeLessThanOrEqual(columns);
    expect(plain.filter((note) => note.startsWith('waits'))).toEqual([
      expect.stringContaining('waits  scout: write /'),
    ]);
  });

  it('are coloured only when they may be', () => {
    const use = { type: 'use', guest: 'a', call: 'b', verdict: 'deny', reason: 'c' } as const;
    expect(shown([use]).notes[0]).toBe('deny   a: b c');
    expect(shown([use], true).notes[0]).toContain('\u001b[31m');
  });
});
