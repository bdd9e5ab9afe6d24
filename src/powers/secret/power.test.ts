import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { optional, someOf, testNarrowingLaws } from '../../../test/support/narrowing-laws.ts';
import { DATA_BYTES_MAX } from './limits.ts';
import { secretPower } from './power.ts';
import { ALGORITHMS, SECRET_METHODS, type SecretCall, type SecretRule } from './rule.ts';

const config = secretPower.readConfig('HOOK');
const callOf = (method: string, ...args: readonly unknown[]): SecretCall =>
  secretPower.callOf(config, { facet: 'root', at: null, method, args });
const only = (...texts: readonly string[]) => secretPower.readNarrowing(texts, config);

const rule: fc.Arbitrary<SecretRule> = fc.record({
  methods: optional(someOf(...SECRET_METHODS)),
  algorithms: optional(someOf(...ALGORITHMS)),
  bytes: optional(fc.nat(8)),
  prefix: optional(fc.constantFrom('', 'v1:', 'é', '"', 'a b')),
  purposes: optional(someOf('*', 'a/*', 'a/b', ',')),
});
const text = fc.constantFrom('', 'v1:x', 'v2', 'é1', '"x', 'a b c', 'a much longer text');
const call: fc.Arbitrary<SecretCall> = fc.oneof(
  fc
    .tuple(fc.constantFrom('sign', 'verify'), text, fc.constantFrom(...ALGORITHMS))
    .map(([method, data, algorithm]) =>
      method === 'sign'
        ? callOf(method, data, { algorithm })
        : callOf(method, data, 'ff', { algorithm }),
    ),
  fc.constantFrom('a/b', 'a/c', ',', 'z').map((purpose) => callOf('derive', purpose, 32)),
);

describe('the kind secret', () => {
  testNarrowingLaws(secretPower, { config, rule, call });

  it('is known by its name, and by what differs from the usual', () => {
    for (const written of ['HOOK', 'HOOK algorithm=hmac-sha512', 'HOOK key=base64']) {
      expect(secretPower.describeConfig(secretPower.readConfig(written))).toBe(`secret:${written}`);
      expect(secretPower.config.parse(secretPower.readConfig(written))).toBeTruthy();
    }
    for (const bad of ['', '9A', 'a-b', 'HOOK algorithm=identity', 'HOOK key=x', 'HOOK what']) {
      expect(() => secretPower.readConfig(bad)).toThrow(
        expect.objectContaining({ code: 'power-invalid' }),
      );
    }
    expect(secretPower.secretsOf(config)).toEqual(['HOOK']);
  });

  it.each([
    ['sign', ['x'], 'sign bytes=1', true],
    ['sign', ['xy'], 'sign bytes=1', false],
    ['sign', ['x'], 'verify', false],
    ['sign', ['v1:x'], 'prefix="v1:"', true],
    ['sign', ['v2:x'], 'prefix="v1:"', false],
    ['sign', [new Uint8Array([0x76, 0x31, 0x3a, 0xff])], 'prefix="v1:"', true],
    ['sign', ['x'], 'purpose=*', false],
    ['sign', ['x', { algorithm: 'hmac-sha512' }], 'algorithm=hmac-sha256', false],
    ['derive', ['cookies/a', 32], 'purpose=cookies/*', true],
    ['derive', ['mail', 32], 'purpose=cookies/*', false],
    ['derive', ['mail', 32], 'bytes=100', false],
    ['verify', ['x', 'ff'], 'verify', true],
  ])('%s(%j) under --only %s: %s', (method, args, narrowing, allowed) => {
    expect(secretPower.permits(only(narrowing), callOf(method, ...args)).allow).toBe(allowed);
  });

  it.each([
    ['sign', []],
    ['sign', [1]],
    ['sign', ['x', { algorithm: 'identity' }]],
    ['sign', ['x', { algorithm: 'sha256' }]],
    ['sign', ['x', { other: 1 }]],
    ['sign', ['\ud800']],
    ['sign', ['x'.repeat(DATA_BYTES_MAX + 1)]],
    ['sign', [new Uint8Array(DATA_BYTES_MAX + 1)]],
    ['verify', ['x']],
    ['verify', ['x', 'f'.repeat(129)]],
    ['derive', ['', 32]],
    ['derive', ['x'.repeat(257), 32]],
    ['derive', ['x', 15]],
    ['derive', ['x', 1025]],
    ['derive', ['x', 32.5]],
    ['reveal', []],
    ['constructor', []],
  ])('refuses the call %s', (method, args) => {
    expect(() => callOf(method, ...args)).toThrow(
      expect.objectContaining({ code: 'call-invalid' }),
    );
  });

  it('takes as much as its limits say', () => {
    expect(callOf('sign', 'x'.repeat(DATA_BYTES_MAX)).method).toBe('sign');
    expect(callOf('derive', 'x'.repeat(256), 1024).method).toBe('derive');
    expect(callOf('derive', 'x', 16).method).toBe('derive');
  });

  it('signs with one algorithm where the power says which', () => {
    const fixed = secretPower.readConfig('HOOK algorithm=hmac-sha512');
    const sign = (options?: object) =>
      secretPower.callOf(fixed, { facet: 'root', at: null, method: 'sign', args: ['x', options] });
    expect(sign()).toMatchObject({ algorithm: 'hmac-sha512' });
    expect(() => sign({ algorithm: 'hmac-sha256' })).toThrow('hmac-sha512 only');
  });

  it('describes a call without its data', () => {
    expect(secretPower.describe(callOf('sign', 'private'))).toBe(
      'sign 7 bytes with HOOK (hmac-sha256)',
    );
    expect(secretPower.effect(callOf('sign', 'x'))).toBe('write');
    expect(secretPower.effect(callOf('verify', 'x', ''))).toBe('read');
    expect(secretPower.effect(callOf('derive', 'x', 16))).toBe('irrevocable');
  });
});
