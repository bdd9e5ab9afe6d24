// Run in the walls of a worker, and once outside as the control. Prints `trick=done` for what went
// through, else why not.
const fs = require('node:fs');
const net = require('node:net');
const dgram = require('node:dgram');
const { spawnSync, fork } = require('node:child_process');
const { promises: dns } = require('node:dns');

const tried = (name, work) => {
  try {
    const found = work();
    console.log(`${name}=${found === false ? 'nothing' : 'done'}`);
  } catch (error) {
    console.log(`${name}=${error.code ?? error.message}`);
  }
};
const later = async (name, work) => {
  try {
    console.log(`${name}=${(await work()) === false ? 'nothing' : 'done'}`);
  } catch (error) {
    console.log(`${name}=${error.code ?? error.message}`);
  }
};
const temporary = `/tmp/powerbox-tricks-${process.pid}`;

tried('read /etc/passwd', () => fs.readFileSync('/etc/passwd'));
tried('list /', () => fs.readdirSync('/').length > 0);
tried('list /proc', () => fs.readdirSync('/proc').length > 0);
tried('read the environment of process 1', () => fs.readFileSync('/proc/self/environ').length > 0);
tried('read its own memory', () => fs.closeSync(fs.openSync('/proc/self/mem', 'r')));
tried('see the environment of the host', () => process.env.HOST_SECRET === 'of the host');
tried('write to /tmp', () => fs.writeFileSync(temporary, 'x'));
tried('make a folder', () => fs.mkdirSync(`${temporary}-folder`));
tried('make a link', () => fs.symlinkSync('/etc', `${temporary}-link`));
tried('open a device', () => fs.openSync('/dev/null', 'r+'));
tried('read the machine id', () => fs.readFileSync('/proc/sys/kernel/random/boot_id'));
tried('find a file of the host', () => fs.existsSync('/usr/bin/env'));
tried('start a shell', () => spawnSync('/bin/sh', ['-c', 'exit 0']).error === undefined);
tried('start node again', () => spawnSync(process.execPath, ['-e', '0']).error === undefined);
tried('signal its parent', () => process.kill(process.ppid, 0));
tried('signal itself', () => process.kill(process.pid, 'SIGCONT'));
tried('change its user', () => process.getuid() !== 1000);
tried('see the name of the host', () => require('node:os').hostname() !== 'box');
tried('see a network', () => Object.keys(require('node:os').networkInterfaces()).length > 0);

const events = (emitter, good) =>
  new Promise((resolve, reject) => {
    emitter.once(good, () => resolve(true));
    emitter.once('error', reject);
  });

(async () => {
  await later('listen', () =>
    events(net.createServer().listen(0, '127.0.0.1').unref(), 'listening'),
  );
  await later('listen on a path', () =>
    events(net.createServer().listen(`${temporary}.sock`).unref(), 'listening'),
  );
  await later('send a datagram', async () => {
    const socket = dgram.createSocket('udp4');
    const sent = new Promise((resolve, reject) => {
      socket.on('error', reject);
      socket.send('x', 9, '127.0.0.1', (error) => (error ? reject(error) : resolve()));
    });
    await sent;
    socket.close();
  });
  await later('reach a listener', async () => {
    const server = net.createServer((socket) => socket.destroy());
    await events(server.listen(0, '127.0.0.1'), 'listening');
    await events(net.connect(server.address().port, '127.0.0.1'), 'connect');
    server.close();
  });
  await later('look up a name', () => dns.lookup('localhost'));
  await later('fork', () => {
    const child = fork(__filename, { execArgv: ['-e', '0'], stdio: 'ignore' });
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('spawn', () => resolve(child.kill()));
    });
  });
  for (const rest of ['', '-folder', '-link', '.sock']) {
    fs.rmSync(temporary + rest, { recursive: true, force: true });
  }
  process.exit(0);
})();
