import { hostname } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeRig, type Rig, type Seen, type TrickRun } from '../support/rig.ts';
import {
  type Answer,
  makeIssuer,
  type RawService,
  reply,
  startRawService,
} from '../support/service.ts';

const TOKEN = 'tok_live-3hVn8QpZ5wXkD1sJ7mRt';
const DAY_MS = 24 * 60 * 60 * 1000;

const services: Record<string, RawService> = {};
let rig: Rig;
let inBox: TrickRun;
let local: TrickRun;
let outside: Readonly<Record<string, Seen>>;
/** What had arrived when the box was gone, and nothing else had run yet. */
let arrived: Readonly<Record<string, string>>;

const answer: Answer = (asked, socket) => {
  const redirects = asked.path === '/redirect';
  const headers = redirects ? ['Location: https://evil.example/t/redirect'] : [];
  socket.write(reply(`welcome to ${asked.path}`, headers, redirects ? '302 Found' : '200 OK'));
  if (!/keep_alive|allowed/.test(asked.path)) socket.end();
};

beforeAll(async () => {
  const [issuer, unknown] = [makeIssuer(), makeIssuer()];
  const now = Date.now();
  const certificates = {
    api: issuer.issue('api.acme.example'),
    evil: issuer.issue('evil.example'),
    wild: issuer.issue('evilwild.example'),
    wrong: issuer.issue('other.acme.example'),
    expired: issuer.issue('expired.acme.example', now - 3 * DAY_MS),
    future: issuer.issue('future.acme.example', now + 3 * DAY_MS),
    unknown: unknown.issue('unknown.acme.example'),
    plain: null,
    plainEvil: null,
    admin: null,
  };
  for (const [name, certificate] of Object.entries(certificates)) {
    services[name] = await startRawService({ certificate, answer });
  }
  const at = (name: string): number => (services[name] as RawService).port;
  const bad = ['wrong', 'expired', 'future', 'unknown'];
  rig = makeRig(
    {
      'api.acme.example:443': at('api'),
      'api.acme.example:8443': at('evil'),
      'api.acme.example:80': at('plain'),
      'plain.acme.example:80': at('plain'),
      'evil.example:443': at('evil'),
      'evil.example:80': at('plainEvil'),
      'xapi.acme.example:443': at('evil'),
      'api.acme.example.evil.example:443': at('evil'),
      'wild.example:443': at('wild'),
      'evilwild.example:443': at('wild'),
      'wild.example.evil.example:443': at('wild'),
      'xn--pi-7kc.acme.example:443': at('evil'),
      ...Object.fromEntries(bad.map((name) => [`${name}.acme.example:443`, at(name)])),
      '*:443': at('evil'),
      '*:80': at('plainEvil'),
    },
    issuer.certificate,
  );
  const origins = ['api', ...bad].map((name) => `https://${name}.acme.example`);
  await rig.secret(
    'API_TOKEN',
    TOKEN,
    origins.flatMap((origin) => ['--for', origin]),
  );
  const rules = [...origins, 'http://plain.acme.example', '*.wild.example'];
  const env = ['--env', `LOCAL_PORT=${at('admin')}`, '--env', `MACHINE=${hostname()}`];
  const flags = ['--secret', 'API_TOKEN', ...env];
  inBox = await rig.tricks('destination-tricks.py', [
    ...flags,
    ...rules.flatMap((rule) => ['--allow', rule]),
  ]);
  const anywhere = [
    '--allow-all-hosts',
    ...[`http://*:${at('admin')}`, `https://*:${at('admin')}`].flatMap((rule) => ['--allow', rule]),
  ];
  const names = Object.keys(inBox.seen).filter((name) => /^(local|self)_/.test(name));
  local = await rig.tricks('destination-tricks.py', [...flags, ...anywhere], names);
  arrived = Object.fromEntries(
    Object.entries(services).map(([name, service]) => [name, service.received()]),
  );
  const env2 = { API_TOKEN: TOKEN, LOCAL_PORT: String(at('admin')) };
  outside = await rig.control('destination-tricks.py', env2);
});
afterAll(async () => {
  rig.close();
  await Promise.all(Object.values(services).map((service) => service.close()));
});

