import { createHash } from 'node:crypto';
import { der, readAll, readSequence, TAG } from './der.ts';
import { certificatesIn } from './pem.ts';

/** String types whose text OpenSSL normalises: UTF8, Numeric to T61, IA5, Visible, BMP. */
const TEXT_TAGS: ReadonlySet<number> = new Set([0x0c, 0x13, 0x14, 0x16, 0x1a, 0x1e]);

/**
 * What `openssl x509 -subject_hash` prints: the name of a certificate's file in a hashed directory
 * (SSL_CERT_DIR), without the `.0`. It is the SHA-1 of the subject with its strings in UTF-8, lower
 * case and single spaces (OpenSSL's canonical name encoding).
 */
export function subjectHash(certificate: string): string {
  const [bytes] = certificatesIn(certificate);
  if (bytes === undefined) throw new TypeError('Cannot hash the subject: it is no PEM certificate');
  const [body] = readSequence(bytes);
  const fields = readAll(body?.content ?? Buffer.alloc(0));
  // The version stands first where it is written at all; the subject is the fourth after the serial.
  const subject = fields[fields[0]?.tag === 0xa0 ? 5 : 4];
  const canonical = readAll(subject?.content ?? Buffer.alloc(0)).map((set) =>
    der(TAG.set, ...readAll(set.content).map((attribute) => canonicalAttribute(attribute.content))),
  );
  const digest = createHash('sha1').update(Buffer.concat(canonical)).digest();
  return digest.readUInt32LE(0).toString(16).padStart(8, '0');
}

function canonicalAttribute(content: Buffer): Buffer {
  const [type, value] = readAll(content);
  if (type === undefined || value === undefined) return der(TAG.sequence, content);
  const text = TEXT_TAGS.has(value.tag)
    ? der(TAG.utf8String, canonicalText(value.tag, value.content))
    : der(value.tag, value.content);
  return der(TAG.sequence, der(type.tag, type.content), text);
}

function canonicalText(tag: number, content: Buffer): Buffer {
  const text = textOf(tag, content)
    .replace(/^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/g, '')
    .replace(/[ \t\n\v\f\r]+/g, ' ')
    .replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  return Buffer.from(text, 'utf8');
}

function textOf(tag: number, content: Buffer): string {
  if (tag === 0x0c) return content.toString('utf8');
  return tag === 0x1e
    ? Buffer.from(content).swap16().toString('utf16le')
    : content.toString('latin1');
}
