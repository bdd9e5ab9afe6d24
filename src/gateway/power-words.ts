import { type GrantView, HOST, type Kernel } from '../kernel/kernel.ts';
import type { PowerDefinition } from '../ocap/power.ts';
import { originText } from '../policy/rule.ts';
import { parseRules } from '../policy/rules.ts';
import { PowerboxError } from '../wire/errors.ts';

/** A power as somebody words it: a grant that is there, or a power that the host can make. */
export type WordedPower =
  | { readonly type: 'grant'; readonly grant: string }
  | { readonly type: 'new'; readonly power: NewPower };

export interface NewPower {
  readonly kind: string;
  readonly definition: PowerDefinition<unknown, unknown, unknown>;
  readonly config: unknown;
  /** The rules that the words had beyond the resource. */
  readonly only: readonly string[];
}

/** Throws `name-unknown`, `grant-unknown`, `kind-unknown`, or what is wrong with a new power. */
export async function readPower(kernel: Kernel, giver: string, text: string): Promise<WordedPower> {
  if (/^gr-[A-Za-z0-9_-]+$/.test(text)) {
    return { type: 'grant', grant: heldGrant(kernel, giver, text) };
  }
  if (giver !== HOST || !looksNew(kernel, text)) {
    return { type: 'grant', grant: kernel.names.lookup(giver, text) };
  }
  return { type: 'new', power: await readNewPower(kernel, text) };
}

/** Throws `grant-unknown` also for a grant of somebody else, so that ids tell nothing. */
export function heldGrant(kernel: Kernel, holder: string, id: string): string {
  const { grant } = kernel.view(id);
  if (grant.to === holder) return grant.id;
  throw new PowerboxError('grant-unknown', `Cannot find the grant ${id.slice(0, 64)}.`);
}

/** A petname has neither a colon, nor a blank, nor begins with a host's name that has a dot. */
function looksNew(kernel: Kernel, text: string): boolean {
  const kind = /^([a-z][a-z0-9-]*):/.exec(text)?.[1];
  if (kind !== undefined) return true;
  if (/[\s*]/.test(text)) return true;
  if (isName(kernel, text)) return false;
  return /^(?:localhost|[^/]*\.[^/]*)(?::\d+)?(?:\/|$)/.test(text);
}

function isName(kernel: Kernel, text: string): boolean {
  try {
    kernel.names.lookup(HOST, text);
    return true;
  } catch (error) {
    if (PowerboxError.is(error)) return false;
    throw error;
  }
}

/**
 * `KIND:WORDS`, or words of http: a rule with whatever `--only` takes behind it, or an origin
 * `with` the name of a secret. What they say beyond the origin becomes a rule of the grant.
 */
export async function readNewPower(kernel: Kernel, text: string): Promise<NewPower> {
  const [, kind, words = ''] = /^([a-z][a-z0-9-]*):(.*)$/s.exec(text) ?? [];
  // `https://host` and `localhost:8080` begin like a kind and are origins; a kind that is there goes
  // before a host of its name.
  const isPort = /^\d+(?:[/ ]|$)/.test(words) && !kernel.kinds.has(kind ?? '');
  const isOrigin = kind === 'https' || words.startsWith('//') || isPort;
  if (kind === 'http' && !isOrigin) return readHttp(kernel, words);
  if (kind === undefined || isOrigin) return readHttp(kernel, text);
  const definition = definitionOf(kernel, kind);
  return { kind, definition, config: definition.readConfig(words), only: [] };
}

async function readHttp(kernel: Kernel, text: string): Promise<NewPower> {
  const definition = definitionOf(kernel, 'http');
  const [, words = '', secret] = /^(.*?)(?: +with +(\S+))?$/s.exec(text.trim()) ?? [];
  const [, place = '', rest = ''] = /^((?:[A-Z][A-Z0-9_,-]* +)?\S*)(.*)$/s.exec(words) ?? [];
  const [rule] = await parseRules([place.replace(/ +/, ' ')]);
  if (rule === undefined) throw new PowerboxError('power-invalid', 'Cannot read an empty rule.');
  const { methods, path } = rule.narrowing;
  const isWhole = methods === null && path === null && rest === '';
  const credential = secret === undefined ? '' : ` with ${secret}`;
  const config = definition.readConfig(`${originText(rule.config)}${credential}`);
  // The place is in its canonical form: how it was written is not how its kind may know it.
  return { kind: 'http', definition, config, only: isWhole ? [] : [`${rule.text}${rest}`] };
}

export function definitionOf(
  kernel: Kernel,
  kind: string,
): PowerDefinition<unknown, unknown, unknown> {
  const installed = kernel.kinds.get(kind);
  if (installed === undefined) {
    const known = [...kernel.kinds.keys()].join(', ');
    throw new PowerboxError(
      'kind-unknown',
      `Cannot use the kind ${JSON.stringify(kind.slice(0, 64))}: the kinds are ${known}.`,
    );
  }
  return installed.definition;
}

/** The host's root grant for such a power, made when there is none. */
export function rootOf(kernel: Kernel, wanted: NewPower, reason: string): GrantView {
  const same = JSON.stringify(wanted.config);
  const root = kernel
    .grants({ to: HOST })
    .find(
      ({ grant, power, valid }) =>
        grant.parent === null &&
        power.kind === wanted.kind &&
        valid.allow &&
        JSON.stringify(power.config) === same,
    );
  return root ?? kernel.view(kernel.makePower(wanted.kind, wanted.config, reason).root.id);
}
