import { closeSync, openSync } from 'node:fs';
import { PowerboxError } from '../wire/errors.ts';
import { errnoOf, readUpTo } from './atomic-file.ts';
import {
  COMMAND_BYTES_MAX,
  SECRET_BYTES_MAX,
  TTL_MS_DEFAULT,
  TTL_MS_MAX,
  TTL_MS_MIN,
} from './limits.ts';
import { runCommand } from './run-command.ts';
import { checkValue, decodeValue } from './value.ts';

/** Where a value comes from. Only a command is asked again; the others are read once. */
export type SecretSource =
  | { readonly kind: 'literal'; readonly value: string }
  | { readonly kind: 'file'; readonly path: string }
  | {
      readonly kind: 'env';
      readonly variable: string;
      readonly env: Readonly<Record<string, string | undefined>>;
    }
  | { readonly kind: 'command'; readonly command: string; readonly ttlMs?: number };

export type SourceKind = SecretSource['kind'];

/** What is kept of a command, beside the value it printed last. */
export interface CommandSource {
  readonly command: string;
  readonly ttlMs: number;
}

export interface SourceValue {
  readonly value: string;
  /** Present when the source is a command. */
  readonly command?: CommandSource;
}

/**
 * Reads a source once. Throws `secret-invalid` for a value that cannot be kept and
 * `secret-source-failed` for a source that gives none.
 */
export function readSource(name: string, source: SecretSource, short: boolean): SourceValue {
  if (source.kind === 'command') {
    const command = { command: source.command, ttlMs: source.ttlMs ?? TTL_MS_DEFAULT };
    checkCommand(name, command);
    return { value: valueFromCommand(name, command.command, short), command };
  }
  const value = readOnce(name, source);
  checkValue(name, value, short);
  return { value };
}

function readOnce(name: string, source: Exclude<SecretSource, { kind: 'command' }>): string {
  if (source.kind === 'literal') return source.value;
  if (source.kind === 'file') return decodeValue(name, readFile(name, source.path));
  const value = source.env[source.variable];
  if (value === undefined) {
    throw new PowerboxError(
      'secret-source-failed',
      `Cannot read ${name}: the variable of --from-env is not set.`,
      { hint: 'Export the variable in this shell first.' },
    );
  }
  return value;
}

/** A pipe may be read too (`--from-file <(pass show x)`), so this is not limited to files. */
function readFile(name: string, path: string): Buffer {
  try {
    const file = openSync(path, 'r');
    try {
      return readUpTo(file, SECRET_BYTES_MAX + 3);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw new PowerboxError(
      'secret-source-failed',
      `Cannot read ${name} from ${path}: ${errnoOf(error) ?? 'unreadable'}.`,
      { hint: 'Check the path of --from-file.' },
    );
  }
}

/** Runs the command of a secret and checks what it prints. Throws `secret-source-failed`. */
export function valueFromCommand(name: string, command: string, short: boolean): string {
  const result = runCommand(command, SECRET_BYTES_MAX + 2);
  if (!result.ok) {
    throw new PowerboxError(
      'secret-source-failed',
      `Cannot read ${name} from its command: ${result.reason}.`,
    );
  }
  const value = decodeValue(name, result.output);
  checkValue(name, value, short);
  return value;
}

function checkCommand(name: string, { command, ttlMs }: CommandSource): void {
  const tooLong = Buffer.byteLength(command) > COMMAND_BYTES_MAX;
  if (command.trim() === '' || command.includes('\0') || tooLong) {
    const reason = tooLong ? `is longer than ${COMMAND_BYTES_MAX} bytes` : 'is empty or holds NUL';
    throw new PowerboxError('secret-invalid', `Cannot keep ${name}: its command ${reason}.`);
  }
  if (!Number.isSafeInteger(ttlMs) || ttlMs < TTL_MS_MIN || ttlMs > TTL_MS_MAX) {
    throw new PowerboxError('secret-invalid', `Cannot keep ${name}: its --ttl is out of range.`, {
      hint: 'Give --ttl a time between 1s and 24h.',
    });
  }
}
