import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { optional, someOf, testNarrowingLaws } from '../../../test/support/narrowing-laws.ts';
import {
  COUNTING_RULES_MAX,
  KEY_CHARS_MAX,
  LIST_KEYS_MAX,
  PATTERNS_MAX,
  STORE_BYTES_MAX,
  STORE_ITEMS_MAX,
  VALUE_BYTES_MAX,
} from './limits.ts';
import { storePower } from './power.ts';
import type { StoreCall, StoreRule } from './rule.ts';

const config = storePower.readConfig('notes');
const callOf = (method: string, ...args: readonly unknown[]): StoreCall =>
  storePower.callOf(config, { facet: 'root', at: null, method, args });
const only = (...texts: readonly string[]) => storePower.readNarrowing(texts, config);

const keys = ['a', 'a/b', 'a/b/c', 'ab', 'é', 'b c,"d', '__proto__'];
const counted: fc.Arbitrary<StoreRule> = fc.record({
  access: optional(fc.constant('ro' as const)),
  keys: optional(someOf('*', 'a*', 'a/*', 'ab', 'é', 'b c,"d', '__proto__')),
  value: optional(fc.nat(20)),
  bytes: optional(fc.nat(20)),
  items: optional(fc.nat(2)),
});
// Only so many rules may count what some keys take.
const rule = counted.map((one) => (one.keys === null ? one : { ...one, bytes: null, items: null }));
const key = fc.constantFrom(...keys);
const value = fc.constantFrom<unknown>(null, 0, 'x', 'a much longer text', { a: [1, 'é'] });
const call: fc.Arbitrary<StoreCall> = fc.oneof(
  fc.tuple(fc.constantFrom('get', 'delete'), key).map(([method, one]) => callOf(method, one)),
  fc.tuple(key, value).map(([one, item]) => callOf('put', one, item)),
  fc.tuple(key, value, value).map(([one, old, item]) => callOf('update', one, old, item)),
  fc.constantFrom(callOf('list', { prefix: 'a/' }), callOf('size')),
);

