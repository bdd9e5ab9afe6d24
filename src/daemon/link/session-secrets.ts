import type { Home } from '../../store/home.ts';
import { makePlaceholder } from '../../vault/placeholder.ts';
import { knownPrefixes } from '../../vault/services.ts';
import { type Binding, isWithin } from '../../vault/slot.ts';
import { readSecret } from '../../vault/store.ts';
import type { LinkSecret } from '../../wire/link.ts';

/** The secrets that one egress was told of, because a grant of its box makes use of them. */
export interface SessionSecrets {
  /** What the egress must be told before it may use a secret of this name: nothing, or it. */
  need(name: string): LinkSecret | null;
  /** Those whose value is another one by now. */
  rotated(): readonly LinkSecret[];
}

export function makeSessionSecrets(home: Home): SessionSecrets {
  const told = new Map<string, LinkSecret>();

  function read(name: string, placeholder: string | null): LinkSecret | null {
    try {
      const { secret, bindings } = readSecret(home, name);
      const value = secret.reveal();
      const taken = new Set([...told.values()].map((known) => known.placeholder));
      const worthless = placeholder ?? makePlaceholder(value, knownPrefixes(), undefined, taken);
      return { name, value, placeholder: worthless, bindings };
    } catch {
      // The egress has the name with the grant, and refuses what would need the value.
      return null;
    }
  }

  return {
    need(name) {
      if (told.has(name)) return null;
      const secret = read(name, null);
      if (secret !== null) told.set(name, secret);
      return secret;
    },
    rotated() {
      const changed: LinkSecret[] = [];
      for (const known of [...told.values()]) {
        const now = read(known.name, known.placeholder);
        if (now === null || now.value === known.value) continue;
        // A value goes only to where it is bound itself, and the egress was told of other slots.
        if (!isWithin(bindingsOf(known), bindingsOf(now))) continue;
        told.set(known.name, now);
        changed.push(now);
      }
      return changed;
    },
  };
}

/** Those of a secret that was read from the vault. */
function bindingsOf({ bindings }: LinkSecret): readonly Binding[] {
  return bindings as readonly Binding[];
}
