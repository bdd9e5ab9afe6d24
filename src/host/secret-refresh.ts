import type { BoundSecret, NewValue, SecretChange } from '../egress/protocol.ts';
import type { Home } from '../store/home.ts';
import type { Watched } from '../vault/fingerprint.ts';
import { isWithin } from '../vault/slot.ts';
import { readSecret } from '../vault/store.ts';
import { vaultVersion, watchVault } from '../vault/watch-vault.ts';
import { stillWatched, type WatchedValue, watchedOf } from '../vault/watched.ts';
import { PowerboxError } from '../wire/errors.ts';
import { SECRET_REFRESH_MS } from './limits.ts';

/** What a running box was given of the vault. */
export interface FollowedSecrets {
  readonly secrets: readonly BoundSecret[];
  /** What its requests were searched for at first. */
  readonly watched: Watched;
  /** Of the vault before that was read, by `vaultVersion`. */
  readonly version: bigint | null;
  /** Values of masked files, which are recognised too. */
  readonly masked: readonly WatchedValue[];
}

/**
 * Watches the vault for a running box: a value that was rotated, a secret that was removed, and
 * what is to be recognised reach the egress at once, without a restart. A new value that a command
 * gives when the old one has expired reaches it within SECRET_REFRESH_MS, as everything does where
 * the system tells of no change.
 *
 * A secret that cannot be read for the moment keeps its value. One that is not in the vault any
 * more, or is for other slots by now, goes: a value is sent only to where it is bound itself.
 */
export function followSecrets(
  home: Home,
  { secrets, watched: first, version, masked }: FollowedSecrets,
  changed: (change: SecretChange) => void,
): { close(): void } {
  const known = new Map<BoundSecret, string | null>(
    secrets.map((secret) => [secret, secret.value]),
  );
  let seen = version;
  let watched = first;

  /** Null while it cannot be read. */
  function readWatched(): Watched | null {
    try {
      watched = stillWatched(watched, watchedOf(home, masked));
      return watched;
    } catch {
      return null;
    }
  }

  /** `told`: something was changed, though the time of the folder may not say so. */
  function look(told: boolean): void {
    const now = vaultVersion(home);
    const isOther = told || now === null || now !== seen;
    const values: NewValue[] = [];
    const gone: string[] = [];
    for (const [secret, before] of known) {
      const value = currentValue(home, secret);
      if (value === undefined || value === before) continue;
      known.set(secret, value);
      if (value === null) gone.push(secret.placeholder);
      else values.push({ placeholder: secret.placeholder, value });
    }
    const print = isOther || values.length > 0 ? readWatched() : null;
    // What could not be read is read again the next time.
    if (!isOther || print !== null) seen = now;
    if (values.length + gone.length === 0 && print === null) return;
    changed({ values, gone, watched: print });
  }

  const timer = setInterval(look, SECRET_REFRESH_MS, false);
  timer.unref();
  const watcher = watchVault(home, () => look(true));
  // What was changed before it was watched.
  if (vaultVersion(home) !== seen) look(true);
  return {
    close() {
      clearInterval(timer);
      watcher.close();
    },
  };
}

/** Undefined while it cannot be read; null when the secret is not the box's any more. */
function currentValue(home: Home, { name, bindings }: BoundSecret): string | null | undefined {
  try {
    const now = readSecret(home, name);
    return isWithin(bindings, now.bindings) ? now.secret.reveal() : null;
  } catch (error) {
    return PowerboxError.is(error) && error.code === 'secret-unknown' ? null : undefined;
  }
}
