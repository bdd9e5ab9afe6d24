import type { Home } from '../../store/home.ts';
import { makePlaceholder } from '../../vault/placeholder.ts';
import { knownPrefixes } from '../../vault/services.ts';
import { type Binding, isWithin } from '../../vault/slot.ts';
import { describeSecret, readSecret } from '../../vault/store.ts';
import { PowerboxError } from '../../wire/errors.ts';
import type { LinkSecret } from '../../wire/link.ts';

/** The secrets that one egress was told of, because a grant of its box makes use of them. */
export interface SessionSecrets {
  /** What the egress must be told before it may use a secret of this name: nothing, or it. */
  need(name: string): LinkSecret | null;
  /** What is another one by now. */
  changed(): SecretsChanged;
}

export interface SecretsChanged {
  readonly values: readonly LinkSecret[];
  /** Placeholders of those that are not in the vault any more, or are for other slots. */
  readonly gone: readonly string[];
}

export function makeSessionSecrets(home: Home): SessionSecrets {
  const told = new Map<string, LinkSecret>();
  /** Names of those that are gone. */
  const taken = new Set<string>();

  function read(name: string, placeholder: string | null): LinkSecret | null {
    try {
      const { secret, bindings } = readSecret(home, name);
      const value = secret.reveal();
      const used = new Set([...told.values()].map((known) => known.placeholder));
      const worthless = placeholder ?? makePlaceholder(value, knownPrefixes(), undefined, used);
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
    changed() {
      const values: LinkSecret[] = [];
      const gone: string[] = [];
      for (const known of told.values()) {
        const now = read(known.name, known.placeholder);
        if (now === null && !isRemoved(home, known.name)) continue;
        // A value goes only to where it is bound itself, and the egress was told of other slots.
        if (now === null || !isWithin(bindingsOf(known), bindingsOf(now))) {
          if (!taken.has(known.name)) gone.push(known.placeholder);
          taken.add(known.name);
        } else if (taken.delete(known.name) || now.value !== known.value) {
          // The egress keeps the slots that it was told first.
          const { bindings } = known;
          told.set(known.name, { ...now, bindings });
          values.push({ ...now, bindings });
        }
      }
      return { values, gone };
    },
  };
}

function isRemoved(home: Home, name: string): boolean {
  try {
    describeSecret(home, name);
    return false;
  } catch (error) {
    return PowerboxError.is(error) && error.code === 'secret-unknown';
  }
}

/** Those of a secret that was read from the vault. */
function bindingsOf({ bindings }: LinkSecret): readonly Binding[] {
  return bindings as readonly Binding[];
}
