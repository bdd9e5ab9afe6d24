// A state folder and a workspace of their own for one benchmark, and the servers it talks to.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import { makeAuthority } from '../../dist/quickstart/certificates.js';
import { locate, withPrograms } from './tools.mjs';

export const CLI = new URL('../../dist/cli/main.js', import.meta.url).pathname;
export const HOST = 'api.bench.example';
export const SECRET = 'bench_7Qm2kVxT9aLp4RzWc8HdYs3N';

/** An empty state folder and an empty workspace; `close` removes both. */
export function makePlace() {
  const root = mkdtempSync(join(tmpdir(), 'powerbox-bench-'));
  const [home, workspace] = ['home', 'workspace'].map((name) => {
    mkdirSync(join(root, name), { mode: 0o700 });
    return join(root, name);
  });
  const env = { ...process.env, POWERBOX_HOME: home };
  return {
    root,
    home,
    workspace,
    env,
    close() {
      command(env, 'daemon', 'stop');
      rmSync(root, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

function command(env, ...args) {
  execFileSync(process.execPath, [CLI, ...args], { env, stdio: 'ignore' });
}

/** Lets boxes of `place` reach the upstream under HOST, and keeps SECRET for it. */
export function introduce(place, upstream) {
  const hosts = { [`${HOST}:443`]: { connect: `127.0.0.1:${upstream.port}`, ca: upstream.ca } };
  writeFileSync(join(place.home, 'config.json'), JSON.stringify({ egress: { hosts } }));
  const slot = [`--for=https://${HOST}`, '--in=header:authorization:bearer'];
  execFileSync(process.execPath, [CLI, 'secret', 'set', 'BENCH_TOKEN', ...slot], {
    env: place.env,
    input: SECRET,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  // What is measured has its daemon, as every start but the first one has.
  command(place.env, 'daemon', 'start');
}

/**
 * A TLS server in a process of its own, of HTTP/1.1 and HTTP/2: nginx where it can be had, else
 * Node. Serves `/1k` and `/1m`, random bytes, `/1g`, zeros, and `/authorized`
 * to requests that carry SECRET as a bearer.
 */
export async function startUpstream(place) {
  const authority = makeAuthority();
  const { cert, key } = authority.issue([HOST, 'localhost', '127.0.0.1']);
  const root = join(place.root, 'upstream');
  mkdirSync(root);
  writeFileSync(join(root, 'cert.pem'), cert);
  writeFileSync(join(root, 'key.pem'), key);
  const bytes = (length) => Buffer.from(Array.from({ length }, (_, at) => 33 + ((at * 7919) % 90)));
  writeFileSync(join(root, '1k'), bytes(1024));
  writeFileSync(join(root, '1m'), bytes(1 << 20));
  writeFileSync(join(root, '1g'), '');
  truncateSync(join(root, '1g'), 2 ** 30);
  const port = await freePort();
  const env = withPrograms(['nginx']);
  const child = env === null ? startNode(root, port) : startNginx(root, port, env);
  for (let tries = 0; !(await answers(port)); tries++) {
    if (tries > 100) throw new Error('the upstream server did not start');
    await sleep(50);
  }
  return {
    name: env === null ? 'node' : 'nginx',
    port,
    pid: child.pid,
    ca: authority.certificate,
    close() {
      child.kill('SIGKILL');
      authority.close();
    },
  };
}

function startNginx(root, port, env) {
  const config = `
    daemon off; master_process off; pid ${root}/pid; error_log ${root}/error.log;
    ${process.getuid() === 0 ? 'user root;' : ''}
    events { worker_connections 2048; }
    http {
      access_log off; default_type application/octet-stream;
      keepalive_requests 10000000; keepalive_timeout 600s; tcp_nodelay on;
      ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${root}/${name};`).join(' ')}
      open_file_cache max=100;
      server {
        listen 127.0.0.1:${port} ssl http2 backlog=1024;
        ssl_certificate ${root}/cert.pem; ssl_certificate_key ${root}/key.pem;
        root ${root};
        location /id/ { return 200 "$uri\\n"; }
        location = /authorized {
          if ($http_authorization = "Bearer ${SECRET}") { return 200 "yes"; }
          return 401 "no";
        }
      }
    }`;
  writeFileSync(join(root, 'nginx.conf'), config);
  return spawn(locate('nginx'), ['-p', root, '-c', join(root, 'nginx.conf')], {
    env,
    stdio: 'ignore',
  });
}

function startNode(root, port) {
  const program = new URL('upstream.mjs', import.meta.url).pathname;
  return spawn(process.execPath, [program, root, String(port), SECRET], { stdio: 'ignore' });
}

function answers(port) {
  return new Promise((done) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
      socket.destroy();
      done(true);
    });
    socket.on('error', () => done(false));
  });
}

function freePort() {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}
