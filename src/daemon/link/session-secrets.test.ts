import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { temporaryHome } from '../../../test/support/journal-fixture.ts';
import type { Home } from '../../store/home.ts';
import { parseOrigin } from '../../vault/slot.ts';
import { parseSlot } from '../../vault/slot-text.ts';
import { removeSecret, setSecret } from '../../vault/store.ts';
import { makeSessionSecrets } from './session-secrets.ts';

let home: Home;
let dispose: () => void;
beforeEach(() => {
  ({ home, dispose } = temporaryHome());
});
afterEach(() => dispose());

function keep(value: string, ...slots: readonly string[]): void {
  const bindings = [{ origin: parseOrigin('api.example'), slots: slots.map(parseSlot) }];
  setSecret(home, { name: 'TOKEN', bindings, source: { kind: 'literal', value } });
}

it('tells of a new value, and takes away one that is meant for another slot', () => {
  keep('first_0123456789abcdefgh', 'header:authorization:bearer');
  const secrets = makeSessionSecrets(home);
  const first = secrets.need('TOKEN');
  expect(first).toMatchObject({ value: 'first_0123456789abcdefgh' });
  expect(secrets.changed()).toEqual({ values: [], gone: [] });

  keep('other_0123456789abcdefgh', 'query:key');
  expect(secrets.changed()).toEqual({ values: [], gone: [first?.placeholder] });
  expect(secrets.changed()).toEqual({ values: [], gone: [] });
  keep('again_0123456789abcdefgh', 'header:authorization:bearer', 'query:key');
  expect(secrets.changed()).toMatchObject({
    values: [{ value: 'again_0123456789abcdefgh', placeholder: first?.placeholder }],
    gone: [],
  });
});

it('goes by the slots that it told, also after the secret was for more', () => {
  keep('first_0123456789abcdefgh', 'header:authorization:bearer');
  const secrets = makeSessionSecrets(home);
  secrets.need('TOKEN');
  keep('other_0123456789abcdefgh', 'header:authorization:bearer', 'query:key');
  expect(secrets.changed()).toMatchObject({ values: [{ value: 'other_0123456789abcdefgh' }] });
  keep('again_0123456789abcdefgh', 'header:authorization:bearer');
  expect(secrets.changed()).toMatchObject({
    values: [{ value: 'again_0123456789abcdefgh' }],
    gone: [],
  });
});

it('tells of one that was removed, once, and of its value when it is there again', () => {
  keep('first_0123456789abcdefgh', 'header:authorization:bearer');
  const secrets = makeSessionSecrets(home);
  const first = secrets.need('TOKEN');
  removeSecret(home, 'TOKEN');
  expect(secrets.changed()).toEqual({ values: [], gone: [first?.placeholder] });
  expect(secrets.changed()).toEqual({ values: [], gone: [] });
  keep('first_0123456789abcdefgh', 'header:authorization:bearer');
  expect(secrets.changed()).toMatchObject({ values: [first], gone: [] });
});

it('keeps a value whose file cannot be read for the moment', () => {
  keep('first_0123456789abcdefgh', 'header:authorization:bearer');
  const secrets = makeSessionSecrets(home);
  secrets.need('TOKEN');
  writeFileSync(join(home.vault, 'TOKEN.json'), '{"clear":');
  expect(secrets.changed()).toEqual({ values: [], gone: [] });
});
