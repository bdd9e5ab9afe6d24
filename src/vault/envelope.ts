import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/**
 * A sealed text: `clear` may be read by anyone who has the file, and nobody without the key can
 * change it, since AES-256-GCM authenticates it together with the hidden part.
 */
export interface Envelope {
  readonly clear: Clear;
  /** 96 random bits (NIST SP 800-38D §8.2.2), hex; also names this one sealing. */
  readonly nonce: string;
  readonly hidden: string;
}

export type Clear = Readonly<Record<string, unknown>>;

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** The bytes of the file for this content. */
export function seal(key: Buffer, clear: Clear, hidden: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(JSON.stringify(clear), 'utf8'));
  const body = Buffer.concat([cipher.update(hidden, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return Buffer.from(fileText(clear, nonce, body), 'utf8');
}

/**
 * The content of a file that `seal` made with this key; undefined for anything else. A file has
 * one spelling: what differs in a single byte, be it a space, is not opened.
 */
export function unseal(key: Buffer, file: Buffer): Envelope | undefined {
  try {
    const { clear, nonce: nonceText, body: bodyText } = JSON.parse(file.toString('utf8'));
    const nonce = Buffer.from(nonceText, 'hex');
    const body = Buffer.from(bodyText, 'base64');
    if (nonce.length !== NONCE_BYTES || body.length < TAG_BYTES) return undefined;
    if (!file.equals(Buffer.from(fileText(clear, nonce, body), 'utf8'))) return undefined;
    const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(JSON.stringify(clear), 'utf8'));
    decipher.setAuthTag(body.subarray(body.length - TAG_BYTES));
    const start = decipher.update(body.subarray(0, body.length - TAG_BYTES));
    // Nothing is decoded before `final` has checked the tag.
    const hidden = Buffer.concat([start, decipher.final()]).toString('utf8');
    return { clear, nonce: nonceText, hidden };
  } catch {
    return undefined;
  }
}

function fileText(clear: Clear, nonce: Buffer, body: Buffer): string {
  const file = { clear, nonce: nonce.toString('hex'), body: body.toString('base64') };
  return `${JSON.stringify(file)}\n`;
}
