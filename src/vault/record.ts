import { PowerboxError } from '../wire/errors.ts';
import { type Clear, type Envelope, seal, unseal } from './envelope.ts';
import type { Fingerprint } from './fingerprint.ts';
import { type Binding, parseOrigin } from './slot.ts';
import { formatSlot, parseSlot } from './slot-text.ts';
import type { CommandSource, SourceKind } from './source.ts';

/** What the vault says of a secret to whoever asks; never its value. Times in ms since the epoch. */
export interface SecretInfo {
  readonly name: string;
  readonly bindings: readonly Binding[];
  readonly source: SourceKind;
  readonly created: number;
  /** When the value was last replaced by `rotate`; null before that. */
  readonly rotated: number | null;
}

/** What only the key opens. */
export interface HiddenPart {
  readonly value: string;
  readonly short: boolean;
  readonly command?: CommandSource;
  /** When `value` must be asked for again; only with a command. */
  readonly expires?: number;
  /** Of the values that this one replaced, the last first; each may have several. */
  readonly former?: readonly (readonly Fingerprint[])[];
}

/** A newer value of a command, valid only for the sealing of its record that `of` names. */
export interface CachedValue {
  readonly value: string;
  readonly of: string;
  readonly expires: number;
}

const VERSION = 1;

export function sealRecord(key: Buffer, info: SecretInfo, hidden: HiddenPart): Buffer {
  return seal(key, clearOf(info), JSON.stringify(hidden));
}

/**
 * The record of `name` in this file, with the name of its sealing. Throws `vault-unreadable` for
 * a file that this key did not seal, or sealed under another name.
 */
export function openRecord(
  key: Buffer,
  name: string,
  file: Buffer,
): { info: SecretInfo; hidden: HiddenPart; sealing: string } {
  const envelope = unseal(key, file);
  if (envelope === undefined) throw unreadable(name);
  const info = infoOf(name, envelope);
  // What the key sealed was checked before it was sealed; the name is what a file can be moved to.
  return { info, hidden: JSON.parse(envelope.hidden) as HiddenPart, sealing: envelope.nonce };
}

export function sealCache(key: Buffer, name: string, cached: CachedValue): Buffer {
  const { value, of, expires } = cached;
  return seal(key, { version: VERSION, cache: name, of, expires }, JSON.stringify({ value }));
}

/** As `openRecord`, for the newer value of a command. */
export function openCache(key: Buffer, name: string, file: Buffer): CachedValue {
  const envelope = unseal(key, file);
  const { version, cache, of, expires } = envelope?.clear ?? {};
  if (envelope === undefined || version !== VERSION || cache !== name) throw unreadable(name);
  const { value } = JSON.parse(envelope.hidden) as { value: string };
  return { value, of: String(of), expires: Number(expires) };
}

export function unreadable(name: string): PowerboxError {
  return new PowerboxError(
    'vault-unreadable',
    `Cannot open the secret ${name}: its file was changed, or sealed with another key.`,
  );
}

/** The order of the keys is part of the format: these bytes are what the key vouches for. */
function clearOf(info: SecretInfo): Clear {
  return {
    version: VERSION,
    name: info.name,
    bindings: info.bindings.map(({ origin, slots }) => ({ origin, slots: slots.map(formatSlot) })),
    source: info.source,
    created: info.created,
    rotated: info.rotated,
  };
}

function infoOf(name: string, { clear }: Envelope): SecretInfo {
  if (clear.version !== VERSION || clear.name !== name) throw unreadable(name);
  const bindings = clear.bindings as readonly { origin: string; slots: readonly string[] }[];
  return {
    name,
    bindings: bindings.map(({ origin, slots }) => ({
      origin: parseOrigin(origin),
      slots: slots.map(parseSlot),
    })),
    source: clear.source as SourceKind,
    created: clear.created as number,
    rotated: clear.rotated as number | null,
  };
}
