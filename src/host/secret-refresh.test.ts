import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { temporaryHome } from '../../test/support/journal-fixture.ts';
import type { NewValue } from '../egress/protocol.ts';
import type { Home } from '../store/home.ts';
import { type Binding, parseOrigin } from '../vault/slot.ts';
import { parseSlot } from '../vault/slot-text.ts';
import { setSecret } from '../vault/store.ts';
import { SECRET_REFRESH_MS } from './limits.ts';
import { followSecrets } from './secret-refresh.ts';

let home: Home;
let dispose: () => void;
beforeEach(() => {
  vi.useFakeTimers();
  ({ home, dispose } = temporaryHome());
});
afterEach(() => {
  vi.useRealTimers();
  dispose();
});

const bindingsFor = (...hosts: readonly string[]): Binding[] =>
  hosts.map((host) => ({
    origin: parseOrigin(host),
    slots: [parseSlot('header:authorization:bearer')],
  }));

function keep(value: string, ...hosts: readonly string[]): void {
  setSecret(home, {
    name: 'TOKEN',
    bindings: bindingsFor(...hosts),
    source: { kind: 'literal', value },
  });
}

it('gives a new value, but none that is meant for elsewhere', () => {
  keep('first_0123456789abcdefgh', 'one.example');
  const told: NewValue[] = [];
  const secret = {
    ...{ name: 'TOKEN', value: 'first_0123456789abcdefgh', placeholder: 'p' },
    bindings: bindingsFor('one.example'),
  };
  const following = followSecrets(home, [secret], (values) => void told.push(...values));
  const look = () => vi.advanceTimersByTime(SECRET_REFRESH_MS);

  keep('other_0123456789abcdefgh', 'two.example');
  look();
  expect(told).toEqual([]);
  keep('again_0123456789abcdefgh', 'one.example', 'two.example');
  look();
  expect(told).toEqual([{ placeholder: 'p', value: 'again_0123456789abcdefgh' }]);
  following.close();
});
