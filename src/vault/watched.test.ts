import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryHome } from '../../test/support/journal-fixture.ts';
import type { Home } from '../store/home.ts';
import { vaultKey } from './files.ts';
import { codeOf, fingerprintsOf } from './fingerprint.ts';
import { FORMER_VALUES_MAX, WINDOW_BYTES } from './limits.ts';
import { openRecord } from './record.ts';
import { parseOrigin } from './slot.ts';
import { parseSlot } from './slot-text.ts';
import type { SecretSource } from './source.ts';
import { listSecrets, readSecret, removeSecret, rotateSecret, setSecret } from './store.ts';
import { stillWatched, watchedOf } from './watched.ts';

let home: Home;
let dispose: () => void;
beforeEach(() => {
  ({ home, dispose } = temporaryHome());
});
afterEach(() => dispose());

const BINDINGS = [
  { origin: parseOrigin('api.example'), slots: [parseSlot('header:authorization:bearer')] },
];

function keep(value: string, name = 'TOKEN', more: Partial<Parameters<typeof setSecret>[1]> = {}) {
  const source: SecretSource = { kind: 'literal', value };
  return setSecret(home, { name, bindings: BINDINGS, source, ...more });
}

/** Which of these values are recognised, and as what. */
function known(...values: readonly string[]): (string | null)[] {
  const { key, values: watched } = watchedOf(home);
  return values.map((value) => {
    const code = codeOf(Buffer.from(key, 'hex'), Buffer.from(value));
    const found = watched.find(({ prints }) => prints.some(({ mac }) => mac === code));
    return found === undefined ? null : `${found.name} ${found.kind}`;
  });
}

const value = (number: number): string => `value-${String(number).padStart(2, '0')}-abcdefghijkl`;

