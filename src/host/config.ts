import { readFileSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import type { HostOverride } from '../egress/protocol.ts';
import type { Home } from '../store/home.ts';
import { PowerboxError } from '../wire/errors.ts';
import { KINDS_MAX } from './limits.ts';

/** What the person has set for the whole home, in config.json. A missing file is an empty one. */
export interface Config {
  /** Private hosts, keyed `name:port`. */
  readonly hosts: Readonly<Record<string, HostOverride>>;
  /** Paths of modules that declare further kinds of powers. */
  readonly kinds: readonly string[];
}

const EMPTY: Config = { hosts: {}, kinds: [] };

/** Reads config.json strictly: an unknown key is refused, since a misspelt rule protects nothing. */
export function readConfig(home: Home): Config {
  let text: string;
  try {
    text = readFileSync(home.config, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return EMPTY;
    throw invalid(home, 'the file cannot be read');
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid(home, 'it is not JSON');
  }
  const root = record(home, value, '/', ['egress', 'vault', 'kinds']);
  if (root.vault !== undefined) record(home, root.vault, '/vault', ['keyCommand']);
  const kinds = modulePaths(home, root.kinds);
  if (root.egress === undefined) return { hosts: {}, kinds };
  const egress = record(home, root.egress, '/egress', ['hosts']);
  const hosts: Record<string, HostOverride> = {};
  if (egress.hosts !== undefined) {
    for (const [key, entry] of Object.entries(record(home, egress.hosts, '/egress/hosts', null))) {
      hosts[hostKey(home, key)] = override(home, key, entry);
    }
  }
  return { hosts, kinds };
}

function modulePaths(home: Home, value: unknown): readonly string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length > KINDS_MAX) {
    throw invalid(home, `/kinds is not a list of at most ${KINDS_MAX} paths`);
  }
  return value.map((path: unknown, index) => {
    if (typeof path === 'string' && isAbsolute(path)) return path;
    throw invalid(home, `/kinds/${index} is not an absolute path`);
  });
}

function override(home: Home, key: string, entry: unknown): HostOverride {
  const at = `/egress/hosts/${key}`;
  const fields = record(home, entry, at, ['connect', 'ca']);
  const connect = optionalText(home, fields.connect, `${at}/connect`);
  if (connect !== undefined && !/^(\[[0-9a-fA-F:.]+\]|[^:[\]\s]+):\d{1,5}$/.test(connect)) {
    throw invalid(home, `${at}/connect is not "address:port"`);
  }
  const ca = optionalText(home, fields.ca, `${at}/ca`);
  return {
    ...(connect === undefined ? {} : { connect }),
    ...(ca === undefined ? {} : { ca: authorityText(home, ca, at) }),
  };
}

/** `ca` is PEM text, or the path of a file with it, taken from the folder of config.json. */
function authorityText(home: Home, ca: string, at: string): string {
  if (ca.startsWith('-----BEGIN CERTIFICATE-----')) return ca;
  try {
    return readFileSync(resolve(home.root, ca), 'utf8');
  } catch {
    throw invalid(home, `${at}/ca names a file that cannot be read`);
  }
}

function hostKey(home: Home, key: string): string {
  const match = /^([a-z0-9._-]+|\[[0-9a-f:.]+\]|[0-9.]+):(\d{1,5})$/i.exec(key);
  if (match === null) throw invalid(home, `the key "${key}" is not "name:port"`);
  return `${(match[1] as string).toLowerCase().replace(/^\[|\]$/g, '')}:${Number(match[2])}`;
}

function optionalText(home: Home, value: unknown, at: string): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw invalid(home, `${at} is not text`);
  return value;
}

function record(
  home: Home,
  value: unknown,
  at: string,
  keys: readonly string[] | null,
): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(home, `${at} is not an object`);
  }
  for (const key of Object.keys(value)) {
    if (keys !== null && !keys.includes(key))
      throw invalid(home, `${at} has the unknown key "${key}"`);
  }
  return value as Record<string, unknown>;
}

function invalid(home: Home, why: string): PowerboxError {
  return new PowerboxError('config-invalid', `Cannot use ${home.config}: ${why}.`);
}
