import type { BoundSecret, NewValue } from '../egress/protocol.ts';
import type { Home } from '../store/home.ts';
import { isWithin } from '../vault/slot.ts';
import { readSecret } from '../vault/store.ts';
import { SECRET_REFRESH_MS } from './limits.ts';

/**
 * Watches the secrets of a running box: a value that was rotated, or that its command gives anew
 * when the old one has expired, reaches the egress without a restart. A secret that cannot be read
 * for the moment keeps its value, and so does one that is for other slots by now: a value is sent
 * only to where it is bound itself.
 */
export function followSecrets(
  home: Home,
  secrets: readonly BoundSecret[],
  changed: (values: readonly NewValue[]) => void,
): { close(): void } {
  const known = new Map(secrets.map((secret) => [secret, secret.value]));
  const timer = setInterval(() => {
    const values: NewValue[] = [];
    for (const [secret, before] of known) {
      const value = currentValue(home, secret);
      if (value === null || value === before) continue;
      known.set(secret, value);
      values.push({ placeholder: secret.placeholder, value });
    }
    if (values.length > 0) changed(values);
  }, SECRET_REFRESH_MS);
  timer.unref();
  return { close: () => clearInterval(timer) };
}

function currentValue(home: Home, { name, bindings }: BoundSecret): string | null {
  try {
    const now = readSecret(home, name);
    return isWithin(bindings, now.bindings) ? now.secret.reveal() : null;
  } catch {
    return null;
  }
}
