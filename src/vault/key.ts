import { hkdfSync, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { Home } from '../store/home.ts';
import { PowerboxError } from '../wire/errors.ts';
import { errnoOf, readRegularFile, writeAtomically } from './atomic-file.ts';
import { runCommand } from './run-command.ts';

const KEY_BYTES = 32;
const KEY_OUTPUT_BYTES_MAX = 4096;

/** What a key is derived for. Two purposes never share a key. */
export type KeyPurpose = 'vault' | 'journal' | 'fingerprint';

/**
 * The key of this home, 32 bytes: from `vault.keyCommand` of config.json when there is one, else
 * from the key file, which the first call makes. Use it only through `deriveKey`.
 *
 * Throws `config-invalid` (the command or its output), `state-unusable` (others may read the key
 * file) or `vault-unreadable` (the file is no key, or is gone although the vault holds secrets).
 */
export function loadKey(home: Home): Buffer {
  const command = keyCommand(home);
  if (command !== undefined) return keyFromCommand(command);
  const there = readKeyFile(home.key);
  if (there !== undefined) return there;
  // A new key would make every secret unreadable for good, without a word.
  if (readdirSync(home.vault).some((file) => file.endsWith('.json'))) {
    const late = readKeyFile(home.key);
    if (late !== undefined) return late;
    throw new PowerboxError(
      'vault-unreadable',
      `Cannot open the vault: its key file ${home.key} is missing.`,
    );
  }
  writeAtomically(home.key, randomBytes(KEY_BYTES), false);
  const made = readKeyFile(home.key);
  if (made === undefined) throw keyFault(home.key, 'it vanished while it was made');
  return made;
}

/** A 32-byte key for one purpose, by HKDF-SHA-256 (RFC 5869). */
export function deriveKey(key: Buffer, purpose: KeyPurpose): Buffer {
  return Buffer.from(hkdfSync('sha256', key, '', `powerbox/1/${purpose}`, KEY_BYTES));
}

function readKeyFile(path: string): Buffer | undefined {
  let file: ReturnType<typeof readRegularFile>;
  try {
    file = readRegularFile(path, KEY_BYTES);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw keyFault(path, errnoOf(error) === 'ELOOP' ? 'it is a symbolic link' : 'not readable');
  }
  if (file.stat.uid !== process.getuid?.()) throw keyFault(path, 'it belongs to another user');
  if ((file.stat.mode & 0o077) !== 0) {
    throw keyFault(path, 'others than its owner may read or write it', `Run: chmod 600 ${path}`);
  }
  if (file.content.length !== KEY_BYTES) {
    throw new PowerboxError(
      'vault-unreadable',
      `Cannot use the key file ${path}: it does not hold ${KEY_BYTES} bytes.`,
    );
  }
  return file.content;
}

function keyFault(path: string, reason: string, hint?: string): PowerboxError {
  return new PowerboxError(
    'state-unusable',
    `Cannot use the key file ${path}: ${reason}.`,
    hint === undefined ? {} : { hint },
  );
}

/** The one setting that is read here; whoever reads the others checks the rest of the file. */
function keyCommand(home: Home): string | undefined {
  let text: string;
  try {
    text = readFileSync(home.config, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw new PowerboxError('config-invalid', `Cannot read ${home.config}.`);
  }
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch {
    throw new PowerboxError('config-invalid', `Cannot parse ${home.config}: it is not JSON.`);
  }
  if (!isRecord(config)) {
    throw new PowerboxError('config-invalid', `Cannot parse ${home.config}: it is not an object.`);
  }
  const vault = config.vault;
  if (vault === undefined) return undefined;
  const unknown = isRecord(vault) ? Object.keys(vault).find((key) => key !== 'keyCommand') : '';
  if (!isRecord(vault) || unknown !== undefined) {
    throw settingFault(home, 'vault', 'it holds keyCommand and nothing else');
  }
  const command = vault.keyCommand;
  if (command === undefined) return undefined;
  if (typeof command !== 'string' || command.trim() === '' || command.includes('\0')) {
    throw settingFault(home, 'vault.keyCommand', 'it is the text of a command');
  }
  return command;
}

function settingFault(home: Home, setting: string, reason: string): PowerboxError {
  return new PowerboxError('config-invalid', `Cannot use ${setting} of ${home.config}: ${reason}.`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * One answer for the life of the process: the command may ask a person, and every secret that is
 * opened needs the key.
 */
const keysOfCommands = new Map<string, Buffer>();

function keyFromCommand(command: string): Buffer {
  const known = keysOfCommands.get(command);
  if (known !== undefined) return known;
  const result = runCommand(command, KEY_OUTPUT_BYTES_MAX);
  if (!result.ok) throw commandFault(result.reason);
  const text = result.output.toString('latin1').replace(/\r?\n$/, '');
  const key = /^[0-9a-fA-F]{64}$/.test(text)
    ? Buffer.from(text, 'hex')
    : Buffer.from(text, 'base64');
  const exact = text.length === 64 || key.toString('base64') === text;
  if (key.length !== KEY_BYTES || !exact) {
    throw commandFault('it must print 32 bytes as 64 hex digits or 44 characters of base64');
  }
  keysOfCommands.set(command, key);
  return key;
}

function commandFault(reason: string): PowerboxError {
  return new PowerboxError('config-invalid', `Cannot use vault.keyCommand: ${reason}.`, {
    hint: 'Run the command yourself, and mend vault.keyCommand in config.json.',
  });
}
