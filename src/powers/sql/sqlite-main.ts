import type { ToSqlite } from './sqlite-protocol.ts';
import { makeSession } from './sqlite-session.ts';

// A process of its own, as SQLite cannot be stopped in the middle of a statement: it is killed.
const act = makeSession();
process.on('message', (message: ToSqlite) => {
  process.send?.(act(message), () => {});
});
// When the daemon is gone nobody takes an answer; what was not committed is undone.
process.on('disconnect', () => process.exit(0));