/** The services at which a request of this trick arrived, from the box. */
function arrivals(name: string): string[] {
  const line = new RegExp(`/t/${name}[ ?]`);
  return Object.keys(arrived).filter((service) => line.test(arrived[service] as string));
}

/** Those at which it arrived once no box was around it. */
function controlArrivals(name: string): string[] {
  const line = new RegExp(`/t/${name}[ ?]`);
  return Object.entries(services)
    .filter(([, service]) => line.test(service.received()))
    .map(([service]) => service);
}

function expectRefused(name: string, how: RegExp): void {
  expect(controlArrivals(name)).not.toEqual([]);
  expect(arrivals(name)).toEqual([]);
  expect((inBox.seen[name] as Seen).text).toMatch(how);
}

const MISMATCH = /target-mismatch|ConnectionReset|EOF|reset/i;

describe('a request that names several hosts', () => {
  const hosts = [0, 1, 2, 3, 4, 5, 6].map((bits) =>
    [4, 2, 1].map((bit) => ((bits & bit) === 0 ? 'evil' : 'api')).join('_'),
  );
  it.each(hosts.flatMap((host) => [`direct_${host}`, `tunnel_${host}`]))(
    '10 CONNECT, SNI and Host as in %s: nothing arrives',
    (name) => expectRefused(name, /target-mismatch|not-granted|Reset|EOF/i),
  );

  it.each([
    ['absolute_form_evil', MISMATCH],
    ['absolute_form_evil_both', MISMATCH],
    ['absolute_form_other_scheme', MISMATCH],
    ['absolute_form_other_port', MISMATCH],
    ['two_hosts', /request-malformed/],
    ['two_hosts_reversed', /request-malformed/],
    ['host_list', /request-malformed/],
    ['no_host', /request-malformed/],
  ])('11 %s: nothing arrives', expectRefused);

  it('12 and an address of the attacker goes to the name, never to the address', () => {
    expect(controlArrivals('attackers_address')).toContain('evil');
    expect(controlArrivals('attackers_address_plain')).toContain('plainEvil');
    expect(arrivals('attackers_address')).toEqual(['api']);
    expect(arrivals('attackers_address_plain')).toEqual(['plain']);
    expectRefused('attackers_address_no_name', /target-mismatch|not-granted/);
  });

  it.each([
    ['plain_to_secret_host', /not-granted/],
    ['plain_evil', /not-granted/],
    ['proxy_evil', /not-granted/],
    ['proxy_evil_spoofed_host', MISMATCH],
    ['proxy_spoofed_url', MISMATCH],
    ['proxy_https_url', MISMATCH],
    ['proxy_origin_form', MISMATCH],
  ])('18 %s: nothing arrives', expectRefused);

  it.each([
    ['split_userinfo'],
    ['split_userinfo_password'],
    ['split_backslash'],
    ['split_hash'],
    ['split_question'],
    ['split_tab'],
    ['split_slashes'],
    ['split_no_slashes'],
    ['split_scheme'],
    ['split_encoded'],
    ['split_nul'],
  ])('24 %s, which two parsers read differently: nothing arrives', (name) => {
    expect(arrivals(name)).toEqual([]);
    expect((inBox.seen[name] as Seen).text).toMatch(/request-malformed/);
    expect((outside[name] as Seen).text).toContain('HTTP/1.1 200');
  });
});

describe('a second request', () => {
  it('14 that follows a redirect elsewhere is refused', () => {
    expectRefused('redirect', /not-granted/);
  });

  it.each([['keep_alive', MISMATCH] as const, ['keep_alive_proxy', /not-granted/] as const])(
    '15 on a kept connection is judged by itself: %s',
    expectRefused,
  );
});

