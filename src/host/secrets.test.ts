import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Home, openHome } from '../store/home.ts';
import { parseSlot } from '../vault/slot-text.ts';
import { setSecret } from '../vault/store.ts';
import type { Mask } from './masks.ts';
import { bindSecrets, placeholders } from './secrets.ts';

let folder: string;
let home: Home;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'secrets-'));
  home = openHome({ POWERBOX_HOME: folder });
  setSecret(home, {
    name: 'MY_KEY',
    bindings: [
      { origin: 'https://api.openai.com:443', slots: [parseSlot('header:authorization:bearer')] },
    ],
    source: { kind: 'literal', value: 'the-key-of-the-person' },
  });
});

afterAll(() => rmSync(folder, { recursive: true }));

function masked(name: string, value: string): Mask {
  const placeholder = 'x'.repeat(value.length);
  return { target: '/w/.env', content: new Uint8Array(), values: [{ name, value, placeholder }] };
}

describe('bindSecrets()', () => {
  it('binds what was asked for, and shows placeholders only', () => {
    const { bound, fromVault, environment } = bindSecrets(
      home,
      ['MY_KEY'],
      null,
      [],
      placeholders(),
    );
    expect(bound).toEqual(fromVault);
    expect(bound[0]).toMatchObject({ name: 'MY_KEY', value: 'the-key-of-the-person' });
    expect(environment.MY_KEY).toHaveLength('the-key-of-the-person'.length);
    expect(JSON.stringify(environment)).not.toContain('person');
  });

  it('binds a masked value of a known service where the vault has nothing', () => {
    const mask = masked('OPENAI_API_KEY', 'sk-somebody-else');
    const { bound, fromVault } = bindSecrets(home, [], null, [mask], placeholders());
    expect(bound.map(({ value }) => value)).toEqual(['sk-somebody-else']);
    expect(fromVault).toEqual([]);
  });

  it('never lets a file of the workspace add a key where the vault has one', () => {
    const mask = masked('OPENAI_API_KEY', 'sk-somebody-else');
    const { bound } = bindSecrets(home, ['MY_KEY'], null, [mask], placeholders());
    expect(bound.map(({ value }) => value)).toEqual(['the-key-of-the-person']);
  });

  it('binds neither a value of an unknown name nor one that no header can hold', () => {
    const masks = [
      masked('ACME_KEY', 'acme-0123456789'),
      masked('OPENAI_API_KEY', 'sk-a\nb-0123456789'),
    ];
    expect(bindSecrets(home, [], null, masks, placeholders()).bound).toEqual([]);
  });

  it('has of masked files recognised what is a credential by its name and its look', () => {
    const masks = [
      masked('ACME_KEY', 'acme-0123456789'),
      masked('DB_PASSWORD', 'p4ss-with-words-in-it'),
      masked('NEXT_PUBLIC_API_KEY', 'pk-0123456789abcdef'),
      masked('AUTH_URL', 'https://auth.example/v1'),
      masked('KEY_FILE', '/etc/keys/id_ed25519'),
      masked('TOKEN_NOTE', 'write the 1st token here'),
      masked('START_PAGE', 'page-0123456789'),
    ];
    const { masked: found } = bindSecrets(home, [], null, masks, placeholders());
    expect(found.map(({ name }) => name)).toEqual(['ACME_KEY', 'DB_PASSWORD']);
  });
});
