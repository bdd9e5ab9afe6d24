import { describe, expect, it } from 'vitest';
import { findKit } from './kits.ts';
import { kitRules, kitSecrets, madeContent } from './use-kit.ts';

const codex = findKit('codex');
const pi = findKit('pi');

function secret(name: string, origin: string) {
  return { name, placeholder: 'sk-proj-0123456789abcdefghij', bindings: [{ origin }] };
}

describe('kitSecrets', () => {
  const held =
    (...names: string[]) =>
    () =>
      names;

  it('takes the first of the kit that the vault holds', () => {
    const vault = held('GITHUB_TOKEN', 'OPENAI_API_KEY', 'ANTHROPIC_API_KEY');
    expect(kitSecrets(codex, [], vault)).toEqual(['OPENAI_API_KEY']);
    expect(kitSecrets(pi, ['GITHUB_TOKEN'], vault)).toEqual(['GITHUB_TOKEN', 'ANTHROPIC_API_KEY']);
  });

  it('takes none beside one that was named, and does not ask the vault then', () => {
    const refuse = () => {
      throw new Error('The vault was asked.');
    };
    expect(kitSecrets(pi, ['GEMINI_API_KEY'], refuse)).toEqual(['GEMINI_API_KEY']);
    expect(kitSecrets(null, ['X'], refuse)).toEqual(['X']);
  });

  it('takes none when the vault has none', () => {
    expect(kitSecrets(codex, [], held('GITHUB_TOKEN'))).toEqual([]);
  });
});

describe('kitRules', () => {
  it('opens an origin only where a secret of the box is bound', () => {
    const hosts = kitRules(pi, [secret('ANTHROPIC_API_KEY', 'https://api.anthropic.com:443')]).map(
      ({ config }) => config.host,
    );
    expect(hosts).toEqual([{ type: 'exact', name: 'api.anthropic.com' }]);
    expect(kitRules(codex, [secret('OPENAI_API_KEY', 'https://models.example:443')])).toEqual([]);
    expect(kitRules(codex, [secret('OPENAI_API_KEY', 'https://api.openai.com:443')])).toHaveLength(
      codex.rules.length,
    );
  });

  it('refuses a box without any secret, and says which one to set', () => {
    expect(() => kitRules(codex, [])).toThrow(/has none of CODEX_API_KEY, OPENAI_API_KEY\.$/);
    expect(kitRules(null, [])).toEqual([]);
  });
});

describe('madeContent', () => {
  const file = { path: 'a', secrets: ['K'], content: '"{placeholder}" "{placeholder:4}"' };

  it('fills the placeholder in, or its end', () => {
    expect(madeContent(file, [secret('K', 'https://a.example:443')])).toBe(
      '"sk-proj-0123456789abcdefghij" "ghij"',
    );
  });

  it('is nothing without its secret', () => {
    expect(madeContent(file, [secret('L', 'https://a.example:443')])).toBeNull();
  });
});