describe('a server that does not prove its name', () => {
  it.each(['wrong', 'expired', 'future', 'unknown'])(
    '16 (%s certificate) hears not one byte',
    (name) => {
      expectRefused(`certificate_${name}`, /certificate-invalid/);
      expect(arrived[name]).toBe('');
      expect(controlArrivals(`certificate_${name}`)).toEqual([name]);
    },
  );

  it('16 hears nothing of a WebSocket either', () => {
    expectRefused('certificate_socket', /certificate-invalid/);
  });
});

describe('a name that looks like another', () => {
  it.each([
    'name_nul',
    'name_nul_reversed',
    'name_encoded',
    'name_encoded_nul',
    'name_brackets',
    'name_zone',
    'name_long',
    'name_label',
    'name_empty_label',
    'name_prefix',
    'name_suffix',
    'name_apex',
    'name_beside',
    'name_below',
    'name_cyrillic',
    'name_wide',
    'name_soft_hyphen',
    'name_a_label',
  ])('19-21 %s: nothing arrives', (name) => {
    expectRefused(name, /request-malformed|not-granted|target-mismatch|Reset|EOF| 400 /i);
  });

  it('19 but is the same one in capitals or with a last dot is the same one', () => {
    expect(arrived.api?.match(/\/t\/same_name.*?Host: (\S+)/gis)).toHaveLength(2);
    expect(arrived.api).not.toMatch(/host: (API|api\.acme\.example\.\s)/);
  });
});

describe('this machine itself', () => {
  const locals = Array.from({ length: 22 }, (_, index) => `local_${index}`);
  it.each(locals)(
    '22-23 by any notation and name (%s) is not reached, whatever is allowed',
    (name) => {
      expect((outside[name] as Seen).text).toContain('welcome to /admin');
      for (const { seen } of [inBox, local]) {
        expect((seen[name] as Seen).text).not.toContain('welcome');
        expect((seen[name] as Seen).text).toMatch(
          /address-refused|not-granted|malformed|unreachable/,
        );
      }
      expect(arrived.admin).toBe('');
    },
  );

  it('23 says that the address was the reason, where a rule allows the name', () => {
    const named = Object.values(local.seen).filter(({ text }) =>
      /^(LOCALHOST|localhost|ip6-)/i.test(text),
    );
    expect(named.length).toBeGreaterThanOrEqual(5);
    const refused = named.filter(({ text }) => text.includes('address-refused'));
    expect(refused.length).toBeGreaterThanOrEqual(3);
  });

  it.each([0, 1, 2, 3, 4])('17 as the egress (self_%i) is no way out', (index) => {
    for (const { seen } of [inBox, local]) {
      expect((seen[`self_${index}`] as Seen).text).not.toContain('welcome');
    }
    expect(arrivals('self')).toEqual([]);
  });

  it('37 takes no tunnel within a tunnel', () => {
    const { text } = inBox.seen.nested as Seen;
    expect(text.match(/HTTP\/1\.1 400 /g)).toHaveLength(3);
    expect(text).not.toContain(' 200 ');
  });
});

describe('the record of it all', () => {
  it('has a row for each, and no service but the right one got the value', () => {
    const denied = [...inBox.rows, ...local.rows].filter(({ verdict }) => verdict === 'deny');
    expect(denied.length).toBeGreaterThan(60);
    const codes = new Set(denied.map(({ code }) => code));
    for (const code of ['target-mismatch', 'not-granted', 'request-malformed']) {
      expect(codes).toContain(code);
    }
    expect(
      Object.keys(arrived).filter((name) => (arrived[name] as string).includes(TOKEN)),
    ).toEqual(['api']);
    expect((services.evil as RawService).received()).toContain(TOKEN);
    expect(JSON.stringify([inBox, local])).not.toContain(TOKEN);
    expect(rig.state().includes(TOKEN)).toBe(false);
  });
});
