import { describe, expect, it } from 'vitest';
import { readAgentWords } from './agent-words.ts';

describe('the flags of an agent', () => {
  it('say what it is given, narrowed by name, and how far it may go', () => {
    const flags = {
      model: 'openai/gpt-5',
      give: ['repo=files:./a=b', 'api=https://api.acme.example with TOKEN'],
      only: ['repo=ro', 'api=GET /issues/**', 'api=GET /pulls/**'],
      approve: ['api=writes'],
      mode: 'tools',
      steps: '7',
      budget: 'tokens=1e6, usd=2.5',
      timeout: '10m',
    } as const;
    expect(readAgentWords('scout', flags, '/work')).toEqual({
      name: 'scout',
      model: 'openai/gpt-5',
      mode: 'tools',
      give: {
        repo: { power: 'files:/work/a=b', only: ['ro'] },
        api: {
          power: 'https://api.acme.example with TOKEN',
          only: ['GET /issues/**', 'GET /pulls/**'],
          approval: 'writes',
        },
      },
      limits: { steps: 7, timeMs: 600_000, tokens: 1_000_000, microdollars: 2_500_000 },
    });
    expect(readAgentWords('scout', {}, '/work')).toEqual({ name: 'scout', model: null });
  });

  it.each([
    [{ give: ['repo'] }, 'not NAME='],
    [{ give: ['=x'] }, 'not NAME='],
    [{ give: ['a=x', 'a=y'] }, 'given twice'],
    [{ only: ['a=ro'] }, 'nothing is given'],
    [{ give: ['a=x'], approve: ['a=never'] }, 'neither writes nor always'],
    [{ approve: ['__proto__=writes'] }, 'nothing is given'],
    [{ steps: '0' }, 'whole number'],
    [{ steps: '1.5' }, 'whole number'],
    [{ budget: 'uses=3' }, 'tokens=N or usd=N'],
    [{ budget: 'usd=-1' }, 'no sum'],
    [{ steps: '5000' }, 'from 1 to 1000'],
    [{ budget: 'tokens=9999999999999' }, 'from 1 to'],
    [{ timeout: '2d' }, '24h at most'],
    [{ yes: true as const, no: true as const }, 'the opposite'],
  ])('are refused: %j', (flags, words) => {
    expect(() => readAgentWords('scout', flags, '/work')).toThrow(
      expect.objectContaining({ code: 'usage', message: expect.stringContaining(words) }),
    );
  });
});
