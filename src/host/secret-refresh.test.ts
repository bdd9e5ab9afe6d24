import { truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { temporaryHome } from '../../test/support/journal-fixture.ts';
import type { BoundSecret, SecretChange } from '../egress/protocol.ts';
import type { Home } from '../store/home.ts';
import { type Binding, parseOrigin } from '../vault/slot.ts';
import { parseSlot } from '../vault/slot-text.ts';
import { removeSecret, rotateSecret, setSecret } from '../vault/store.ts';
import { vaultVersion } from '../vault/watch-vault.ts';
import { watchedOf } from '../vault/watched.ts';
import { SECRET_REFRESH_MS } from './limits.ts';
import { followSecrets } from './secret-refresh.ts';

const FIRST = 'first_0123456789abcdefgh';

let home: Home;
let dispose: () => void;
beforeEach(() => {
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

/** Follows TOKEN, for one.example, and gathers what is told. */
function follow(
  version = vaultVersion(home),
  watched = watchedOf(home),
): { told: SecretChange[]; close(): void } {
  const told: SecretChange[] = [];
  const bindings = bindingsFor('one.example');
  const secret: BoundSecret = { name: 'TOKEN', value: FIRST, placeholder: 'p', bindings };
  const followed = { secrets: [secret], watched, version, masked: [] };
  return { told, ...followSecrets(home, followed, (change) => void told.push(change)) };
}

const valuesOf = (told: readonly SecretChange[]): (readonly (string | null)[])[] =>
  told.map(({ values, gone }) => [...values.map(({ value }) => value), ...gone.map(() => null)]);

it('gives a new value, and takes a secret away that is meant for elsewhere by now', () => {
  vi.useFakeTimers();
  keep(FIRST, 'one.example');
  const { told, close } = follow();
  const look = () => vi.advanceTimersByTime(SECRET_REFRESH_MS);
  look();
  expect(told).toEqual([]);
  keep('other_0123456789abcdefgh', 'two.example');
  look();
  expect(told.splice(0)).toMatchObject([{ values: [], gone: ['p'] }]);
  keep('again_0123456789abcdefgh', 'one.example', 'two.example');
  look();
  expect(told.splice(0)).toMatchObject([
    { values: [{ placeholder: 'p', value: 'again_0123456789abcdefgh' }], gone: [] },
  ]);
  removeSecret(home, 'TOKEN');
  look();
  expect(told.splice(0)).toMatchObject([{ values: [], gone: ['p'] }]);
  look();
  expect(told).toEqual([]);
  close();
});

it('tells at once, with what is recognised from then on', async () => {
  keep(FIRST, 'one.example');
  const { told, close } = follow();
  const began = performance.now();
  rotateSecret(home, 'TOKEN', { kind: 'literal', value: 'again_0123456789abcdefgh' });
  await vi.waitFor(() => expect(told).toHaveLength(1), { interval: 1 });
  expect(performance.now() - began).toBeLessThan(SECRET_REFRESH_MS / 2);
  expect(valuesOf(told)).toEqual([['again_0123456789abcdefgh']]);
  const kinds = told[0]?.watched?.values.map(({ kind }) => kind);
  expect(kinds).toEqual(['value', 'former']);
  close();
  keep('third_0123456789abcdefgh', 'one.example');
  await sleep(50);
  expect(told).toHaveLength(1);
});

it('tells of a secret that is not the box’s too: its value is recognised', async () => {
  keep(FIRST, 'one.example');
  const { told, close } = follow();
  const source = { kind: 'literal', value: 'unbound_0123456789abcdef' } as const;
  setSecret(home, { name: 'OTHER', bindings: bindingsFor('two.example'), source });
  await vi.waitFor(() => expect(told).toHaveLength(1), { interval: 1 });
  expect(valuesOf(told)).toEqual([[]]);
  expect(told[0]?.watched?.values.map(({ name }) => name)).toEqual(['OTHER', 'TOKEN']);
  close();
});

it('tells of what was changed before it began to follow', () => {
  keep(FIRST, 'one.example');
  const before = [vaultVersion(home), watchedOf(home)] as const;
  const source = { kind: 'literal', value: 'unbound_0123456789abcdef' } as const;
  setSecret(home, { name: 'OTHER', bindings: bindingsFor('two.example'), source });
  const { told, close } = follow(...before);
  expect(told).toHaveLength(1);
  expect(told[0]?.watched?.values.map(({ name }) => name)).toEqual(['OTHER', 'TOKEN']);
  close();
});

it('tells of a change that comes in the same moment as one that it has looked at', async () => {
  keep(FIRST, 'one.example');
  // The clock of folders stands still for some milliseconds.
  const standStill = () => utimesSync(home.vault, 1_000_000_000, 1_000_000_000);
  standStill();
  const { told, close } = follow();
  const source = { kind: 'literal', value: 'unbound_0123456789abcdef' } as const;
  setSecret(home, { name: 'OTHER', bindings: bindingsFor('two.example'), source });
  standStill();
  await vi.waitFor(() => expect(told).not.toEqual([]), { interval: 1 });
  expect(told[0]?.watched?.values.map(({ name }) => name)).toEqual(['OTHER', 'TOKEN']);
  close();
});

it('keeps the value of a file that is cut or changed, and goes on when it is whole again', () => {
  vi.useFakeTimers();
  keep(FIRST, 'one.example');
  const { told, close } = follow();
  const path = join(home.vault, 'TOKEN.json');
  const breakages = [() => truncateSync(path, 100), () => writeFileSync(path, '{"clear":{}}\n')];
  for (const breakIt of breakages) {
    breakIt();
    // Another secret is changed meanwhile, and the value of this one is recognised all the same.
    const source = { kind: 'literal', value: 'unbound_0123456789abcdef' } as const;
    setSecret(home, { name: 'OTHER', bindings: bindingsFor('two.example'), source });
    vi.advanceTimersByTime(SECRET_REFRESH_MS);
    expect(valuesOf(told).flat()).toEqual([]);
    const names = told.at(-1)?.watched?.values.map(({ name, kind }) => `${name} ${kind}`);
    expect(names?.filter((name) => name === 'TOKEN value')).toHaveLength(1);
  }
  keep('again_0123456789abcdefgh', 'one.example');
  vi.advanceTimersByTime(SECRET_REFRESH_MS);
  expect(valuesOf(told).flat()).toEqual(['again_0123456789abcdefgh']);
  close();
});
