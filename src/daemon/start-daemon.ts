import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Home } from '../store/home.ts';
import { PowerboxError } from '../wire/errors.ts';
import { HELD_MS_MAX, READY_BYTES_MAX, START_MS_MAX, START_POLL_MS } from './limits.ts';
import { logPath } from './places.ts';
import { READY_DESCRIPTOR, READY_VARIABLE, type Readiness } from './ready.ts';

/**
 * Makes sure that the daemon of a home runs, and connects to it; `connect` gives nothing while
 * nobody listens. However many commands do this at once, one daemon comes of it: the others find
 * its lock held and end. Throws what kept it from starting.
 */
export async function startDaemon<Connection>(
  home: Home,
  connect: () => Promise<Connection | undefined>,
): Promise<Connection> {
  const until = Date.now() + START_MS_MAX;
  while (Date.now() < until) {
    const readiness = await spawnDaemon(home, until);
    if (readiness.state === 'failed') {
      const { code, message, hint } = readiness;
      throw new PowerboxError(code, message, { hint });
    }
    // One that has the home is on its way up, or out; in the second case a new one is needed.
    const look = Math.min(until, Date.now() + HELD_MS_MAX);
    do {
      const connection = await connect();
      if (connection) return connection;
      await sleep(START_POLL_MS);
    } while (Date.now() < look);
  }
  throw tooLate(home);
}

/**
 * In a session of its own, so that no terminal ends it, and without anything of the caller's
 * environment that it does not need.
 */
async function spawnDaemon(home: Home, until: number): Promise<Readiness> {
  const main = fileURLToPath(new URL('./main.js', import.meta.url));
  // What the engine itself says before it dies lands where the person looks first.
  const log = openSync(logPath(home), 'a', 0o600);
  const child = spawn(process.execPath, ['--disable-proto=throw', main], {
    cwd: '/',
    env: daemonEnvironment(home),
    detached: true,
    stdio: ['ignore', 'ignore', log, 'pipe'],
  });
  closeSync(log);
  const pipe = child.stdio[READY_DESCRIPTOR] as Readable;
  const timer = setTimeout(() => child.kill('SIGKILL'), until - Date.now());
  const failed = new Promise<never>((_, fail) => {
    child.once('error', (cause) =>
      fail(
        new PowerboxError(
          'daemon-unreachable',
          'Cannot start the daemon: its process could not be made.',
          { cause },
        ),
      ),
    );
  });
  failed.catch(() => {});
  try {
    const line = await Promise.race([firstLine(pipe), failed]);
    if (line !== '') return JSON.parse(line) as Readiness;
  } finally {
    clearTimeout(timer);
    pipe.destroy();
    child.unref();
  }
  if (Date.now() >= until) throw tooLate(home);
  throw new PowerboxError('daemon-unreachable', 'Cannot start the daemon: it ended at once.', {
    hint: 'Run `powerbox daemon logs`.',
  });
}

async function firstLine(pipe: Readable): Promise<string> {
  let text = '';
  for await (const chunk of pipe) {
    text += String(chunk);
    if (text.includes('\n') || text.length > READY_BYTES_MAX) break;
  }
  return text.split('\n')[0] ?? '';
}

function tooLate(home: Home): PowerboxError {
  return new PowerboxError(
    'daemon-unreachable',
    `Cannot reach the daemon of ${home.root}: it was not ready in ${START_MS_MAX / 1_000} seconds.`,
    { hint: 'Run `powerbox daemon logs`.' },
  );
}

/**
 * What commands that print a key or a secret may need to find their own stores, what name
 * resolution and private authorities need, and where programs are. Never NODE_OPTIONS.
 */
const KEPT: readonly string[] = [
  'HOME',
  'USER',
  'LOGNAME',
  'PATH',
  'LANG',
  'LC_ALL',
  'TZ',
  'XDG_RUNTIME_DIR',
  'XDG_CONFIG_HOME',
  'XDG_DATA_HOME',
  'DBUS_SESSION_BUS_ADDRESS',
  'GNUPGHOME',
  'PASSWORD_STORE_DIR',
  'NODE_EXTRA_CA_CERTS',
  'LOCALDOMAIN',
  'RES_OPTIONS',
  'POWERBOX_DAEMON_IDLE',
];

function daemonEnvironment(home: Home): Record<string, string> {
  const env: Record<string, string> = {
    POWERBOX_HOME: home.root,
    [READY_VARIABLE]: String(READY_DESCRIPTOR),
  };
  for (const name of KEPT) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
}
