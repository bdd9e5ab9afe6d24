import { describe, expect, it } from 'vitest';
import { codePrompt, declarationsOf, toolsPrompt } from './prompt.ts';

const files = { kind: 'files', declaration: 'interface Files {}\n' };

describe('what a model is told', () => {
  it('declares each power by its name, and each kind once', () => {
    const powers = [
      { name: 'repo', ...files },
      { name: 'notes', ...files },
      { name: 'db', kind: 'my-sql', declaration: 'interface MySql {}\n' },
    ];
    expect(declarationsOf(powers)).toBe(
      [
        'interface Files {}\n',
        'interface MySql {}\n',
        'declare const repo: Files;\ndeclare const notes: Files;\ndeclare const db: MySql;',
      ].join('\n'),
    );
  });

  it('names what it can make only where it can', () => {
    const parts = { guest: 'scout', powers: [], tools: [] };
    expect(codePrompt({ ...parts, agents: true })).toContain('agent(agent: {');
    expect(codePrompt({ ...parts, agents: false })).not.toContain('agent(agent: {');
    expect(codePrompt({ ...parts, agents: true })).not.toContain('Tools that you');
    const again = codePrompt({ ...parts, agents: true, tools: ['size', 'count'] });
    expect(again).toContain('Tools that you made before, for powerbox.useTool: size, count.');
    expect(toolsPrompt('scout')).toContain('You are scout');
  });
});
