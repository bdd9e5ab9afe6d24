import { execFileSync, spawn } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';

/** A server of PostgreSQL of the test's own, on a socket in a folder that nobody else has. */
export interface PostgresServer {
  /** The folder of its socket. */
  readonly host: string;
  readonly user: string;
  /** On the loopback address, with TLS by a certificate of its own for `localhost`. */
  readonly port: number;
  readonly certificate: string;
  /** As its owner: whatever the texts say. */
  asOwner(text: string): Promise<readonly Record<string, unknown>[]>;
  stop(): Promise<void>;
}

/** Debian keeps the programs of each version in a folder of their own, out of PATH. */
function programs(): string {
  const root = '/usr/lib/postgresql';
  const version = existsSync(root)
    ? readdirSync(root)
        .filter((name) => existsSync(join(root, name, 'bin/initdb')))
        .sort((one, other) => Number(other) - Number(one))[0]
    : undefined;
  if (version === undefined) throw new Error('PostgreSQL is missing: apt-get install postgresql');
  return join(root, version, 'bin');
}

/** The user that owns nothing: PostgreSQL does not run as root. */
const NOBODY = 65_534;

export async function startPostgres(): Promise<PostgresServer> {
  const bin = programs();
  const folder = mkdtempSync(join(tmpdir(), 'powerbox-postgres-'));
  const data = join(folder, 'data');
  const host = join(folder, 'socket');
  mkdirSync(host);
  const who = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  if ('uid' in who) for (const path of [folder, host]) chownSync(path, NOBODY, NOBODY);
  const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8', TZ: 'UTC' };
  const user = 'owner';
  execFileSync(
    join(bin, 'initdb'),
    ['-D', data, '-U', user, '-A', 'trust', '-E', 'UTF8', '--no-sync', '--no-instructions'],
    { ...who, env, cwd: folder, stdio: 'pipe' },
  );
  const port = await freePort();
  const certificate = makeCertificate(folder, who);
  const settings = [
    'listen_addresses=127.0.0.1',
    `port=${port}`,
    'ssl=on',
    `ssl_cert_file=${join(folder, 'server.crt')}`,
    `ssl_key_file=${join(folder, 'server.key')}`,
    'fsync=off',
    'shared_buffers=16MB',
    'max_connections=40',
  ];
  const server = spawn(
    join(bin, 'postgres'),
    ['-D', data, '-k', host, ...settings.flatMap((setting) => ['-c', setting])],
    { ...who, env, cwd: folder, stdio: 'ignore' },
  );
  const ended = new Promise<void>((done) => server.once('exit', () => done()));
  const owner = await connected({ host, port, user, database: 'postgres' });
  return {
    host,
    user,
    port,
    certificate,
    asOwner: async (text) => {
      const result = await owner.query<Record<string, unknown>>(text);
      return Array.isArray(result) ? [] : result.rows;
    },
    async stop() {
      await owner.end();
      // SIGINT ends sessions and then the server; SIGTERM would wait for them.
      server.kill('SIGINT');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

function makeCertificate(folder: string, who: { uid?: number; gid?: number }): string {
  const [key, certificate] = [join(folder, 'server.key'), join(folder, 'server.crt')];
  const words =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost';
  execFileSync('openssl', [...words.split(' '), '-keyout', key, '-out', certificate], {
    ...who,
    stdio: 'pipe',
  });
  return readFileSync(certificate, 'utf8');
}

async function connected(config: object): Promise<Client> {
  for (let tries = 1; ; tries += 1) {
    const client = new Client(config);
    client.on('error', () => {});
    try {
      await client.connect();
      return client;
    } catch (error) {
      if (tries >= 200) throw error;
      await new Promise((done) => setTimeout(done, 50));
    }
  }
}
