import { generateKeyPairSync } from 'node:crypto';
import {
  basicConstraints,
  commonName,
  keyUsage,
  signCertificate,
  spki,
  subjectKeyIdentifier,
} from './certificate.ts';
import { AUTHORITY_LIFETIME_MS, BACKDATE_MS } from './limits.ts';
import { certificatePem } from './pem.ts';

/** The certificate authority of one box, PEM. It lives in memory and dies with the box. */
export interface BoxAuthority {
  readonly certificate: string;
  /** PKCS #8. */
  readonly key: string;
}

/**
 * The same for every box, so that its OpenSSL subject hash is a constant; boxes differ in their
 * keys, which the key identifiers tell.
 */
export const AUTHORITY_NAME = 'Powerbox box authority';

/** `now` in milliseconds since the epoch. */
export function makeBoxAuthority(now: number = Date.now()): BoxAuthority {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const info = spki(publicKey);
  const name = commonName(AUTHORITY_NAME);
  const certificate = signCertificate(
    {
      issuer: name,
      subject: name,
      notBefore: now - BACKDATE_MS,
      notAfter: now + AUTHORITY_LIFETIME_MS,
      publicKey: info,
      extensions: [basicConstraints(true), keyUsage(true), subjectKeyIdentifier(info)],
    },
    privateKey,
  );
  return {
    certificate: certificatePem(certificate),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}