describe('what is recognised', () => {
  it('is the value of each secret, and those that were rotated or set over', () => {
    keep(value(1));
    rotateSecret(home, 'TOKEN', { kind: 'literal', value: value(2) });
    keep(value(3));
    keep(value(4), 'OTHER');
    expect(known(value(1), value(2), value(3), value(4), value(5))).toEqual([
      ...['TOKEN former', 'TOKEN former', 'TOKEN value', 'OTHER value'],
      null,
    ]);
  });

  it('keeps no former value itself, a bounded number of them, and none of a removed secret', () => {
    for (let number = 0; number <= FORMER_VALUES_MAX + 2; number += 1) keep(value(number));
    expect(known(value(1), value(2))).toEqual([null, 'TOKEN former']);
    const file = Buffer.from(readRecord('TOKEN'));
    const { hidden } = openRecord(vaultKey(home), 'TOKEN', file);
    expect(hidden.former).toHaveLength(FORMER_VALUES_MAX);
    expect(JSON.stringify(hidden.former)).not.toContain('value-');
    removeSecret(home, 'TOKEN');
    expect(known(value(2), value(FORMER_VALUES_MAX + 2))).toEqual([null, null]);
    keep(value(40));
    expect(known(value(2))).toEqual([null]);
  });

  it('does not take the value that is set once more for a former one', () => {
    keep(value(1));
    keep(value(1));
    rotateSecret(home, 'TOKEN', { kind: 'literal', value: value(1) });
    expect(known(value(1))).toEqual(['TOKEN value']);
    expect(openRecord(vaultKey(home), 'TOKEN', readRecord('TOKEN')).hidden.former).toBe(undefined);
  });

  it('is of a command what it printed last, and runs none', () => {
    const printing = (text: string) => `cat ${join(home.root, 'printed')} # ${text}`;
    writeFileSync(join(home.root, 'printed'), value(1));
    const source = { kind: 'command', command: printing('a'), ttlMs: 1_000 } as const;
    const began = Date.now();
    setSecret(home, { name: 'TOKEN', bindings: BINDINGS, source }, () => began);
    writeFileSync(join(home.root, 'printed'), value(2));
    expect(known(value(1), value(2))).toEqual(['TOKEN value', null]);
    readSecret(home, 'TOKEN', () => began + 2_000);
    expect(known(value(1), value(2))).toEqual(['TOKEN value', 'TOKEN value']);
    rotateSecret(home, 'TOKEN', { kind: 'literal', value: value(3) });
    expect(known(value(1), value(2), value(3))).toEqual([
      ...['TOKEN former', 'TOKEN former', 'TOKEN value'],
    ]);
  });

  it('is nothing that is too short to be told from text by chance', () => {
    keep('a-short-one', 'PIN', { short: true });
    expect(watchedOf(home).values).toEqual([]);
    expect(fingerprintsOf(Buffer.alloc(32), 'x'.repeat(WINDOW_BYTES - 1))).toEqual([]);
    expect(fingerprintsOf(Buffer.alloc(32), 'x'.repeat(WINDOW_BYTES))).toHaveLength(1);
  });

  it('leaves out what cannot be opened, names it, and keeps what was known of it', () => {
    keep(value(1));
    keep(value(2), 'OTHER');
    const before = watchedOf(home, [{ name: 'IN_A_FILE', value: value(3) }]);
    writeFileSync(join(home.vault, 'TOKEN.json'), 'broken');
    keep(value(4), 'OTHER');
    const now = watchedOf(home, [{ name: 'IN_A_FILE', value: value(3) }]);
    expect(now.unreadable).toEqual(['TOKEN']);
    const names = (watched: typeof before) =>
      watched.values.map(({ name, kind }) => `${name} ${kind}`).sort();
    expect(names(now)).toEqual(['IN_A_FILE file', 'OTHER former', 'OTHER value']);
    expect(names({ ...stillWatched(before, now), unreadable: [] })).toEqual([
      ...names(now),
      'TOKEN value',
    ]);
    const foreign = { ...before, key: '00' };
    expect(names({ ...stillWatched(foreign, now), unreadable: [] })).toEqual(names(now));
  });

  it('says the same of one value only under one key', () => {
    const [a, b] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
    expect(fingerprintsOf(a, value(1))).toEqual(fingerprintsOf(a, value(1)));
    expect(fingerprintsOf(a, value(1))[0]?.mac).not.toBe(fingerprintsOf(b, value(1))[0]?.mac);
    expect(fingerprintsOf(a, value(1))[0]?.window).not.toBe(fingerprintsOf(b, value(1))[0]?.window);
  });
});

describe('a record that was written before values were recognised', () => {
  /** Sealed with the key of 32 bytes of 7. */
  const OLD =
    '{"clear":{"version":1,"name":"OLD_TOKEN","bindings":[{"origin":"https://api.example:443","slots":["header:authorization:bearer"]}],"source":"literal","created":1760000000000,"rotated":null},"nonce":"dc271cf11fe9a3e5d9893eef","body":"jI7aQixmhNHR1QnuX4XkaRAGUb41clqovs5Zl5YCCoQcaQ7l1LfW44RirzNOdacqjdMmfKknlM02gvUy+YUuQ/d1"}\n';
  const VALUE = 'old_0123456789abcdefghij';

  beforeEach(() => {
    writeFileSync(home.key, Buffer.alloc(32, 7), { mode: 0o600 });
    writeFileSync(join(home.vault, 'OLD_TOKEN.json'), OLD, { mode: 0o600 });
  });

  it('is opened as ever, its value is recognised, and rotated', () => {
    expect(listSecrets(home)).toMatchObject([{ name: 'OLD_TOKEN', rotated: null }]);
    expect(readSecret(home, 'OLD_TOKEN').secret.reveal()).toBe(VALUE);
    expect(known(VALUE)).toEqual(['OLD_TOKEN value']);
    rotateSecret(home, 'OLD_TOKEN', { kind: 'literal', value: value(1) });
    expect(known(VALUE, value(1))).toEqual(['OLD_TOKEN former', 'OLD_TOKEN value']);
  });
});

function readRecord(name: string): Buffer {
  return readFileSync(join(home.vault, `${name}.json`));
}
