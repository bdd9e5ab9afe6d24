import { afterEach, beforeEach, expect, it } from 'vitest';
import { temporaryHome } from '../../../test/support/journal-fixture.ts';
import type { Home } from '../../store/home.ts';
import { parseOrigin } from '../../vault/slot.ts';
import { parseSlot } from '../../vault/slot-text.ts';
import { setSecret } from '../../vault/store.ts';
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

it('tells of a new value, but of none that is meant for another slot', () => {
  keep('first_0123456789abcdefgh', 'header:authorization:bearer');
  const secrets = makeSessionSecrets(home);
  const first = secrets.need('TOKEN');
  expect(first).toMatchObject({ value: 'first_0123456789abcdefgh' });
  expect(secrets.rotated()).toEqual([]);

  keep('other_0123456789abcdefgh', 'query:key');
  expect(secrets.rotated()).toEqual([]);
  keep('again_0123456789abcdefgh', 'header:authorization:bearer', 'query:key');
  expect(secrets.rotated()).toMatchObject([
    { value: 'again_0123456789abcdefgh', placeholder: first?.placeholder },
  ]);
});
