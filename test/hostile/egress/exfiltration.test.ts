import { createSocket } from 'node:dgram';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeRig, type Rig, type Seen, type TrickRun } from '../support/rig.ts';
import { makeIssuer, type RawService, reply, startRawService } from '../support/service.ts';

const TOKEN = 'tok_live-2pXw6NzBq8LcVh5TdKmR';
const LOOT = 'c2VjcmV0LWxvb3Q';
const MINE = 'attacker-key-0123456789';

let service: RawService;
let rig: Rig;
let inBox: TrickRun;
let outside: Readonly<Record<string, Seen>>;
let heard: string;

beforeAll(async () => {
  const issuer = makeIssuer();
  service = await startRawService({
    certificate: issuer.issue('api.acme.example'),
    answer: (_, socket) => void socket.end(reply('welcome', ['Connection: close'])),
  });
  rig = makeRig({ 'api.acme.example:443': service.port }, issuer.certificate);
  await rig.secret('API_TOKEN', TOKEN, ['--for', 'https://api.acme.example']);
  const flags = ['--secret', 'API_TOKEN', '--allow', 'api.acme.example'];
  inBox = await rig.tricks('exfiltration-tricks.py', flags);
  heard = service.received();
  const own = Object.keys(inBox.seen).filter((name) => name.startsWith('own_'));
  outside = await rig.control('exfiltration-tricks.py', { API_TOKEN: TOKEN }, [
    ...own,
    'interfaces',
    'sockets',
  ]);
});
afterAll(async () => {
  rig.close();
  await service.close();
});

function seen(name: string): Seen {
  return inBox.seen[name] as Seen;
}

/** One DNS answer, as far as it matters here. */
function dns(message: Buffer): { rcode: number; address: string | null } {
  const answers = message.readUInt16BE(6);
  const address = answers === 0 ? null : [...message.subarray(-4)].join('.');
  return { rcode: message.readUInt16BE(2) & 15, address };
}

function parts(bytes: Buffer): Buffer[] {
  const id = Buffer.from([0x12, 0x34]);
  const found: Buffer[] = [];
  for (let at = bytes.indexOf(id); at >= 0; ) {
    const next = bytes.indexOf(id, at + 2);
    found.push(bytes.subarray(at, next < 0 ? undefined : next - 1));
    at = next;
  }
  return found;
}

describe('a name as a messenger', () => {
  it('40-42 has no interface to leave by', () => {
    const rows = seen('interfaces')
      .text.split('\n')
      .filter((line) => /^\s*\w+:/.test(line));
    expect(rows.map((line) => line.trim().split(':')[0])).toEqual(['lo']);
    expect((outside.interfaces as Seen).text).not.toBe(seen('interfaces').text);
  });

  it('40 gets an invented address, from whatever server it asks', () => {
    expect(seen('dns_label').text).toMatch(/^198\.1[89]\.\d+\.\d+$/);
    expect(seen('dns_label_v6').text).toMatch(/^fd70:6f77:6572::/);
    const answers = parts(seen('dns_any_server').bytes).map(dns);
    expect(answers).toHaveLength(2);
    for (const { rcode, address } of answers) {
      expect(rcode).toBe(0);
      expect(address).toBe(seen('dns_label').text);
    }
    expect(dns(seen('dns_tcp').bytes.subarray(2)).address).toBe(seen('dns_label').text);
  });

  it('40-41 has no other records, and no name is made of what is none', () => {
    for (const message of parts(seen('dns_records').bytes)) {
      expect(dns(message).address).toBe(null);
    }
    for (const message of parts(seen('dns_odd_names').bytes).slice(0, 4)) {
      expect(dns(message)).toEqual({ rcode: 3, address: null });
    }
  });

  it('40 over TLS or HTTPS is a connection like any other: refused, with a row', () => {
    expect(seen('dns_tls').text).toMatch(/not-granted|request-malformed|Reset/);
    expect(seen('dns_https').text).toMatch(/not-granted/);
    const row = inBox.rows.find(({ url }) => url?.startsWith('https://dns.quad9.net/dns-query'));
    expect(row).toMatchObject({ verdict: 'deny', code: 'not-granted' });
    expect(row?.url).not.toContain(LOOT);
  });

  it('40 is heard by no resolver of this machine', async () => {
    const socket = createSocket('udp4');
    const messages: Buffer[] = [];
    socket.on('message', (message) => messages.push(message));
    const bound = await new Promise<boolean>((done) => {
      socket.once('error', () => done(false));
      socket.bind(53, '127.0.0.1', () => done(true));
    });
    await rig.tricks('exfiltration-tricks.py', [], ['dns_label', 'dns_any_server']);
    if (bound) socket.close();
    expect(messages).toEqual([]);
  });

  it('42 by UDP, ICMP, raw, packet, vsock and netlink sockets does not leave either', () => {
    expect(seen('udp').text).toMatch(/^(?:(?:ConnectionRefusedError|TimeoutError) ?){5}$/);
    expect(seen('sockets').text).toBe('nothing');
    if (process.getuid?.() === 0) expect((outside.sockets as Seen).text).not.toBe('nothing');
  });
});

describe("an attacker's own credential at the allowed host", () => {
  it.each([
    ...['bearer', 'basic', 'token', 'aws', 'bare', 'x_api_key', 'api_key', 'goog', 'auth_token'],
    ...['private_token', 'deploy_token', 'rapid', 'amz', 'protocol'],
    ...[
      'query_key',
      'query_token',
      'query_case',
      'query_encoded',
      'query_semicolon',
      'query_array',
    ],
    ...['query_signed', 'query_sas', 'beside', 'twice'],
  ])('43 (%s) is refused', (name) => {
    expect(seen(`own_${name}`).text).toMatch(/credential-foreign/);
    expect(heard).not.toContain(`/own/${name} `);
    expect((outside[`own_${name}`] as Seen).text).toContain('welcome');
  });

  it('43 (user information) is no URL', () => {
    expect(seen('own_userinfo').text).toMatch(/request-malformed/);
  });

  it('43 (cookie) is left behind, with a note', () => {
    expect(seen('own_cookie').text).toContain('welcome');
    expect(heard).toContain('/own/cookie');
    expect(inBox.rows.some(({ kind, text }) => kind === 'note' && text?.includes('cookie'))).toBe(
      true,
    );
  });

  it('43 arrives nowhere at all', () => {
    expect(heard).not.toContain(MINE);
    expect(service.received()).toContain(MINE);
    expect(JSON.stringify(inBox.rows)).not.toContain(MINE);
  });
});
