import { readFileSync } from 'node:fs';
import type { FileOverride } from '../boxes/contract.ts';
import { PROXY_ADDRESS, PROXY_PORT } from '../egress/network.ts';
import { jksTrustStore } from '../egress/tls/jks.ts';
import { subjectHash } from '../egress/tls/subject-hash.ts';

/** Where the box finds its authority, alone and together with the system's. */
const CA_FILE = '/etc/ssl/powerbox-ca.pem';
const BUNDLE_FILE = '/etc/ssl/certs/ca-certificates.crt';
const CA_FOLDER = '/etc/ssl/certs';
const JAVA_STORE = '/etc/ssl/certs/java/cacerts';

/** System bundles of the common distributions; the first that is there is taken. */
const HOST_BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/** The files that make programs in the box trust the box's own authority. */
export function trustFiles(certificate: string): FileOverride[] {
  const bundle = `${hostBundle()}\n${certificate}`;
  return [
    { target: CA_FILE, content: certificate },
    { target: BUNDLE_FILE, content: bundle },
    { target: `${CA_FOLDER}/${subjectHash(certificate)}.0`, content: certificate },
    { target: JAVA_STORE, content: jksTrustStore([certificate]) },
  ];
}

function hostBundle(): string {
  for (const path of HOST_BUNDLES) {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      // Not this distribution's place.
    }
  }
  return '';
}

/**
 * The variables by which programs are told of it. Those that add to a program's own list name the
 * certificate alone; those that replace the list name the whole bundle.
 */
export function trustEnvironment(): Record<string, string> {
  const adds = ['NODE_EXTRA_CA_CERTS', 'DENO_CERT', 'CODEX_CA_CERTIFICATE'];
  const replaces = [
    'SSL_CERT_FILE',
    'CURL_CA_BUNDLE',
    'REQUESTS_CA_BUNDLE',
    'PIP_CERT',
    'GIT_SSL_CAINFO',
    'CARGO_HTTP_CAINFO',
    'AWS_CA_BUNDLE',
    'NPM_CONFIG_CAFILE',
    'HTTPLIB2_CA_CERTS',
    'BUNDLE_SSL_CA_CERT',
    'CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE',
    'GRPC_DEFAULT_SSL_ROOTS_FILE_PATH',
  ];
  return {
    ...Object.fromEntries(adds.map((name) => [name, CA_FILE])),
    ...Object.fromEntries(replaces.map((name) => [name, BUNDLE_FILE])),
    SSL_CERT_DIR: CA_FOLDER,
    DENO_TLS_CA_STORE: 'system',
    UV_SYSTEM_CERTS: '1',
    UV_NATIVE_TLS: '1',
    JAVA_TOOL_OPTIONS: `-Djavax.net.ssl.trustStore=${JAVA_STORE} -Djavax.net.ssl.trustStoreType=JKS -Djavax.net.ssl.trustStorePassword=changeit`,
  };
}

/** For clients that want a proxy. Nothing depends on them: connections are caught without. */
export function proxyEnvironment(): Record<string, string> {
  const proxy = `http://${PROXY_ADDRESS}:${PROXY_PORT}`;
  const direct = 'localhost,127.0.0.1,::1';
  return {
    HTTP_PROXY: proxy,
    http_proxy: proxy,
    HTTPS_PROXY: proxy,
    https_proxy: proxy,
    NO_PROXY: direct,
    no_proxy: direct,
  };
}
