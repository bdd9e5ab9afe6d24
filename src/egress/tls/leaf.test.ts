import { createHash, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { makeBoxAuthority } from './authority.ts';
import { der, oid, readAll, time } from './der.ts';
import { jksTrustStore } from './jks.ts';
import { makeLeafMinter } from './leaf.ts';
import { AUTHORITY_LIFETIME_MS, BACKDATE_MS, LEAF_LIFETIME_MS, LEAVES_MAX } from './limits.ts';
import { certificatesIn } from './pem.ts';
import { subjectHash } from './subject-hash.ts';

describe('makeBoxAuthority()', () => {
  it('makes another authority of the same name each time', () => {
    const now = Date.UTC(2031, 0, 2, 3, 4, 5);
    const [one, two] = [makeBoxAuthority(now), makeBoxAuthority(now)].map(
      ({ certificate }) => new X509Certificate(certificate),
    ) as [X509Certificate, X509Certificate];
    expect(one.subject).toBe('CN=Powerbox box authority');
    expect(one.ca).toBe(true);
    expect(one.verify(one.publicKey)).toBe(true);
    expect(one.verify(two.publicKey)).toBe(false);
    expect(one.serialNumber).not.toBe(two.serialNumber);
    expect(one.serialNumber).toMatch(/^[4-7][0-9A-F]{31}$/);
    expect(Date.parse(one.validFrom)).toBe(now - BACKDATE_MS);
    expect(Date.parse(one.validTo)).toBe(now + AUTHORITY_LIFETIME_MS);
  });

  it('has a subject hash that is a constant', () => {
    expect(subjectHash(makeBoxAuthority().certificate)).toBe('76d58424');
    expect(() => subjectHash('no certificate')).toThrow('no PEM certificate');
  });
});

describe('makeLeafMinter()', () => {
  it('keeps the leaves that were used last, and mints a new one before one is old', () => {
    let now = Date.now();
    const mint = makeLeafMinter(makeBoxAuthority(), () => now);
    const first = mint('first.example');
    for (let index = 1; index < LEAVES_MAX; index += 1) mint(`n${index}.example`);
    expect(mint('first.example')).toBe(first);
    const second = mint('n1.example');
    mint('one.more.example');
    expect(mint('first.example')).toBe(first);
    expect(mint('n1.example')).toBe(second);
    mint('n2.example');
    now += LEAF_LIFETIME_MS / 2;
    expect(mint('first.example')).not.toBe(first);
  });
});

describe('jksTrustStore()', () => {
  it('holds every certificate, under the digest that Java checks', () => {
    const authorities = [makeBoxAuthority(), makeBoxAuthority()].map(
      ({ certificate }) => certificate,
    );
    const store = jksTrustStore([`words\n${authorities.join('\n')}`]);
    expect(store.subarray(0, 12).toString('hex')).toBe('feedfeed0000000200000002');
    let at = 12;
    const take = (length: number): Buffer => {
      at += length;
      return store.subarray(at - length, at);
    };
    const certificates = [0, 1].map((index) => {
      expect(take(4).readUInt32BE()).toBe(2);
      expect(take(take(2).readUInt16BE()).toString()).toBe(`ca-${index}`);
      expect(Math.abs(Number(take(8).readBigUInt64BE()) - Date.now())).toBeLessThan(60_000);
      expect(take(take(2).readUInt16BE()).toString()).toBe('X.509');
      return take(take(4).readUInt32BE());
    });
    expect(certificates).toEqual(authorities.flatMap(certificatesIn));
    const keyed = Buffer.concat([
      Buffer.from('\0c\0h\0a\0n\0g\0e\0i\0t'),
      Buffer.from('Mighty Aphrodite'),
      store.subarray(0, at),
    ]);
    expect(store.subarray(at)).toEqual(createHash('sha1').update(keyed).digest());
  });
});

describe('der()', () => {
  it('writes lengths, identifiers and times as X.690 and RFC 5280 have them', () => {
    expect(der(4, Buffer.alloc(127)).subarray(0, 2).toString('hex')).toBe('047f');
    expect(der(4, Buffer.alloc(128)).subarray(0, 3).toString('hex')).toBe('048180');
    expect(der(4, Buffer.alloc(70_000)).subarray(0, 5).toString('hex')).toBe('0483011170');
    expect(oid('1.2.840.10045.4.3.2').toString('hex')).toBe('06082a8648ce3d040302');
    expect(time(Date.UTC(2049, 11, 31, 23, 59, 59)).toString('latin1')).toBe(
      '\x17\x0d491231235959Z',
    );
    expect(time(Date.UTC(2050, 0, 1)).toString('latin1')).toBe('\x18\x0f20500101000000Z');
    for (const length of [0, 127, 128, 255, 256, 300, 70_000]) {
      expect(readAll(der(4, Buffer.alloc(length)))[0]?.content.length).toBe(length);
    }
    for (const cut of ['04', '0405', '0480', '048200']) {
      expect(() => readAll(Buffer.from(cut, 'hex')), cut).toThrow(RangeError);
    }
  });
});
