import { execFile } from 'node:child_process';
import { type AddressInfo, createServer } from 'node:net';
import { connect } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { type ClientHello, parseClientHello } from '../../src/egress/tls/client-hello.ts';

/** What a client sends first; the connection is cut as soon as its greeting was read. */
async function greetingOf(
  start: (port: number) => void,
): Promise<{ bytes: Buffer; hello: ClientHello }> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  try {
    return await new Promise((done, fail) => {
      server.once('connection', (socket) => {
        let bytes = Buffer.alloc(0);
        socket.on('error', () => {});
        socket.on('data', (chunk) => {
          bytes = Buffer.concat([bytes, chunk]);
          const hello = parseClientHello(bytes);
          if (hello.state === 'incomplete') return;
          socket.destroy();
          done({ bytes, hello });
        });
        socket.on('close', () => fail(new Error('the client went away')));
      });
      start((server.address() as AddressInfo).port);
    });
  } finally {
    server.close();
  }
}

const CLIENTS: Record<string, (port: number) => void> = {
  node: (port) => {
    const options = {
      host: '127.0.0.1',
      port,
      servername: 'api.example.com',
      ALPNProtocols: ['h2', 'http/1.1'],
    };
    connect(options).on('error', () => {});
  },
  'openssl s_client': (port) => {
    const args = [
      's_client',
      '-connect',
      `127.0.0.1:${port}`,
      '-servername',
      'api.example.com',
      '-alpn',
      'h2,http/1.1',
    ];
    execFile('openssl', args, () => {}).stdin?.end();
  },
  curl: (port) => {
    const at = ['--noproxy', '*', '--resolve', `api.example.com:${port}:127.0.0.1`];
    execFile('curl', ['--silent', '--http2', ...at, `https://api.example.com:${port}/`], () => {});
  },
};

describe('parseClientHello() with real clients', () => {
  it.each(Object.keys(CLIENTS))(
    'reads the greeting of %s, and finds each part of it incomplete',
    async (name) => {
      const { bytes, hello } = await greetingOf(CLIENTS[name] as (port: number) => void);
      expect(hello).toEqual({
        state: 'done',
        serverName: 'api.example.com',
        alpn: ['h2', 'http/1.1'],
        ech: false,
      });
      for (let length = 0; length < bytes.length; length += 1) {
        expect(parseClientHello(bytes.subarray(0, length))).toEqual({ state: 'incomplete' });
      }
    },
  );

  it('reads a greeting without a name, and of TLS 1.2', async () => {
    const { hello } = await greetingOf((port) => {
      connect({ host: '127.0.0.1', port, maxVersion: 'TLSv1.2' }).on('error', () => {});
    });
    expect(hello).toEqual({ state: 'done', serverName: null, alpn: [], ech: false });
  });
});
