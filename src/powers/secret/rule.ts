import type { Verdict } from '../../ocap/verdict.ts';
import { listWords, quote } from '../../policy/quote.ts';
import { judgeRules, type RuleFault } from '../words/judge-rules.ts';
import { matchesAny } from '../words/wildcard.ts';

export const ALGORITHMS = ['hmac-sha256', 'hmac-sha384', 'hmac-sha512'] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

export const ENCODINGS = ['hex', 'base64', 'base64url'] as const;
export type Encoding = (typeof ENCODINGS)[number];

export const SECRET_METHODS = ['sign', 'verify', 'derive'] as const;

/** All that is not null must hold. What says something of data allows no `derive`, and so on. */
export interface SecretRule {
  readonly methods: readonly (typeof SECRET_METHODS)[number][] | null;
  readonly algorithms: readonly Algorithm[] | null;
  /** Most bytes of data. */
  readonly bytes: number | null;
  /** The data must begin with this text, as UTF-8. */
  readonly prefix: string | null;
  /** Patterns with `*`. */
  readonly purposes: readonly string[] | null;
}

/** A call is allowed that one of the rules allows. */
export type SecretNarrowing = readonly SecretRule[];

interface OfData {
  readonly secret: string;
  readonly algorithm: Algorithm;
  /** Hexadecimal. */
  readonly data: string;
  readonly encoding: Encoding;
}

export interface OfPurpose {
  readonly secret: string;
  readonly purpose: string;
  /** In bytes. */
  readonly length: number;
  readonly encoding: Encoding;
}

export type SecretCall =
  | ({ readonly method: 'sign' } & OfData)
  | ({ readonly method: 'verify'; readonly mac: string } & OfData)
  | ({ readonly method: 'derive' } & OfPurpose);

export function permitsSecret(narrowing: SecretNarrowing, call: SecretCall): Verdict {
  return judgeRules(narrowing, call, faultOf, {
    code: 'narrowing-refused',
    describe: describeSecretCall,
  });
}

function faultOf(rule: SecretRule, call: SecretCall): RuleFault | null {
  if (rule.methods !== null && !rule.methods.includes(call.method)) {
    return { distance: 1, reason: `only ${listWords(rule.methods)} may be used` };
  }
  return call.method === 'derive' ? faultOfPurpose(rule, call) : faultOfData(rule, call);
}

function faultOfPurpose(rule: SecretRule, { purpose }: OfPurpose): RuleFault | null {
  if (rule.algorithms !== null || rule.bytes !== null || rule.prefix !== null) {
    return { distance: 1, reason: 'only signatures may be made' };
  }
  if (rule.purposes === null || matchesAny(rule.purposes, purpose)) return null;
  return { distance: 2, reason: `the purpose must be ${rule.purposes.map(quote).join(' or ')}` };
}

function faultOfData(rule: SecretRule, { algorithm, data }: OfData): RuleFault | null {
  if (rule.purposes !== null) return { distance: 1, reason: 'only keys may be derived' };
  if (rule.algorithms !== null && !rule.algorithms.includes(algorithm)) {
    return { distance: 2, reason: `the algorithm must be ${rule.algorithms.join(' or ')}` };
  }
  if (rule.bytes !== null && data.length / 2 > rule.bytes) {
    return { distance: 3, reason: `at most ${rule.bytes} bytes may be used` };
  }
  if (rule.prefix !== null && !data.startsWith(Buffer.from(rule.prefix, 'utf8').toString('hex'))) {
    return { distance: 3, reason: `the data must begin with ${quote(rule.prefix)}` };
  }
  return null;
}

/** Of the data only the size, as it may be private. */
export function describeSecretCall(call: SecretCall): string {
  if (call.method === 'derive') return `derive ${quote(call.purpose)} from ${call.secret}`;
  return `${call.method} ${call.data.length / 2} bytes with ${call.secret} (${call.algorithm})`;
}
