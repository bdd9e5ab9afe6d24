import { networkInterfaces } from 'node:os';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { vetAddress } from './address.ts';

const NONE: ReadonlySet<string> = new Set();

/** Every octet quadruple that is not public, written as the plain address. */
const HOSTILE_IPV4 = [
  '0.0.0.0',
  '0.1.2.3',
  '10.0.0.1',
  '10.255.255.255',
  '100.64.0.1',
  '100.100.100.200',
  '100.127.255.255',
  '127.0.0.1',
  '127.255.255.254',
  '168.63.129.16',
  '169.254.0.1',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.1',
  '192.0.2.1',
  '192.88.99.1',
  '192.168.1.1',
  '198.18.0.1',
  '198.19.255.255',
  '198.51.100.7',
  '203.0.113.9',
  '224.0.0.1',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.255',
];

const HOSTILE_IPV6 = [
  '::',
  '::1',
  '::2',
  '::127.0.0.1',
  '::ffff:127.0.0.1',
  '::ffff:8.8.8.8',
  '::ffff:a9fe:a9fe',
  '::ffff:0:8.8.8.8',
  '64:ff9b::a9fe:a9fe',
  '64:ff9b::8.8.8.8',
  '64:ff9b:1::1',
  '100::1',
  '2001::1',
  '2001:0:53aa::1',
  '2001:2::1',
  '2001:db8::1',
  '2002:7f00:1::',
  '2002:808:808::',
  '3fff::1',
  '5f00::1',
  'fc00::1',
  'fd00:ec2::254',
  'fd20:ce::254',
  'fd70:6f77:6572::10',
  'fe80::1',
  'febf::1',
  'fec0::1',
  'ff02::1',
  '4000::1',
  '0:0:0:0:0:0:0:1',
  '8000::',
];

const PUBLIC = [
  '1.1.1.1',
  '8.8.8.8',
  '9.255.255.255',
  '11.0.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '126.255.255.255',
  '128.0.0.0',
  '172.15.255.255',
  '172.32.0.0',
  '192.167.255.255',
  '198.17.255.255',
  '198.20.0.0',
  '223.255.255.255',
  '2606:4700:4700::1111',
  '2a00:1450:4001:830::200e',
  '2001:4860:4860::8888',
  '2003::1',
];

function groupsOf(bytes: Uint8Array): string[] {
  return Array.from({ length: 8 }, (_, index) =>
    (((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0)).toString(16),
  );
}

describe('vetAddress()', () => {
  it('refuses each reserved address, with a reason', () => {
    for (const ip of [...HOSTILE_IPV4, ...HOSTILE_IPV6]) {
      const verdict = vetAddress(ip, NONE);
      expect(verdict.ok, ip).toBe(false);
      expect(verdict.ok || verdict.reason).toMatch(/^the address is /);
    }
    expect(vetAddress('169.254.169.254', NONE)).toEqual({
      ok: false,
      reason: 'the address is a metadata service',
    });
  });

  it('passes public addresses, up to the edges of the reserved ones', () => {
    for (const ip of PUBLIC) expect(vetAddress(ip, NONE), ip).toEqual({ ok: true });
  });

  it('refuses every way to put an IPv4 address into IPv6', () => {
    fc.assert(
      fc.property(fc.ipV4(), (ip) => {
        const [a = 0, b = 0, c = 0, d = 0] = ip.split('.').map(Number);
        const high = ((a << 8) | b).toString(16);
        const low = ((c << 8) | d).toString(16);
        const forms = [
          `::ffff:${ip}`,
          `::${ip}`,
          `::ffff:${high}:${low}`,
          `::ffff:0:${ip}`,
          `0:0:0:0:0:FFFF:${high}:${low}`,
          `64:ff9b::${ip}`,
          `64:ff9b:1:${high}:${low}::`,
          `2002:${high}:${low}::1`,
          `2001:0:${high}:${low}::`,
        ];
        for (const form of forms) expect(vetAddress(form, NONE).ok, form).toBe(false);
      }),
    );
  });

  it('says the same of every spelling of an IPv6 address', () => {
    const known = fc.constantFrom(
      'fd00:0ec2::',
      'fe80::',
      '2606:4700::',
      '2001:0db8::',
      '0000:0000::',
    );
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), known, (random, prefix) => {
        const bytes = Uint8Array.from(random);
        for (const [index, group] of prefix.split(':').slice(0, 2).entries()) {
          bytes[index * 2] = Number.parseInt(group.slice(0, 2) || '0', 16);
          bytes[index * 2 + 1] = Number.parseInt(group.slice(2) || '0', 16);
        }
        const groups = groupsOf(bytes);
        const verdict = vetAddress(groups.join(':'), NONE);
        const tail = `${bytes[12]}.${bytes[13]}.${bytes[14]}.${bytes[15]}`;
        const forms = [
          groups.join(':').toUpperCase(),
          groups.map((group) => group.padStart(4, '0')).join(':'),
          [...groups.slice(0, 6), tail].join(':'),
        ];
        for (const form of forms) expect(vetAddress(form, NONE), form).toEqual(verdict);
        const global = ((bytes[0] as number) & 0xe0) === 0x20;
        if (!global) expect(verdict.ok).toBe(false);
      }),
    );
  });

  it('refuses what is no address, however a resolver might read it', () => {
    const forms = [
      '',
      ' ',
      '127.1',
      '0x7f.1',
      '2130706433',
      '0177.0.0.1',
      '1.1.1',
      '1.1.1.1.1',
      '1.1.1.1 ',
      ' 1.1.1.1',
      '[::1]',
      '[2606:4700::1]',
      '2606:4700::1%eth0',
      'fe80::1%1',
      '1.1.1.1:80',
      '1.1.1.1\0',
      'example.com',
      '１.1.1.1',
      '01.1.1.1',
      '1.1.1.256',
      ':::',
      '1::2::3',
    ];
    for (const form of forms) expect(vetAddress(form, NONE).ok, form).toBe(false);
    fc.assert(fc.property(fc.string(), (text) => void vetAddress(text, NONE)));
  });

  it("refuses the machine's own addresses in every spelling", () => {
    const own = new Set(['8.8.4.4', '2606:4700::abcd', 'fe80::1%eth0']);
    for (const ip of ['8.8.4.4', '2606:4700::abcd', '2606:4700:0:0:0:0:0:ABCD']) {
      expect(vetAddress(ip, own), ip).toEqual({
        ok: false,
        reason: 'the address is one of this machine',
      });
    }
    expect(vetAddress('8.8.8.8', own).ok).toBe(true);
    const real = new Set(
      Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map((one) => one.address)),
    );
    for (const ip of real) expect(vetAddress(ip, real).ok, ip).toBe(false);
  });
});
