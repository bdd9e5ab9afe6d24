import type { BoundSecret } from '../egress/protocol.ts';
import type { Kit } from '../kits/kit.ts';
import type { Home } from '../store/home.ts';
import type { PlaceholderMaker } from '../vault/env-file.ts';
import { makePlaceholder } from '../vault/placeholder.ts';
import { knownPrefixes, knownService } from '../vault/services.ts';
import { readSecret } from '../vault/store.ts';
import type { WatchedValue } from '../vault/watched.ts';
import type { Mask } from './masks.ts';

/** The secrets of one box: what its environment shows, and what the egress is told. */
export interface BoxSecrets {
  readonly bound: readonly BoundSecret[];
  /** Those of them that are in the vault, and not from a masked file. */
  readonly fromVault: readonly BoundSecret[];
  /** Values of masked files that are recognised in requests, as those of the vault are. */
  readonly masked: readonly WatchedValue[];
  /** Variables of the box; values are placeholders. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Shorter values of masked files are hidden but never sent, so theirs may be the same. */
const SENT_CHARS_MIN = 12;

/** Makes the placeholders of one box; no two that can be sent are the same. */
export function placeholders(): PlaceholderMaker {
  const taken = new Set<string>();
  return (value) => {
    if (value.length < SENT_CHARS_MIN) return makePlaceholder(value, knownPrefixes());
    const placeholder = makePlaceholder(value, knownPrefixes(), undefined, taken);
    taken.add(placeholder);
    return placeholder;
  };
}

/**
 * Binds the secrets that were asked for, and those that masked files of the workspace hold under
 * the usual name of a known service. Values of masked files that no service is known for are
 * bound nowhere: the box sees a placeholder and that is all.
 *
 * A file of the workspace may be somebody else's, or an earlier box's. So it never adds a
 * credential where the vault has one: that would be a stranger's key on an origin that is pinned.
 */
export function bindSecrets(
  home: Home,
  names: readonly string[],
  kit: Kit | null,
  masks: readonly Mask[],
  make: PlaceholderMaker,
): BoxSecrets {
  const bound: BoundSecret[] = [];
  const environment: Record<string, string> = {};
  for (const name of names) {
    const { secret, bindings } = readSecret(home, name);
    const value = secret.reveal();
    const placeholder = make(value);
    bound.push({ name, value, placeholder, bindings });
    environment[name] = placeholder;
    for (const alias of kit?.variables[name] ?? []) environment[alias] ??= placeholder;
  }
  const fromVault = [...bound];
  const pinned = new Set(fromVault.flatMap(originsOf));
  for (const mask of masks) {
    for (const { name, value, placeholder } of mask.values) {
      const known = knownService(name)?.bindings ?? [];
      const bindings = known.filter(({ origin }) => !pinned.has(origin));
      if (bindings.length > 0 && isHeaderSafe(value)) {
        bound.push({ name, value, placeholder, bindings });
      }
    }
  }
  const masked = masks.flatMap(({ values }) => values).filter(isCredential);
  return { bound, fromVault, masked, environment };
}

/** Files of settings hold much that is no secret and stands in requests: addresses, names, paths. */
const CREDENTIAL_NAME = /PASS|SECRET|TOKEN|KEY|AUTH|CRED/i;
/** Keys of this kind are shown to every visitor of a site. */
const PUBLIC_NAME = /PUBLIC|PUBLISHABLE/i;

function isCredential({ name, value }: WatchedValue): boolean {
  if (!CREDENTIAL_NAME.test(name) || PUBLIC_NAME.test(name)) return false;
  return !/\s|^[a-z]+:\/\/|^[./~]/i.test(value) && /\d/.test(value);
}

function originsOf({ bindings }: BoundSecret): string[] {
  return bindings.map(({ origin }) => origin);
}

/** A value with a line break or a character beyond Latin-1 cannot stand in a header at all. */
function isHeaderSafe(value: string): boolean {
  return value.length >= SENT_CHARS_MIN && /^[\x21-\x7e\xa0-\xff]+$/.test(value);
}
