/** The files of the vault: one record for each secret, and beside it a newer value of a command. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Home } from '../store/home.ts';
import { PowerboxError } from '../wire/errors.ts';
import { errnoOf, readRegularFile, writeAtomically } from './atomic-file.ts';
import { deriveKey, loadKey } from './key.ts';
import { VAULT_FILE_BYTES_MAX } from './limits.ts';
import { type HiddenPart, type SecretInfo, sealRecord, unreadable } from './record.ts';
import { checkName } from './value.ts';

export function vaultKey(home: Home): Buffer {
  return deriveKey(loadKey(home), 'vault');
}

export function writeRecord(home: Home, key: Buffer, info: SecretInfo, hidden: HiddenPart): void {
  writeAtomically(recordPath(home, info.name), sealRecord(key, info, hidden));
  rmSync(cachePath(home, info.name), { force: true });
}

/** Throws `secret-unknown`, `vault-unreadable`. */
export function readVaultFile(home: Home, name: string): Buffer {
  checkName(name);
  const file = readIfThere(recordPath(home, name), name);
  if (file === undefined) throw unknown(name);
  return file;
}

/** Undefined where nothing lies. Throws `vault-unreadable`. */
export function readIfThere(path: string, name: string): Buffer | undefined {
  try {
    const { content } = readRegularFile(path, VAULT_FILE_BYTES_MAX);
    if (content.length <= VAULT_FILE_BYTES_MAX) return content;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
  }
  throw unreadable(name);
}

export function unknown(name: string): PowerboxError {
  return new PowerboxError('secret-unknown', `Cannot find a secret named ${name}.`);
}

/** Names have no dot and no slash (`checkName`), so these stay in the vault and never meet. */
export function recordPath(home: Home, name: string): string {
  return join(home.vault, `${name}.json`);
}

export function cachePath(home: Home, name: string): string {
  return join(home.vault, `${name}.cache`);
}
