/**
 * What of the vault is recognised in requests: every value that a secret has, and the last ones
 * that it had. No command is run for it: of a command's values it is those that were printed.
 */
import { readdirSync } from 'node:fs';
import type { Home } from '../store/home.ts';
import { cachePath, readIfThere, readVaultFile, vaultKey } from './files.ts';
import {
  type Fingerprint,
  fingerprintsOf,
  type Watched,
  type WatchedValues,
} from './fingerprint.ts';
import { deriveKey, loadKey } from './key.ts';
import { FORMER_VALUES_MAX } from './limits.ts';
import { type HiddenPart, openCache, openRecord } from './record.ts';
import { isSecretName } from './value.ts';

/** A value that is no secret of the vault and is recognised all the same, as one of a masked file. */
export interface WatchedValue {
  readonly name: string;
  readonly value: string;
}

export interface WatchedVault extends Watched {
  /** Names of secrets whose files cannot be opened. */
  readonly unreadable: readonly string[];
}

/**
 * Fingerprints of every secret of the vault and of `others`. Throws what `loadKey` throws.
 */
export function watchedOf(home: Home, others: readonly WatchedValue[] = []): WatchedVault {
  const key = fingerprintKey(home);
  const watched: WatchedValues[] = [];
  const unreadable: string[] = [];
  const names = readdirSync(home.vault)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .filter(isSecretName);
  const vault = names.length === 0 ? null : vaultKey(home);
  for (const name of names) {
    try {
      const { values, former } = valuesOf(home, vault as Buffer, name);
      const prints = values.flatMap((value) => fingerprintsOf(key, value));
      watched.push(
        { name, kind: 'value', prints },
        { name, kind: 'former', prints: former.flat() },
      );
    } catch {
      unreadable.push(name);
    }
  }
  for (const { name, value } of others) {
    watched.push({ name, kind: 'file', prints: fingerprintsOf(key, value) });
  }
  return {
    key: key.toString('hex'),
    values: watched.filter(({ prints }) => prints.length > 0),
    unreadable,
  };
}

/** `now`, and of what cannot be opened for the moment that which was recognised before. */
export function stillWatched(before: Watched, now: WatchedVault): Watched {
  const { key, values, unreadable } = now;
  if (before.key !== key) return { key, values };
  const kept = before.values.filter(
    ({ name, kind }) => kind !== 'file' && unreadable.includes(name),
  );
  return { key, values: [...values, ...kept] };
}

/**
 * What a record that replaces the one of `name` by `value` keeps of it. Nothing of one that is not
 * there or cannot be opened.
 */
export function formerOf(home: Home, name: string, value: string): Pick<HiddenPart, 'former'> {
  try {
    const key = fingerprintKey(home);
    const { values, former } = valuesOf(home, vaultKey(home), name);
    const replaced = values.filter((old) => old !== value).map((old) => fingerprintsOf(key, old));
    const all = [...replaced, ...former].filter((prints) => prints.length > 0);
    return all.length === 0 ? {} : { former: all.slice(0, FORMER_VALUES_MAX) };
  } catch {
    return {};
  }
}

/** The values that a secret has now, of which a command's may be two, and what it had. */
function valuesOf(
  home: Home,
  key: Buffer,
  name: string,
): { values: readonly string[]; former: readonly (readonly Fingerprint[])[] } {
  const { hidden, sealing } = openRecord(key, name, readVaultFile(home, name));
  const { value, former = [], command } = hidden;
  const file = command === undefined ? undefined : readIfThere(cachePath(home, name), name);
  const cached = file === undefined ? undefined : openCache(key, name, file);
  const newer = cached?.of === sealing && cached.value !== value ? [cached.value] : [];
  return { values: [...newer, value], former };
}

function fingerprintKey(home: Home): Buffer {
  return deriveKey(loadKey(home), 'fingerprint');
}
