import { parseRule, type Rule } from '../policy/rule.ts';
import { PowerboxError } from '../wire/errors.ts';
import type { Kit, MadeFile } from './kit.ts';

/** A secret as far as a kit needs to know it; `origin` is `https://host:port`. */
export interface KitSecret {
  readonly name: string;
  readonly placeholder: string;
  readonly bindings: readonly { readonly origin: string }[];
}

/**
 * The secrets of a box with this kit: those that were named, and, when none of them is one of the
 * kit's, the first of the kit's that is in the vault. `held` is asked only then.
 */
export function kitSecrets(
  kit: Kit | null,
  named: readonly string[],
  held: () => readonly string[],
): readonly string[] {
  if (kit === null || named.some((name) => kit.secrets.includes(name))) return named;
  const inVault = new Set(held());
  const first = kit.secrets.find((name) => inVault.has(name));
  return first === undefined ? named : [...named, first];
}

/**
 * The kit's rules for origins to which a secret of this box is bound. An origin without one stays
 * shut: there the program has no key, and a program turned hostile could send with its own.
 * Throws `secret-unknown` when the box has no secret at all, since the program would be of no use.
 */
export function kitRules(kit: Kit | null, bound: readonly KitSecret[]): readonly Rule[] {
  if (kit === null) return [];
  if (kit.rules.length > 0 && bound.length === 0) {
    const names = kit.secrets.join(', ');
    throw new PowerboxError(
      'secret-unknown',
      `Cannot use the kit ${kit.name}: no secret was named and the vault has none of ${names}.`,
      { hint: `Run \`powerbox secret set ${kit.secrets[0]}\`.` },
    );
  }
  const origins = new Set(bound.flatMap(({ bindings }) => bindings.map(({ origin }) => origin)));
  const rules = kit.rules.map((text) => parseRule(text));
  return rules.filter((rule) => origins.has(originOf(rule) ?? ''));
}

/** Spelled as bindings spell it, with the port. Kits name exact hosts only. */
function originOf({ config: { scheme, host, port } }: Rule): string | null {
  return host.type === 'exact' ? `${scheme}://${host.name}:${port}` : null;
}

/** The text of a file that the kit makes for the box, or null when it has no secret for it. */
export function madeContent(file: MadeFile, bound: readonly KitSecret[]): string | null {
  const secret = bound.find(({ name }) => file.secrets.includes(name));
  if (secret === undefined) return null;
  return file.content.replace(/\{placeholder(?::(\d+))?\}/g, (_, last?: string) =>
    last === undefined ? secret.placeholder : secret.placeholder.slice(-Number(last)),
  );
}
