// Starts one box as the user that runs this, with the compiled sources in argv[2] and the spec (JSON)
// in argv[3]; TCP connections of the box are answered with their own destination. The result is one
// line of JSON on descriptor 3; the box's streams are this program's own.

import dgram from 'node:dgram';
import { writeSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';

const [, , dist, text] = process.argv;
const { startBox } = await import(join(dist, 'boxes/process/start.js'));
const { leave, transparent, ...spec } = JSON.parse(text);
const say = (value) => writeSync(3, `${JSON.stringify(value)}\n`);

process.on('SIGINT', () => {});
process.on('SIGQUIT', () => {});
try {
  const starting = await startBox(spec, transparent === undefined ? {} : { transparent });
  const open = starting.listeners.map(({ transport, family, handle }) => {
    if (transport === 'udp') {
      const socket = dgram.createSocket(family === 4 ? 'udp4' : 'udp6').bind(handle);
      socket.on('message', (_, from) => socket.send('pong', from.port, from.address));
      return socket;
    }
    return net
      .createServer((socket) => {
        socket.on('error', () => {});
        socket.end(`to ${socket.localAddress} ${socket.localPort}`);
      })
      .listen(handle);
  });
  // The servers are this process's own here; the box must not close them at its start.
  const told = { transparent: starting.transparent, listeners: starting.listeners.length };
  starting.listeners.length = 0;
  const box = await starting.go();
  say({
    ...told,
    pid: box.pid,
    childPid: box.childPid,
    startTime: box.childStartTime,
    hostUid: starting.hostUid,
    limits: box.limits,
  });
  process.on('SIGTERM', () => box.signal('SIGTERM'));
  const { status } = await box.wait();
  for (const one of open) one.close();
  await box.cleanUp();
  say({ status });
} catch (error) {
  say({ error: { code: error.code ?? 'bug', message: error.message, stack: error.stack } });
}
process.exit();
