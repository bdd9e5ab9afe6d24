import { describe, expect, it } from 'vitest';
import { knownPrefixes, knownService, knownVariables } from './services.ts';
import { formatSlot } from './slot-text.ts';
import { isSecretName } from './value.ts';

function places(variable: string): string[] | undefined {
  return knownService(variable)?.bindings.map(
    ({ origin, slots }) => `${origin} ${slots.map(formatSlot).join(' ')}`,
  );
}

describe('the table of known services', () => {
  it('has at least thirty-five variables, each once and each a name', () => {
    const variables = knownVariables();
    expect(variables.length).toBeGreaterThanOrEqual(35);
    expect(new Set(variables).size).toBe(variables.length);
    for (const variable of variables) expect(isSecretName(variable)).toBe(true);
  });

  it('has origins and slots that parse, each origin once', () => {
    for (const variable of knownVariables()) {
      const bindings = knownService(variable)?.bindings ?? [];
      expect(bindings.length).toBeGreaterThan(0);
      expect(new Set(bindings.map(({ origin }) => origin)).size).toBe(bindings.length);
      for (const { slots } of bindings) expect(slots.length).toBeGreaterThan(0);
    }
  });

  it.each([
    ['OPENAI_API_KEY', ['https://api.openai.com:443 header:authorization:bearer']],
    ['CODEX_API_KEY', ['https://api.openai.com:443 header:authorization:bearer']],
    ['ANTHROPIC_API_KEY', ['https://api.anthropic.com:443 header:x-api-key']],
    [
      'GEMINI_API_KEY',
      ['https://generativelanguage.googleapis.com:443 header:x-goog-api-key query:key'],
    ],
    [
      'GITHUB_TOKEN',
      [
        'https://api.github.com:443 header:authorization:bearer',
        'https://uploads.github.com:443 header:authorization:bearer',
        'https://github.com:443 header:authorization:basic-password',
      ],
    ],
    ['TELEGRAM_BOT_TOKEN', ['https://api.telegram.org:443 path:{token}']],
    [
      'DISCORD_TOKEN',
      [
        'https://discord.com:443 header:authorization:Bot {}',
        'https://gateway.discord.gg:443 websocket:json:/d/token',
      ],
    ],
    ['DEEPGRAM_API_KEY', ['https://api.deepgram.com:443 header:authorization:Token {}']],
    ['LINEAR_API_KEY', ['https://api.linear.app:443 header:authorization']],
  ])('sends %s to %j', (variable, expected) => {
    expect(places(variable)).toEqual(expected);
  });

  it('has prefixes of plain characters, short enough to leave most of a value', () => {
    expect(knownPrefixes()).toContain('sk-ant-api03-');
    for (const prefix of knownPrefixes()) expect(prefix).toMatch(/^[A-Za-z0-9._-]{2,16}$/);
  });

  it('does not know a name that only Object knows', () => {
    expect(knownService('constructor')).toBeUndefined();
  });
});
