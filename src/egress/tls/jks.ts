import { createHash } from 'node:crypto';
import { certificatesIn } from './pem.ts';

/** The words that the format mixes into its digest (sun.security.provider.JavaKeyStore). */
const WHITENER = 'Mighty Aphrodite';
const MAGIC = 0xfeedfeed;
const VERSION = 2;
const TRUSTED_CERTIFICATE = 2;

/**
 * A Java trust store (JKS) of certificates; each text may hold several. The password protects
 * nothing, since certificates are public: it is what Java uses unless told otherwise.
 */
export function jksTrustStore(certificates: readonly string[], password = 'changeit'): Buffer {
  const all = certificates.flatMap(certificatesIn);
  const store = Buffer.concat([
    ...[MAGIC, VERSION, all.length].map(uint32),
    ...all.map((bytes, index) => trustedEntry(`ca-${index}`, bytes)),
  ]);
  const digest = createHash('sha1')
    .update(Buffer.from(password, 'utf16le').swap16())
    .update(WHITENER)
    .update(store)
    .digest();
  return Buffer.concat([store, digest]);
}

function trustedEntry(alias: string, certificate: Buffer): Buffer {
  const created = Buffer.alloc(8);
  created.writeBigUInt64BE(BigInt(Date.now()));
  const head = [uint32(TRUSTED_CERTIFICATE), utf(alias), created, utf('X.509')];
  return Buffer.concat([...head, uint32(certificate.length), certificate]);
}

function utf(text: string): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(text.length);
  return Buffer.concat([length, Buffer.from(text, 'ascii')]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
