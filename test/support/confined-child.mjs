// A process that is locked down and does what it is told: functions as text, handed the library.
// It is started by confined.ts.
import { runInThisContext } from 'node:vm';

const library = await import(process.argv[2]);
library.lockdown({ onUnhandled: (text) => process.send({ unhandled: text }) });

process.on('message', async ({ id, source, file, data }) => {
  try {
    const work = source ? runInThisContext(`(${source})`) : (await import(file)).work;
    process.send({ id, value: await work(library, data) });
  } catch (error) {
    const { name, message, code } = error ?? {};
    process.send({ id, failed: { name, message: String(message ?? error), code } });
  }
});
process.send({ ready: true });
