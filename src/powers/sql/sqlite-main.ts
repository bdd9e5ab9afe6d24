import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import type { ToSqlite } from './sqlite-protocol.ts';
import { makeSession } from './sqlite-session.ts';

// A process of its own, as SQLite cannot be stopped in the middle of a statement: it is killed.
// SQLite works in a thread, so that this one sees at any time that the daemon is gone.
if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url));
  process.on('message', (message) => worker.postMessage(message));
  worker.on('message', (answer) => process.send?.(answer, () => {}));
  const end = (): void => {
    // Leaving in an orderly way would wait for the statement; what is not committed is undone.
    process.kill(process.pid, 'SIGKILL');
  };
  worker.on('error', end);
  worker.on('exit', end);
  process.on('disconnect', end);
} else {
  const act = makeSession();
  parentPort?.on('message', (message: ToSqlite) => parentPort?.postMessage(act(message)));
}
