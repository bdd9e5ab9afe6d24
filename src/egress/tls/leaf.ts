import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import { AUTHORITY_NAME, type BoxAuthority } from './authority.ts';
import {
  authorityKeyIdentifier,
  basicConstraints,
  commonName,
  keyUsage,
  serverAuth,
  signCertificate,
  spki,
  subjectAltName,
  subjectKeyIdentifier,
} from './certificate.ts';
import { BACKDATE_MS, COMMON_NAME_CHARS_MAX, LEAF_LIFETIME_MS, LEAVES_MAX } from './limits.ts';
import { certificatePem } from './pem.ts';

/** How much of a leaf's life may be over before another one is minted. */
const FRESH_MS = LEAF_LIFETIME_MS / 2;

interface Leaf {
  readonly context: SecureContext;
  readonly minted: number;
}

/**
 * Gives the TLS context of a server for a canonical host name or address, with a certificate of
 * the box's authority for exactly that name. The last LEAVES_MAX are kept; how fast new names may
 * come is for the caller to bound. All leaves of a box share one key.
 */
export function makeLeafMinter(
  authority: BoxAuthority,
  clock: () => number = Date.now,
): (name: string) => SecureContext {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' });
  const sign = makeLeafSigner(authority, publicKey);
  const leaves = new Map<string, Leaf>();
  const mint = (name: string, now: number): Leaf => ({
    context: createSecureContext({ cert: sign(name, now), key, minVersion: 'TLSv1.2' }),
    minted: now,
  });
  return (name) => {
    const now = clock();
    const known = leaves.get(name);
    const leaf = known !== undefined && now - known.minted < FRESH_MS ? known : mint(name, now);
    leaves.delete(name);
    leaves.set(name, leaf);
    if (leaves.size > LEAVES_MAX) leaves.delete(leaves.keys().next().value as string);
    return leaf.context;
  };
}

/** Gives the certificate for a name, PEM; `now` in milliseconds since the epoch. */
export function makeLeafSigner(
  authority: BoxAuthority,
  publicKey: KeyObject,
): (name: string, now: number) => string {
  const issuerKey = createPrivateKey(authority.key);
  const issuer = commonName(AUTHORITY_NAME);
  const info = spki(publicKey);
  const constant = [
    basicConstraints(false),
    keyUsage(false),
    serverAuth(),
    subjectKeyIdentifier(info),
    authorityKeyIdentifier(spki(createPublicKey(issuerKey))),
  ];
  return (name, now) => {
    const named = name.length <= COMMON_NAME_CHARS_MAX;
    const fields = {
      issuer,
      subject: commonName(named ? name : undefined),
      notBefore: now - BACKDATE_MS,
      notAfter: now + LEAF_LIFETIME_MS,
      publicKey: info,
      extensions: [...constant, subjectAltName(name, !named)],
    };
    return certificatePem(signCertificate(fields, issuerKey));
  };
}
