import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a TLS server is given: PEM text. */
export interface ServerCertificate {
  readonly cert: string;
  readonly key: string;
}

/** A throw-away certificate authority, made by the openssl program. */
export interface Authority {
  /** PEM text. */
  readonly certificate: string;
  /** The file with `certificate`; gone after `close`. */
  readonly path: string;
  /** A certificate that is good for one day and for these host names and addresses. */
  issue(names: readonly string[]): ServerCertificate;
  /** Removes its files. */
  close(): void;
}

/** A P-256 authority in a folder of its own. Takes about 30 ms; so does each certificate. */
export function makeAuthority(): Authority {
  const folder = mkdtempSync(join(tmpdir(), 'powerbox-authority-'));
  const close = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const path = join(folder, 'ca.pem');
    const key = join(folder, 'ca.key');
    request(folder, 'Demo authority', CA_EXTENSIONS, ['-out', path, '-keyout', key]);
    const issue = (names: readonly string[]): ServerCertificate => {
      const [out, keyout] = [join(folder, 'server.pem'), join(folder, 'server.key')];
      const signed = ['-CA', path, '-CAkey', key, '-out', out, '-keyout', keyout];
      request(folder, names[0] ?? 'server', serverExtensions(names), signed);
      return { cert: readFileSync(out, 'utf8'), key: readFileSync(keyout, 'utf8') };
    };
    return { certificate: readFileSync(path, 'utf8'), path, issue, close };
  } catch (error) {
    close();
    throw error;
  }
}

const CA_EXTENSIONS = `basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash`;

function serverExtensions(names: readonly string[]): string {
  const alternatives = names.map((name) => `${isIP(name) === 0 ? 'DNS' : 'IP'}:${name}`);
  return `basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = ${alternatives.join(',')}`;
}

/** With a configuration of its own, since the system's differs from one machine to the next. */
function request(folder: string, name: string, extensions: string, where: readonly string[]): void {
  const config = join(folder, 'openssl.cnf');
  writeFileSync(
    config,
    `[req]\ndistinguished_name = name\nx509_extensions = extensions\nprompt = no\n` +
      `[name]\nCN = ${name}\n[extensions]\n${extensions}\n`,
  );
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc'];
  execFileSync('openssl', ['req', '-x509', '-config', config, ...curve, '-days', '1', ...where], {
    stdio: 'pipe',
  });
}
