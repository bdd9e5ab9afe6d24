/**
 * The daemon: the one process of a home that holds its guests, powers and grants, and the only
 * place that makes powers that do something. Started on demand by the command line.
 */
import { existsSync } from 'node:fs';
import { parseDuration } from '../host/quantities.ts';
import { type Home, openHome } from '../store/home.ts';
import { withholdMemory } from '../store/withhold-memory.ts';
import { ERRORS, PowerboxError } from '../wire/errors.ts';
import { IDLE_MS_DEFAULT, STOP_MS_MAX } from './limits.ts';
import { type Lock, takeLock } from './lock.ts';
import { type Log, openLog } from './log-file.ts';
import { placeOf } from './place-of.ts';
import { logPath, socketPath } from './places.ts';
import { tellReadiness } from './ready.ts';
import { watchHome } from './watch.ts';

async function main(): Promise<void> {
  withholdMemory();
  // Whoever starts a daemon has made its home; one that is gone by now is not made anew.
  const { POWERBOX_HOME: root } = process.env;
  if (root !== undefined && !existsSync(root)) process.exit(0);
  const home = openHome(process.env);
  const idle = process.env.POWERBOX_DAEMON_IDLE;
  const idleMs = idle === undefined ? IDLE_MS_DEFAULT : parseDuration(idle, 'POWERBOX_DAEMON_IDLE');
  // Before anything heavy is loaded: of ten that are started at once, nine end here.
  const lock = takeLock(home);
  if (lock === undefined) {
    tellReadiness({ state: 'held' });
    process.exit(ERRORS['daemon-running'].exit);
  }
  const log = openLog(logPath(home));
  await serve(home, lock, log, idleMs);
}

async function serve(home: Home, lock: Lock, log: Log, idleMs: number): Promise<void> {
  let stopping = false;
  const { openDaemon } = await import('./open-daemon.ts');
  const daemon = await openDaemon(home, log, () => stop('it was asked to stop', 0));
  const unwatch = watchHome({ lock, socket: socketPath(home), idleMs }, daemon.isNeeded, {
    // Another daemon may be at work in what is there now: nothing is finished, nothing written.
    orphaned: () => process.exit(0),
    idle: () => stop('nobody needs it', 0),
  });
  process.on('uncaughtException', (error) => {
    log.say(`fault: ${placeOf(error)}`);
    stop('of the fault', ERRORS.internal.exit);
  });
  process.on('unhandledRejection', (error) => log.say(`unhandled: ${placeOf(error)}`));
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => stop(signal, 0));
  }
  log.say(`ready: process ${process.pid}`);
  // Others who want one start their own: this one would stay for nobody.
  if (!tellReadiness({ state: 'ready' })) stop('whoever started it is gone', 0);

  function stop(why: string, status: number): void {
    if (stopping) return;
    stopping = true;
    unwatch();
    log.say(`stops: ${why}`);
    // Whatever hangs, the lock is let go of in time; the journal has every row that was promised.
    setTimeout(() => process.exit(status), STOP_MS_MAX / 2).unref();
    void daemon.close().finally(() => {
      lock.release();
      process.exit(status);
    });
  }
}

main().catch((error: unknown) => {
  const { code, message, hint } = PowerboxError.is(error)
    ? error
    : {
        code: 'internal' as const,
        message: `Cannot start the daemon: ${error instanceof Error ? error.message : 'it failed'}.`,
        hint: 'Run `powerbox daemon logs`.',
      };
  try {
    openLog(logPath(openHome(process.env))).say(
      `not started: [${code}] ${message} ${placeOf(error)}`,
    );
  } catch {
    // The home itself is what is wrong; whoever started the daemon is told.
  }
  // Last of all: who hears it may take the home away.
  tellReadiness({ state: 'failed', code, message, hint });
  process.exit(ERRORS[code].exit);
});
