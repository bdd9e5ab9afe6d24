import { describe, expect, it } from 'vitest';
import { parseBytes, parseCount, parseCpus, parseDuration } from './quantities.ts';

describe('parseBytes()', () => {
  it.each([
    ['1048576', 1_048_576],
    ['512M', 536_870_912],
    ['2g', 2_147_483_648],
    ['1.5KiB', 1536],
  ])('reads %s', (text, bytes) => expect(parseBytes(text, '--memory')).toBe(bytes));

  it.each(['', '0', '-1M', 'lots', '1X', '1e9', '9999999T', 'M'])('refuses "%s"', (text) => {
    expect(() => parseBytes(text, '--memory')).toThrow(/Cannot use --memory/);
  });
});

describe('parseDuration()', () => {
  it.each([
    ['250ms', 250],
    ['90s', 90_000],
    ['15m', 900_000],
    ['2h', 7_200_000],
    ['3', 3000],
  ])('reads %s', (text, ms) => expect(parseDuration(text, '--timeout')).toBe(ms));

  it.each(['', '0', '25d', '-1s', '1 h', 'soon'])('refuses "%s"', (text) => {
    expect(() => parseDuration(text, '--timeout')).toThrow(/Cannot use --timeout/);
  });
});

describe('parseCpus() and parseCount()', () => {
  it('read numbers and nothing else', () => {
    expect(parseCpus('1.5', '--cpus')).toBe(1.5);
    expect(parseCount('64', '--pids')).toBe(64);
    for (const text of ['', '0', '-1', 'two', '1e3', 'Infinity']) {
      expect(() => parseCpus(text, '--cpus')).toThrow(/Cannot use --cpus/);
      expect(() => parseCount(text, '--pids')).toThrow(/Cannot use --pids/);
    }
  });
});
