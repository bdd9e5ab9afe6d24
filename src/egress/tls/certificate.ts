/** Builds and signs an X.509 v3 certificate (RFC 5280 §4) with a P-256 key. */
import { createHash, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP, isIPv4 } from 'node:net';
import { der, oid, TAG, time } from './der.ts';

const SEQUENCE = TAG.sequence;
/** RFC 5758 §3.2: ecdsa-with-SHA256. */
const SIGNATURE_ALGORITHM = der(SEQUENCE, oid('1.2.840.10045.4.3.2'));
const TRUE = der(TAG.boolean, Buffer.from([0xff]));

export interface CertificateFields {
  readonly issuer: Buffer;
  readonly subject: Buffer;
  readonly notBefore: number;
  readonly notAfter: number;
  /** SubjectPublicKeyInfo, from `spki`. */
  readonly publicKey: Buffer;
  /** Each made by `extension`. */
  readonly extensions: readonly Buffer[];
}

/** The certificate in DER. */
export function signCertificate(fields: CertificateFields, issuerKey: KeyObject): Buffer {
  const body = der(
    SEQUENCE,
    der(0xa0, der(TAG.integer, Buffer.from([2]))),
    der(TAG.integer, serialNumber()),
    SIGNATURE_ALGORITHM,
    fields.issuer,
    der(SEQUENCE, time(fields.notBefore), time(fields.notAfter)),
    fields.subject,
    fields.publicKey,
    der(0xa3, der(SEQUENCE, ...fields.extensions)),
  );
  return der(SEQUENCE, body, SIGNATURE_ALGORITHM, bitString(sign('sha256', body, issuerKey)));
}

/** 128 bits, positive and of constant length (RFC 5280 §4.1.2.2). */
function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] as number) & 0x7f) | 0x40;
  return bytes;
}

/** A name of one common name, or the empty name. */
export function commonName(text: string | undefined): Buffer {
  if (text === undefined) return der(SEQUENCE);
  const attribute = der(SEQUENCE, oid('2.5.4.3'), der(TAG.utf8String, Buffer.from(text)));
  return der(SEQUENCE, der(TAG.set, attribute));
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  const flag = critical ? [TRUE] : [];
  return der(SEQUENCE, oid(id), ...flag, der(TAG.octetString, value));
}

/** RFC 5280 §4.2.1.9; an authority may sign leaves and nothing else. */
export function basicConstraints(authority: boolean): Buffer {
  const fields = authority ? [TRUE, der(TAG.integer, Buffer.from([0]))] : [];
  return extension('2.5.29.19', true, der(SEQUENCE, ...fields));
}

/** RFC 5280 §4.2.1.3: keyCertSign and cRLSign, or digitalSignature. */
export function keyUsage(authority: boolean): Buffer {
  const bits = authority ? [1, 0b0000_0110] : [7, 0b1000_0000];
  return extension('2.5.29.15', true, der(TAG.bitString, Buffer.from(bits)));
}

export function serverAuth(): Buffer {
  return extension('2.5.29.37', false, der(SEQUENCE, oid('1.3.6.1.5.5.7.3.1')));
}

export function subjectKeyIdentifier(publicKey: Buffer): Buffer {
  return extension('2.5.29.14', false, der(TAG.octetString, keyIdentifier(publicKey)));
}

export function authorityKeyIdentifier(publicKey: Buffer): Buffer {
  return extension('2.5.29.35', false, der(SEQUENCE, der(0x80, keyIdentifier(publicKey))));
}

/** RFC 5280 §4.2.1.6: critical where the subject is empty. `name` is a host name or an address. */
export function subjectAltName(name: string, critical: boolean): Buffer {
  const value =
    isIP(name) === 0 ? der(0x82, Buffer.from(name, 'ascii')) : der(0x87, addressBytes(name));
  return extension('2.5.29.17', critical, der(SEQUENCE, value));
}

/** RFC 7093 §2, method 1: the leftmost 160 bits of SHA-256 of the public point. */
function keyIdentifier(publicKey: Buffer): Buffer {
  return createHash('sha256').update(publicKey.subarray(-65)).digest().subarray(0, 20);
}

/** SubjectPublicKeyInfo of a P-256 key, DER. */
export function spki(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' });
}

function bitString(bytes: Buffer): Buffer {
  return der(TAG.bitString, Buffer.from([0]), bytes);
}

function addressBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  // The URL parser writes every spelling as plain groups (RFC 5952), so only `::` is left to fill.
  const plain = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail] = plain.split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const middle = new Array<string>(8 - front.length - back.length).fill('0');
  const groups = [...front, ...middle, ...back];
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex');
}
