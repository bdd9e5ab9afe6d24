// Stands for a daemon: starts a process of SQLite and gives it a statement that does not end.
import { fork } from 'node:child_process';

const [main, file] = process.argv.slice(2);
const child = fork(main, [], {
  serialization: 'advanced',
  stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
});
const text =
  'WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x) SELECT count(*) FROM x';
const work = { text, values: [], writes: false, reads: [], changes: [] };
child.send({ type: 'start', file, readOnly: true, busyMs: 100 });
child.once('message', () => {
  child.send({ type: 'run', work: { ...work, bytesMax: 1000 }, rowsMax: 1 });
  process.stdout.write(String(child.pid));
});
