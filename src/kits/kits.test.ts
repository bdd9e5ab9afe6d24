import { describe, expect, it } from 'vitest';
import { parseRule } from '../policy/rule.ts';
import { knownService } from '../vault/services.ts';
import { findKit, KITS } from './kits.ts';

/** Files in which the programs keep a login. */
const LOGINS = /auth\.json|credential|oauth|accounts|token|\.claude\.json|models\.json|\.env/;

describe('findKit', () => {
  it('finds every kit by its name', () => {
    for (const kit of KITS) expect(findKit(kit.name)).toBe(kit);
    expect(KITS.map(({ name }) => name)).toEqual(['claude', 'codex', 'gemini', 'opencode', 'pi']);
  });

  it('refuses an unknown name with those that there are', () => {
    expect(() => findKit('codec')).toThrow(
      'Cannot find the kit "codec": the kits are claude, codex, gemini, opencode, pi.',
    );
    expect(() => findKit('\u001b[2J')).toThrow(/^Cannot find the kit: /);
  });
});

describe.each(KITS)('the kit $name', (kit) => {
  it('allows some methods on some paths of exact hosts, each with a slot for one of its secrets', () => {
    const open = new Set(
      kit.secrets.flatMap((name) => knownService(name)?.bindings.map(({ origin }) => origin) ?? []),
    );
    for (const { config, narrowing } of kit.rules.map((text) => parseRule(text))) {
      expect(narrowing.methods).not.toBeNull();
      expect(narrowing.path).not.toBeNull();
      expect(config.host.type === 'exact' && open.has(`https://${config.host.name}:443`)).toBe(
        true,
      );
    }
  });

  it('has only secrets of known services', () => {
    expect(kit.secrets.filter((name) => knownService(name) === undefined)).toEqual([]);
    expect(Object.keys(kit.variables).filter((name) => !kit.secrets.includes(name))).toEqual([]);
  });

  it('copies no login and nothing from outside its folders', () => {
    for (const { path, files, made = [] } of kit.folders) {
      for (const file of files) expect(file).not.toMatch(LOGINS);
      for (const name of [path, ...files, ...made.map((file) => file.path)]) {
        expect(name).toMatch(/^[\w.-]+(?:\/[\w.-]+)*$/);
        expect(name).not.toMatch(/(?:^|\/)\.\.(?:\/|$)/);
      }
      expect(made.filter((file) => files.includes(file.path))).toEqual([]);
    }
  });
});

it('knows a login when it sees one', () => {
  for (const file of ['auth.json', '.credentials.json', 'oauth_creds.json', '.claude.json']) {
    expect(file).toMatch(LOGINS);
  }
});
