import { execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';

/** A server of PostgreSQL of the test's own, on a socket in a folder that nobody else has. */
export interface PostgresServer {
  /** The folder of its socket. */
  readonly host: string;
  readonly user: string;
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
  const settings = ['listen_addresses=', 'fsync=off', 'shared_buffers=16MB', 'max_connections=40'];
  const server = spawn(
    join(bin, 'postgres'),
    ['-D', data, '-k', host, ...settings.flatMap((setting) => ['-c', setting])],
    { ...who, env, cwd: folder, stdio: 'ignore' },
  );
  const ended = new Promise<void>((done) => server.once('exit', () => done()));
  const owner = await connected({ host, user, database: 'postgres' });
  return {
    host,
    user,
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