describe('the kind store', () => {
  testNarrowingLaws(storePower, { config, rule, call });

  it('is known by its name, and by what differs from the usual', () => {
    for (const written of ['notes', 'a-1 bytes=2048', 'notes items=5', 'notes bytes=0 items=0']) {
      expect(storePower.describeConfig(storePower.readConfig(written))).toBe(`store:${written}`);
      expect(storePower.config.parse(storePower.readConfig(written))).toBeTruthy();
    }
    expect(storePower.readConfig('notes bytes=1M items=1000')).toEqual(config);
    const most = `notes bytes=${STORE_BYTES_MAX} items=${STORE_ITEMS_MAX}`;
    expect(storePower.readConfig(most)).toBeTruthy();
    for (const bad of [
      ...['', 'Notes', '../x', 'a/b', '-a', 'notes what', 'notes bytes=x', 'x'.repeat(65)],
      ...[`notes bytes=${STORE_BYTES_MAX + 1}`, `notes items=${STORE_ITEMS_MAX + 1}`],
    ]) {
      expect(() => storePower.readConfig(bad)).toThrow(
        expect.objectContaining({ code: 'power-invalid' }),
      );
    }
    expect(storePower.secretsOf(config)).toEqual([]);
  });

  it.each([
    ['get', ['a/b'], 'keys=a/*', true],
    ['get', ['a/b'], 'keys=a', false],
    ['get', ['a'], 'keys=a/*', false],
    ['get', ['ab'], 'keys=a/*,ab', true],
    ['get', ['a/b'], 'ro', true],
    ['put', ['a', 1], 'ro', false],
    ['update', ['a', undefined, 1], 'ro', false],
    ['delete', ['a'], 'ro', false],
    ['put', ['a', 'xx'], 'value=4', true],
    ['put', ['a', 'xxx'], 'value=4', false],
    ['update', ['a', 1, 'xxx'], 'value=4', false],
    ['put', ['abc', 'xx'], 'bytes=7', true],
    ['put', ['abc', 'xxx'], 'bytes=7', false],
    ['put', ['é', 1], 'bytes=2', false],
    ['put', ['a', 1], 'items=0', false],
    ['delete', ['a'], 'bytes=0 items=0', true],
    ['list', [{ prefix: 'b' }], 'keys=a/*', true],
    ['size', [], 'ro keys=a', true],
  ])('%s(%j) under --only %s: %s', (method, args, narrowing, allowed) => {
    expect(storePower.permits(only(narrowing), callOf(method, ...args)).allow).toBe(allowed);
  });

  it.each([
    ['get', []],
    ['get', [1]],
    ['get', ['']],
    ['get', ['a*']],
    ['get', ['a\u0000']],
    ['get', ['a\nb']],
    ['get', ['a\u202eb']],
    ['get', ['a\u200bb']],
    ['get', ['a\ud800']],
    ['get', ['\u{10ffff}']],
    ['get', ['e\u0301']],
    ['get', ['x'.repeat(KEY_CHARS_MAX + 1)]],
    ['put', ['a']],
    ['put', ['a', undefined]],
    ['put', ['a', Number.NaN]],
    ['put', ['a', 1n]],
    ['put', ['a', () => 1]],
    ['put', ['a', new Date(0)]],
    ['put', ['a', new Uint8Array(1)]],
    ['put', ['a', new Map()]],
    ['put', ['a', [undefined]]],
    ['put', ['a', new Array(10 ** 9)]],
    ['put', ['a', JSON.parse('{"__proto__": 1}')]],
    ['put', ['a', { toJSON: 1 }]],
    ['put', ['a', { constructor: 1 }]],
    ['put', ['a', JSON.parse(`${'['.repeat(40)}${']'.repeat(40)}`)]],
    ['put', ['a', 'x'.repeat(VALUE_BYTES_MAX)]],
    ['update', ['a', 1]],
    ['update', ['a', Number.NaN, 1]],
    ['list', ['a']],
    ['list', [{ prefix: 'a*' }]],
    ['list', [{ after: '\ud800' }]],
    ['list', [{ limit: 0 }]],
    ['list', [{ limit: LIST_KEYS_MAX + 1 }]],
    ['list', [{ other: 1 }]],
    ['clear', []],
    ['constructor', []],
  ])('refuses the call %s', (method, args) => {
    expect(() => callOf(method, ...args)).toThrow(
      expect.objectContaining({ code: 'call-invalid' }),
    );
  });

  it('takes as much as its limits say', () => {
    expect(callOf('get', 'x'.repeat(KEY_CHARS_MAX)).method).toBe('get');
    expect(callOf('put', 'a', 'x'.repeat(VALUE_BYTES_MAX - 2)).method).toBe('put');
    expect(callOf('put', 'a', { at: undefined })).toMatchObject({ value: '{}', bytes: 2 });
    expect(callOf('list', { limit: LIST_KEYS_MAX }).method).toBe('list');
    const nested = JSON.parse(`${'['.repeat(32)}${']'.repeat(32)}`);
    expect(callOf('put', 'a', nested).method).toBe('put');
  });

  it('refuses narrowings that would take long to count', () => {
    const many = Array.from({ length: PATTERNS_MAX }, (_, at) => `k${at}/*`);
    expect(only(`keys=${many.join(',')}`)).toHaveLength(1);
    const counting = Array.from({ length: COUNTING_RULES_MAX }, (_, at) => `keys=k${at}/* items=1`);
    expect(only(...counting, 'items=1')).toHaveLength(COUNTING_RULES_MAX + 1);
    for (const texts of [
      [`keys=${many.join(',')}`, 'keys=one-more'],
      [...counting, 'keys=more bytes=1'],
      ['keys=a*b'],
      ['keys=**'],
      ['keys=e\u0301'],
      ['keys="\u0000"'],
      ['keys="\\ud800"'],
    ]) {
      expect(() => only(...texts)).toThrow(expect.objectContaining({ code: 'narrowing-invalid' }));
    }
  });

  it('describes a call by its key and the size of its value', () => {
    expect(storePower.describe(callOf('put', 'a/b', 'private'))).toBe(
      'put "a/b" (9 bytes) in store notes',
    );
    expect(storePower.describe(callOf('list'))).toBe('list store notes');
    expect(storePower.describe(callOf('list', { prefix: 'é' }))).toBe(
      'list "\\u00e9"* in store notes',
    );
    expect(storePower.effect(callOf('put', 'a', 1))).toBe('write');
    expect(storePower.effect(callOf('update', 'a', 1, 2))).toBe('write');
    expect(storePower.effect(callOf('delete', 'a'))).toBe('write');
    expect(storePower.effect(callOf('list'))).toBe('read');
    const other = storePower.readConfig('other');
    expect(storePower.concerns(other, callOf('size'))).toBe(false);
    expect(storePower.concerns(config, callOf('size'))).toBe(true);
  });
});
