import { randomInt } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PLACEHOLDER_BITS_MIN, PLACEHOLDER_SHARED_RUN_MAX } from './limits.ts';
import { makePlaceholder } from './placeholder.ts';
import { knownPrefixes } from './services.ts';

const PREFIXES = knownPrefixes();
const RUN = PLACEHOLDER_SHARED_RUN_MAX + 1;

function sharedRuns(placeholder: string, value: string, from: number): string[] {
  const runs: string[] = [];
  for (let at = from; at + RUN <= placeholder.length; at++) {
    const run = placeholder.slice(at, at + RUN);
    if (value.includes(run)) runs.push(run);
  }
  return runs;
}

function keptPrefix(value: string): number {
  return Math.max(
    0,
    ...PREFIXES.filter((known) => value.startsWith(known)).map(({ length }) => length),
  );
}

function token(header: object, claims: object, signature: string): string {
  const part = (of: object): string => Buffer.from(JSON.stringify(of)).toString('base64url');
  return `${part(header)}.${part(claims)}.${signature}`;
}

describe('makePlaceholder()', () => {
  it.each([
    [
      'sk-ant-api03-AbC123xyzAbC123xyz-_AA',
      /^sk-ant-api03-[A-Z][a-z][A-Z]\d{3}[a-z]{3}.*-_[A-Z]{2}$/,
    ],
    ['ghp_0123456789abcdefABCDEF0123456789abcd', /^ghp_[0-9a-zA-Z]{36}$/],
    ['0123456789abcdef0123456789abcdef', /^[0-9a-f]{32}$/],
    ['0123456789ABCDEF0123456789ABCDEF', /^[0-9A-F]{32}$/],
    ['123456789:012345678901234567890', /^\d{9}:\d{21}$/],
    ['6f1c2c6e-54a5-4b62-8e6d-1d8f3a3fb0a1', /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/],
    ['sk-unknownprefix-abcdefgh', /^sk-[a-z]{13}-[a-z]{8}$/],
  ])('keeps the shape of %s', (value, shape) => {
    expect(makePlaceholder(value, PREFIXES)).toMatch(shape);
  });

  it('keeps no prefix that is not known', () => {
    const kept = Array.from({ length: 20 }, () =>
      makePlaceholder('acme_0123456789abcdefABCD', PREFIXES),
    );
    expect(kept.some((each) => !each.startsWith('acme_'))).toBe(true);
  });

  it('is as long as the value, never it, and shares no run with it beyond the prefix', () => {
    const value = fc.oneof(
      fc.string({ minLength: 12, maxLength: 200 }),
      fc.stringMatching(/^[0-9a-f]{12,300}$/),
      fc.stringMatching(/^[0-9]{12,60}$/),
      fc.stringMatching(/^[-_.=+/~:a]{12,60}$/),
      fc
        .tuple(fc.constantFrom(...PREFIXES), fc.stringMatching(/^[A-Za-z0-9_-]{12,80}$/))
        .map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(value, (each) => {
        const placeholder = makePlaceholder(each, PREFIXES);
        expect(placeholder).toHaveLength(each.length);
        expect(placeholder).not.toBe(each);
        expect(sharedRuns(placeholder, each, keptPrefix(each))).toEqual([]);
        expect(placeholder).toMatch(/^[\x21-\x7e]+$/);
      }),
      { numRuns: 1000 },
    );
  });

  it('holds at least PLACEHOLDER_BITS_MIN random bits from twelve characters on', () => {
    const value = fc.oneof(
      fc.stringMatching(/^[0-9]{12}$/),
      fc.stringMatching(/^sk-[0-9]{9}$/),
      fc.stringMatching(/^[-_.]{11}[0-9]$/),
      fc.string({ minLength: 12, maxLength: 40 }),
    );
    fc.assert(
      fc.property(value, (each) => {
        let bits = 0;
        let redraws = 0;
        makePlaceholder(each, PREFIXES, (below) => {
          bits += Math.log2(below);
          redraws++;
          return randomInt(below);
        });
        // Each draw beyond one a character was thrown away.
        expect(bits - Math.max(0, redraws - each.length) * 6).toBeGreaterThanOrEqual(
          PLACEHOLDER_BITS_MIN,
        );
      }),
    );
  });

  it('keeps a JSON Web Token readable, with other claims and another signature', () => {
    const value = token(
      { alg: 'RS256', typ: 'JWT', kid: '2026-01' },
      { iss: 'https://id.example', sub: 'user-1234567890', exp: 1_900_000_000 },
      'c2lnbmF0dXJlLW9mLXRoaXMtdG9rZW4tMDEyMzQ1Njc4OQ',
    );
    const placeholder = makePlaceholder(value, PREFIXES);
    const [header = '', claims = '', signature = ''] = placeholder.split('.');
    expect(placeholder).toHaveLength(value.length);
    expect(header).toBe(value.split('.')[0]);
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).not.toHaveProperty('sub');
    expect(signature).toHaveLength(value.split('.')[2]?.length ?? 0);
    expect(sharedRuns(placeholder, value, header.length + 1)).toEqual([]);
  });

  it('finds claims of every length', () => {
    for (let length = 0; length < 40; length++) {
      const value = token({ alg: 'HS256' }, { a: 'x'.repeat(length) }, 'A1b2C3d4E5f6G7h8I9j0');
      expect(makePlaceholder(value, PREFIXES)).toHaveLength(value.length);
    }
  });

  it('never gives one that is taken', () => {
    const digits = new Set(Array.from({ length: 62 }, (_, at) => at.toString(36)));
    for (const letter of 'ABCDEFGHIJKLMNOPQRSTUVWXY') digits.add(letter);
    expect(makePlaceholder('a', PREFIXES, randomInt, digits)).toBe('Z');
    digits.add('Z');
    expect(() => makePlaceholder('a', PREFIXES, randomInt, digits)).toThrow(/too short/);
  });

  it('makes one for the longest value, in digits too', () => {
    const value = Array.from({ length: 16_384 }, () => randomInt(10)).join('');
    const placeholder = makePlaceholder(value, PREFIXES);
    expect(placeholder).toHaveLength(value.length);
    expect(sharedRuns(placeholder, value, 0)).toEqual([]);
  });
});
