import { readdirSync, rmSync } from 'node:fs';
import type { Home } from '../store/home.ts';
import { PowerboxError } from '../wire/errors.ts';
import { errnoOf, syncFolder, writeAtomically } from './atomic-file.ts';
import {
  cachePath,
  readIfThere,
  readVaultFile,
  recordPath,
  unknown,
  vaultKey,
  writeRecord,
} from './files.ts';
import { ORIGINS_MAX } from './limits.ts';
import { type HiddenPart, openCache, openRecord, type SecretInfo, sealCache } from './record.ts';
import { Secret } from './secret.ts';
import type { Binding } from './slot.ts';
import { readSource, type SecretSource, type SourceValue, valueFromCommand } from './source.ts';
import { checkName, checkSlots, isSecretName } from './value.ts';
import { formerOf } from './watched.ts';

export interface NewSecret {
  readonly name: string;
  readonly bindings: readonly Binding[];
  readonly source: SecretSource;
  /** Accept a value below SECRET_CHARS_MIN. */
  readonly short?: boolean;
}

/** Milliseconds since the epoch; tests hand in another. */
export type Clock = () => number;

/**
 * Keeps a secret, in place of one of the same name, whose values are still recognised. Throws
 * `secret-invalid`, `secret-no-origin`, `secret-source-failed`, or what `loadKey` throws; nothing
 * is written then.
 */
export function setSecret(home: Home, secret: NewSecret, now: Clock = Date.now): SecretInfo {
  const { name, bindings, source, short = false } = secret;
  checkName(name);
  checkBindings(name, bindings);
  const key = vaultKey(home);
  const read = readSource(name, source, short);
  checkSlots(name, bindings, read.value);
  const created = now();
  const info: SecretInfo = { name, bindings, source: source.kind, created, rotated: null };
  const former = formerOf(home, name, read.value);
  writeRecord(home, key, info, { ...hiddenOf(read, short, created), ...former });
  return info;
}

/**
 * Replaces the value (and its source) and keeps the bindings. The old value is still recognised,
 * though it is not kept (see `fingerprint.ts`). Throws `secret-unknown`,
 * `vault-unreadable`, and what `setSecret` throws.
 */
export function rotateSecret(
  home: Home,
  name: string,
  source: SecretSource,
  options: { readonly short?: boolean; readonly now?: Clock } = {},
): SecretInfo {
  const { short = false, now = Date.now } = options;
  const key = vaultKey(home);
  // Opened first: bindings that someone else wrote must not be sealed again as if they were ours.
  const { info } = openRecord(key, name, readVaultFile(home, name));
  const read = readSource(name, source, short);
  checkSlots(name, info.bindings, read.value);
  const rotated = now();
  const changed: SecretInfo = { ...info, source: source.kind, rotated };
  const former = formerOf(home, name, read.value);
  writeRecord(home, key, changed, { ...hiddenOf(read, short, rotated), ...former });
  return changed;
}

/**
 * Every secret, by name in order. Each file is opened, so that the bindings it shows are those
 * that were set. Throws `vault-unreadable` for the first that cannot be.
 */
export function listSecrets(home: Home): readonly SecretInfo[] {
  const names = readdirSync(home.vault)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .filter(isSecretName)
    .sort();
  if (names.length === 0) return [];
  const key = vaultKey(home);
  return names.map((name) => openRecord(key, name, readVaultFile(home, name)).info);
}

/**
 * The value and where it may go. Runs the command of a secret whose value has expired. Throws
 * `secret-unknown`, `vault-unreadable`, `secret-source-failed` or `secret-invalid`.
 */
export function readSecret(
  home: Home,
  name: string,
  now: Clock = Date.now,
): { secret: Secret; bindings: readonly Binding[] } {
  checkName(name);
  const file = readVaultFile(home, name);
  const key = vaultKey(home);
  const { info, hidden, sealing } = openRecord(key, name, file);
  const value =
    hidden.command === undefined ? hidden.value : fresh(home, key, name, sealing, hidden, now);
  return { secret: new Secret(name, value), bindings: info.bindings };
}

/** What is known of one secret, without its value. Throws `secret-unknown`, `vault-unreadable`. */
export function describeSecret(home: Home, name: string): SecretInfo {
  checkName(name);
  const file = readVaultFile(home, name);
  return openRecord(vaultKey(home), name, file).info;
}

/** Works on unreadable files too. Throws `secret-unknown`. */
export function removeSecret(home: Home, name: string): void {
  checkName(name);
  try {
    rmSync(recordPath(home, name));
  } catch (error) {
    throw errnoOf(error) === 'ENOENT' ? unknown(name) : error;
  }
  rmSync(cachePath(home, name), { force: true });
  syncFolder(home.vault);
}

/**
 * The value of a command's secret that is still good, else a new one. New values lie in a file
 * beside the record and are tied to its sealing: one that is written late, after a rotation or a
 * removal, is of no effect, so no lock is needed.
 */
function fresh(
  home: Home,
  key: Buffer,
  name: string,
  sealing: string,
  hidden: HiddenPart,
  now: Clock,
): string {
  const { command, ttlMs } = hidden.command ?? { command: '', ttlMs: 0 };
  // An expiry beyond one whole time from now means that the clock was set back.
  const good = (expires = 0): boolean => now() < expires && expires <= now() + ttlMs;
  if (good(hidden.expires)) return hidden.value;
  const cacheFile = readIfThere(cachePath(home, name), name);
  const cached = cacheFile === undefined ? undefined : openCache(key, name, cacheFile);
  if (cached?.of === sealing && good(cached.expires)) return cached.value;
  const value = valueFromCommand(name, command, hidden.short);
  const next = { value, of: sealing, expires: now() + ttlMs };
  writeAtomically(cachePath(home, name), sealCache(key, name, next));
  return value;
}

function hiddenOf({ value, command }: SourceValue, short: boolean, now: number): HiddenPart {
  if (command === undefined) return { value, short };
  return { value, short, command, expires: now + command.ttlMs };
}

function checkBindings(name: string, bindings: readonly Binding[]): void {
  if (bindings.length === 0 || bindings.some(({ slots }) => slots.length === 0)) {
    throw new PowerboxError(
      'secret-no-origin',
      `Cannot keep the secret ${name}: nothing says which origin may receive it.`,
    );
  }
  if (bindings.length > ORIGINS_MAX) {
    throw new PowerboxError(
      'secret-invalid',
      `Cannot keep the secret ${name}: it has more than ${ORIGINS_MAX} origins.`,
    );
  }
}
