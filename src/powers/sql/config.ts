import { isAbsolute, normalize } from 'node:path';
import { z } from 'zod';
import { quote } from '../../policy/quote.ts';
import { PowerboxError } from '../../wire/errors.ts';

export interface SqliteConfig {
  readonly dialect: 'sqlite';
  /** Absolute and normal. */
  readonly file: string;
  readonly readOnly: boolean;
}

export interface PostgresConfig {
  readonly dialect: 'postgres';
  /** A name, an address, or the folder of a unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  /** `verify` is TLS with a certificate that is checked; `none` is for what stays on a machine. */
  readonly tls: 'verify' | 'none';
  /** The name of the secret that is the password. */
  readonly credential: string | null;
}

export type SqlConfig = SqliteConfig | PostgresConfig;

const word = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[^\u0000-\u001f\u007f]+$/);

export const configSchema: z.ZodType<SqlConfig> = z.discriminatedUnion('dialect', [
  z.strictObject({
    dialect: z.literal('sqlite'),
    file: word
      .max(4096)
      .refine((file) => isAbsolute(file) && normalize(file) === file && !file.endsWith('/')),
    readOnly: z.boolean(),
  }),
  z.strictObject({
    dialect: z.literal('postgres'),
    host: word,
    port: z.int().min(1).max(65_535),
    user: word,
    database: word,
    tls: z.enum(['verify', 'none']),
    credential: z
      .string()
      .regex(/^[A-Za-z0-9._-]{1,128}$/)
      .nullable(),
  }),
]);

/**
 * `sqlite:/path.db`, `sqlite:/path.db?readonly`, `postgres://user@host:5432/db`,
 * `postgres:///db?host=/tmp/sock&user=me`, each of the last two with ` with SECRET` or without.
 */
export function readConfig(text: string): SqlConfig {
  const [place = '', secret, ...more] = text.split(' with ');
  if (more.length > 0) throw fault('it has "with" twice');
  const config = place.startsWith('sqlite:')
    ? readSqlite(place.slice('sqlite:'.length), secret)
    : readPostgres(place, secret ?? null);
  const read = configSchema.safeParse(config);
  if (read.success) return read.data;
  throw fault(`${read.error.issues[0]?.path.join('.') || 'it'} is not right`);
}

function readSqlite(place: string, secret: string | undefined): SqliteConfig {
  if (secret !== undefined) throw fault('SQLite has no password');
  const readOnly = place.endsWith('?readonly');
  return {
    dialect: 'sqlite',
    file: readOnly ? place.slice(0, -'?readonly'.length) : place,
    readOnly,
  };
}

const SETTINGS: readonly string[] = ['host', 'port', 'user', 'sslmode'];

function readPostgres(place: string, credential: string | null): PostgresConfig {
  if (!/^postgres(ql)?:\/\//.test(place)) {
    throw fault('it begins with neither sqlite: nor postgres://');
  }
  const url = tryUrl(place);
  if (url === null || url.hash !== '') throw fault('it is no URL');
  if (url.password !== '') throw fault('a password is a secret: use "with SECRET"');
  for (const key of url.searchParams.keys()) {
    if (!SETTINGS.includes(key) || url.searchParams.getAll(key).length > 1) {
      throw fault(`the setting ${quote(key)} is unknown or doubled`);
    }
  }
  const host = (url.searchParams.get('host') ?? decode(url.hostname)) || 'localhost';
  const mode = url.searchParams.get('sslmode') ?? (isLocal(host) ? 'disable' : 'verify-full');
  if (mode !== 'disable' && mode !== 'verify-full') {
    throw fault('sslmode is verify-full or disable');
  }
  return {
    dialect: 'postgres',
    host: host.replace(/^\[(.*)\]$/, '$1'),
    port: Number(url.searchParams.get('port') ?? (url.port || '5432')),
    user: url.searchParams.get('user') ?? (decode(url.username) || 'postgres'),
    database: decode(url.pathname.slice(1)),
    tls: mode === 'disable' ? 'none' : 'verify',
    credential,
  };
}

function tryUrl(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}

/** What is sent there does not leave the machine. */
function isLocal(host: string): boolean {
  return host.startsWith('/') || ['localhost', '127.0.0.1', '[::1]', '::1'].includes(host);
}

/** A phrase that `readConfig` reads back. Without the password, as there is none. */
export function writeConfig(config: SqlConfig): string {
  if (config.dialect === 'sqlite') {
    return `sqlite:${config.file}${config.readOnly ? '?readonly' : ''}`;
  }
  const isSocket = config.host.startsWith('/');
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  const settings = new URLSearchParams();
  if (isSocket) settings.set('host', config.host);
  if (isSocket) settings.set('user', config.user);
  if (isSocket && config.port !== 5432) settings.set('port', String(config.port));
  if ((config.tls === 'none') !== isLocal(config.host)) {
    settings.set('sslmode', config.tls === 'none' ? 'disable' : 'verify-full');
  }
  const port = config.port === 5432 ? '' : `:${config.port}`;
  const authority = isSocket ? '' : `${encodeURIComponent(config.user)}@${host}${port}`;
  const query = settings.size > 0 ? `?${settings}` : '';
  const secret = config.credential === null ? '' : ` with ${config.credential}`;
  return `postgres://${authority}/${encodeURIComponent(config.database)}${query}${secret}`;
}

/** Without the text, which may hold a password that does not belong there. */
function fault(because: string): PowerboxError {
  return new PowerboxError('power-invalid', `Cannot read the place of the database: ${because}.`);
}
