import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { type Live, live } from '../../ocap/live.ts';
import { PowerboxError } from '../../wire/errors.ts';
import { KEY_BYTES_MIN } from './limits.ts';
import { secretPower } from './power.ts';
import type { Encoding, SecretCall } from './rule.ts';
import type { SecretConfig } from './texts.ts';

export interface SecretDependencies {
  /** Custody of values. Asked at each call, so that a rotated value is used at once. */
  secret(name: string): { reveal(): string };
}

/** The value is in this process for the length of one call, and in no result and no error. */
export function openSecret(config: SecretConfig, { secret }: SecretDependencies): Live {
  return live({
    facet: 'root',
    at: null,
    call(method, args, { spend }) {
      const call = secretPower.callOf(config, { facet: 'root', at: null, method, args });
      if (call.method !== 'derive') spend({ bytes: call.data.length / 2 });
      const key = keyOf(config, secret(config.name).reveal());
      try {
        return answer(call, key);
      } finally {
        key.fill(0);
      }
    },
    close() {},
  });
}

/** RFC 5869 §3.1: a salt that is this use's own keeps its keys apart from all other uses'. */
const DERIVE_SALT = 'powerbox secret derive 1';

function answer(call: SecretCall, key: Buffer): string | boolean {
  if (call.method === 'derive') {
    const bytes = hkdfSync('sha256', key, DERIVE_SALT, call.purpose, call.length);
    return Buffer.from(bytes).toString(call.encoding);
  }
  const digest = call.algorithm.slice('hmac-'.length);
  const mac = createHmac(digest, key).update(call.data, 'hex').digest();
  return call.method === 'sign'
    ? mac.toString(call.encoding)
    : isSame(mac, call.mac, call.encoding);
}

/** In a time that tells nothing of where they differ. A shortened mac is a wrong one. */
function isSame(right: Buffer, written: string, encoding: Encoding): boolean {
  const given = Buffer.from(written, encoding);
  // Node skips what it cannot read: only the one way to write these bytes is taken.
  const plain = given.toString(encoding) === (encoding === 'hex' ? written.toLowerCase() : written);
  return plain && given.length === right.length && timingSafeEqual(given, right);
}

function keyOf({ name, key }: SecretConfig, value: string): Buffer {
  const bytes = Buffer.from(value, key === 'text' ? 'utf8' : key);
  if (key !== 'text' && !isWritten(value, bytes, key)) {
    throw new PowerboxError('secret-invalid', `Cannot use ${name}: its value is not in ${key}.`);
  }
  if (bytes.length >= KEY_BYTES_MIN) return bytes;
  throw new PowerboxError(
    'secret-invalid',
    `Cannot use ${name}: with fewer than ${KEY_BYTES_MIN} bytes its signatures would let it be guessed.`,
    { hint: 'Keep a longer value.' },
  );
}

function isWritten(value: string, bytes: Buffer, form: 'base64' | 'hex'): boolean {
  if (form === 'hex') return bytes.toString('hex') === value.toLowerCase();
  return bytes.toString('base64').replace(/=+$/, '') === value.replace(/=+$/, '');
}
