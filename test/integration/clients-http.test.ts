import { existsSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { API_HOST, EVIL_HOST } from '../../src/quickstart/demo.ts';
import { leaksIn } from '../../src/quickstart/leaks.ts';
import { headerOf } from '../../src/quickstart/service.ts';
import { CLIENTS, type ClientProgram, JAVA_CLIENT } from '../support/client-programs.ts';
import {
  type Outcome,
  people,
  placeholderIn,
  type ServedPlace,
  withServices,
} from '../support/powerbox.ts';

const JAVA = '/usr/bin/java';
const EVERY = existsSync(JAVA) ? [...CLIENTS, JAVA_CLIENT] : CLIENTS;

describe.each(people())('as %s, a client in a box', (_name, person) => {
  let place: ServedPlace;
  beforeAll(async () => {
    place = await withServices(person, { handle: whoAmI });
  });
  afterAll(() => place?.close());

  it.each(EVERY.map((client) => [client.name, client] as const))(
    '%s uses a token that it never holds',
    async (_client, client) => {
      const { demo } = place;
      demo.api.requests.length = 0;
      const outcome = await inBox(place, client);
      expect(outcome.status, outcome.stderr).toBe(0);
      const placeholder = placeholderIn(outcome.stdout);
      expect(lineOf(outcome, 'me')).toMatch(/200/);
      expect(lineOf(outcome, 'me')).toContain('"plan":"enterprise"');
      expect(lineOf(outcome, 'echo')).toContain(`"Bearer ${placeholder}"`);
      expect(placeholder).toHaveLength(demo.token.length);
      expect(leaksIn(outcome.stdout + outcome.stderr, demo.token)).toEqual([]);

      const sent = demo.api.requests.map((request) => headerOf(request, 'authorization'));
      expect(sent).toEqual([`Bearer ${demo.token}`, `Bearer ${demo.token}`]);

      expect(lineOf(outcome, 'evil')).toMatch(/403/);
      expect(lineOf(outcome, 'evil')).toContain('"error":"not-granted"');
      expect(demo.evil.connections()).toBe(0);
    },
  );

  it('npm logs in to a registry with a token that it never holds', async () => {
    const registry = `--registry=https://${API_HOST}/`;
    const script = `npm whoami ${registry} "--//${API_HOST}/:_authToken=$ACME_TOKEN"`;
    const { status, stdout, stderr } = await place.box(['sh', '-c', script]);
    expect(status, stderr).toBe(0);
    expect(stdout).toBe('agent\n');
    expect(leaksIn(stderr, place.demo.token)).toEqual([]);
    const sent = place.demo.api.requests.at(-1);
    expect(sent && headerOf(sent, 'authorization')).toBe(`Bearer ${place.demo.token}`);
  });

  it('is named to the person when its destination is refused', async () => {
    const curl = ['curl', '-sS', '-o', '/dev/null', `https://${EVIL_HOST}/`];
    const { stderr } = await place.box(['sh', '-c', `${curl.join(' ')}; ${curl.join(' ')}`]);
    const lines = stderr.split('\n').filter((line) => line.includes(EVIL_HOST));
    expect(lines).toHaveLength(1);
  });

  it('finds the certificates that openssl and Java want', async () => {
    const target = `-connect ${API_HOST}:443 -servername ${API_HOST} -verify_hostname ${API_HOST}`;
    const script = `openssl s_client ${target} -verify_return_error -x509_strict </dev/null
      keytool -list -keystore /etc/ssl/certs/java/cacerts -storepass changeit`;
    const { stdout } = await place.box(['sh', '-c', script]);
    expect(stdout).toContain('Verify return code: 0 (ok)');
    if (existsSync(JAVA)) expect(stdout).toMatch(/contains \d+ entr/);
  });
});

describe('without a box, the same client', () => {
  let place: ServedPlace;
  let trust: Record<string, string>;
  beforeAll(async () => {
    place = await withServices();
    trust = await trustOf(place);
  });
  afterAll(() => place?.close());

  it.each(EVERY.map((client) => [client.name, client] as const))(
    '%s shows the token, and the thief gets it',
    async (_client, client) => {
      const { demo } = place;
      demo.evil.requests.length = 0;
      place.write(client.file, client.text);
      const env = {
        ...trust,
        ACME_TOKEN: demo.token,
        API_URL: `https://localhost:${demo.api.port}`,
        EVIL_URL: `https://localhost:${demo.evil.port}`,
      };
      const outcome = await place.run(client.command, { env });
      expect(lineOf(outcome, 'echo')).toContain(`"Bearer ${demo.token}"`);
      expect(leaksIn(outcome.stdout, demo.token)).toContain('plain');
      expect(demo.evil.requests.map((request) => headerOf(request, 'authorization'))).toEqual([
        `Bearer ${demo.token}`,
      ]);
    },
  );
});

/** What npm asks a registry. */
function whoAmI(request: IncomingMessage, response: ServerResponse): boolean {
  if (request.url !== '/-/whoami') return false;
  response.writeHead(200, { 'content-type': 'application/json' }).end('{"username":"agent"}');
  return true;
}

function inBox(place: ServedPlace, client: ClientProgram): Promise<Outcome> {
  place.write(client.file, client.text);
  const env = {
    API_URL: `https://${API_HOST}`,
    EVIL_URL: `https://${EVIL_HOST}`,
    ...client.boxEnv,
  };
  const flags = Object.entries(env).map(([name, value]) => `--env=${name}=${value}`);
  return place.box(client.command, flags);
}

function lineOf(outcome: Outcome, name: string): string {
  const line = outcome.stdout.split('\n').find((each) => each.startsWith(`${name} `));
  return line ?? `no line "${name}" in: ${outcome.stdout}${outcome.stderr}`;
}

/** The variables by which each client trusts the demo's authority where no box sets them. */
async function trustOf(place: ServedPlace): Promise<Record<string, string>> {
  const ca = join(place.workspace, 'ca.pem');
  const store = join(place.workspace, 'ca.jks');
  place.write('ca.pem', place.demo.authority.certificate);
  if (existsSync(JAVA)) {
    const made = ['-noprompt', '-file', ca, '-keystore', store, '-storepass', 'changeit'];
    await place.run(['keytool', '-importcert', ...made]);
  }
  return {
    SSL_CERT_FILE: ca,
    CURL_CA_BUNDLE: ca,
    REQUESTS_CA_BUNDLE: ca,
    NODE_EXTRA_CA_CERTS: ca,
    JAVA_TOOL_OPTIONS: `-Djavax.net.ssl.trustStore=${store} -Djavax.net.ssl.trustStorePassword=changeit`,
  };
}
