import { execFile, execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeBoxAuthority } from '../../src/egress/tls/authority.ts';
import { jksTrustStore } from '../../src/egress/tls/jks.ts';
import { makeLeafMinter, makeLeafSigner } from '../../src/egress/tls/leaf.ts';
import { subjectHash } from '../../src/egress/tls/subject-hash.ts';

const run = promisify(execFile);
const LONG = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(53)}.example`;
const NAMES = ['api.example.com', 'xn--bcher-kva.example', 'a_b.example', LONG];
const ADDRESSES = ['203.0.113.9', '2001:db8::1', '::1', '::ffff:1.2.3.4'];

const folder = mkdtempSync(join(tmpdir(), 'powerbox-tls-'));
const authority = makeBoxAuthority();
const caFile = join(folder, 'ca.pem');

beforeAll(() => writeFileSync(caFile, authority.certificate));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function openssl(...args: string[]): string {
  return execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

describe('a certificate of a box', () => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const sign = makeLeafSigner(authority, publicKey);

  it('is valid to openssl in strict mode, for its name and for no other', () => {
    expect(LONG).toHaveLength(253);
    const file = join(folder, 'leaf.pem');
    for (const name of [...NAMES, ...ADDRESSES]) {
      writeFileSync(file, sign(name, Date.now()));
      const check = ADDRESSES.includes(name) ? '-verify_ip' : '-verify_hostname';
      const verify = (expected: string): string =>
        openssl(
          'verify',
          '-x509_strict',
          '-purpose',
          'sslserver',
          '-CAfile',
          caFile,
          check,
          expected,
          file,
        );
      expect(verify(name)).toContain('OK');
      expect(() => verify(ADDRESSES.includes(name) ? '203.0.113.10' : 'b.example')).toThrow();
    }
  });

  it('says what it may be used for', () => {
    const file = join(folder, 'said.pem');
    writeFileSync(file, sign(LONG, Date.now()));
    const text = openssl('x509', '-in', file, '-noout', '-text');
    expect(text).toMatch(/Subject: *\n/);
    expect(text).toMatch(/Subject Alternative Name: critical\s+DNS:a{63}/);
    expect(text).toMatch(/Basic Constraints: critical\s+CA:FALSE/);
    expect(text).toMatch(/Key Usage: critical\s+Digital Signature\n/);
    expect(text).toMatch(/Extended Key Usage: *\n\s+TLS Web Server Authentication\n/);
    const root = openssl('x509', '-in', caFile, '-noout', '-text');
    expect(root).toMatch(/Basic Constraints: critical\s+CA:TRUE, pathlen:0/);
    expect(root).toMatch(/Key Usage: critical\s+Certificate Sign, CRL Sign\n/);
    const identifier = /X509v3 Subject Key Identifier: *\n\s+([0-9A-F:]{59})/.exec(root)?.[1];
    expect(text).toContain(`X509v3 Authority Key Identifier: \n                ${identifier}`);
  });

  it('is not valid under the authority of another box', () => {
    const other = join(folder, 'other.pem');
    writeFileSync(other, makeBoxAuthority().certificate);
    const file = join(folder, 'theirs.pem');
    writeFileSync(file, sign('a.example', Date.now()));
    expect(() => openssl('verify', '-CAfile', other, file)).toThrow();
  });
});

describe('subjectHash()', () => {
  it('is what openssl says, for every kind of subject', () => {
    const subjects = [
      '/C=DE/O=  Foo \t BAR  /CN=x',
      '/C=DE/O=Bücher & Söhne ÄÖ/OU=one/OU=two',
      '/DC=example/emailAddress=A@B.example/CN=CamelCase',
    ];
    const files = subjects.map((subject, index) => {
      const file = join(folder, `subject${index}.pem`);
      openssl(
        ...[
          'req',
          '-x509',
          '-newkey',
          'ec',
          '-pkeyopt',
          'ec_paramgen_curve:P-256',
          '-nodes',
          '-utf8',
        ],
        ...['-keyout', join(folder, 'key.pem'), '-subj', subject, '-out', file],
      );
      return file;
    });
    for (const file of [caFile, ...files]) {
      expect(subjectHash(readFileSync(file, 'utf8'))).toBe(
        openssl('x509', '-in', file, '-noout', '-subject_hash').trim(),
      );
    }
  });

  it('is the name of every file in the hashed folder of the system', () => {
    const system = '/etc/ssl/certs';
    const hashed = existsSync(system)
      ? readdirSync(system).filter((file) => /^[0-9a-f]{8}\.\d$/.test(file))
      : [];
    for (const file of hashed) {
      expect(subjectHash(readFileSync(join(system, file), 'latin1')), file).toBe(file.slice(0, 8));
    }
  });
});

describe('jksTrustStore()', () => {
  it('is read by Java', () => {
    const keytool = ['/usr/bin/keytool', '/usr/local/bin/keytool'].find((path) => existsSync(path));
    const file = join(folder, 'cacerts');
    writeFileSync(file, jksTrustStore([authority.certificate, makeBoxAuthority().certificate]));
    // Without Java the unit test, which reads the store back, is what there is.
    if (keytool === undefined) return;
    const list = execFileSync(keytool, ['-list', '-keystore', file, '-storepass', 'changeit'], {
      encoding: 'utf8',
    });
    expect(list).toContain('Your keystore contains 2 entries');
    expect(list.match(/trustedCertEntry/g)).toHaveLength(2);
  });
});

describe('a handshake with a minted leaf', () => {
  const mint = makeLeafMinter(authority);
  let http: Server;
  let tls: TlsServer;
  let port = 0;

  beforeAll(async () => {
    http = createServer((_, response) => response.end('hello'));
    tls = createTlsServer(
      { SNICallback: (name, done) => done(null, mint(name)), ALPNProtocols: ['http/1.1'] },
      (socket) => http.emit('connection', socket),
    );
    await new Promise<void>((done) => tls.listen(0, '127.0.0.1', done));
    port = (tls.address() as AddressInfo).port;
  });
  afterAll(async () => {
    http.closeAllConnections();
    await new Promise((done) => tls.close(done));
  });

  it.each(NAMES.filter((name) => !name.includes('_')))(
    'is taken by Python in strict mode for %s',
    async (name) => {
      const script = `
import socket, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[1])
context.verify_flags |= ssl.VERIFY_X509_STRICT
context.set_alpn_protocols(['http/1.1'])
with socket.create_connection(('127.0.0.1', int(sys.argv[2]))) as raw:
    with context.wrap_socket(raw, server_hostname=sys.argv[3]) as s:
        print(s.version(), s.selected_alpn_protocol())
`;
      const { stdout } = await run('python3', ['-c', script, caFile, `${port}`, name]);
      expect(stdout.trim()).toBe('TLSv1.3 http/1.1');
    },
  );

  it.each(['--tlsv1.3', '--tls-max=1.2'])('is taken by curl with %s', async (version) => {
    const [flag = '', limit] = version.split('=');
    const args = [
      flag,
      ...(limit === undefined ? [] : [limit]),
      '--silent',
      '--show-error',
      '--noproxy',
      '*',
    ];
    const at = [
      '--resolve',
      `api.example.com:${port}:127.0.0.1`,
      `https://api.example.com:${port}/`,
    ];
    const { stdout } = await run('curl', [...args, '--cacert', caFile, ...at]);
    expect(stdout).toBe('hello');
    await expect(run('curl', [...args, ...at])).rejects.toThrow('certificate');
  });
});
