import { expect, test } from 'vitest';
import { call, encodePlan, kept, processor, step, text } from './plan.ts';

/** The strings of a plan, as the program that plays it reads them. */
function read(plan: Buffer): string[] {
  const strings: string[] = [];
  for (let at = 0; at < plan.length; ) {
    const length = plan.readUInt32BE(at);
    strings.push(plan.toString('latin1', at + 4, at + 4 + length));
    at += 4 + length;
  }
  return strings;
}

test('encodePlan() puts the numbers of the processor in front', () => {
  const [name, count, first, number] = read(encodePlan([], 'x64'));
  expect([name, Number(count) % 2]).toEqual(['numbers', 0]);
  expect(first).toBe('s_sysctl');
  expect(number).toBe('i156');
  expect(read(encodePlan([], 'arm64'))).not.toContain('s_sysctl');
});

test('encodePlan() writes each kind of argument', () => {
  const plan = [call('do it', 'close', -3, kept('fd'), text('a'), Buffer.from([0, 255]))];
  expect(read(encodePlan(plan, 'x64')).slice(-8)).toEqual([
    'call',
    '6',
    'sdo it',
    'sclose',
    'i-3',
    'vfd',
    'sa\0',
    's\0\xff',
  ]);
});

test('encodePlan() refuses a number that would lose digits', () => {
  expect(() => encodePlan([step('set', 2 ** 60)], 'x64')).toThrow(RangeError);
});

test('text() refuses a NUL', () => {
  expect(() => text('a\0b')).toThrow(RangeError);
});

test('processor() refuses one whose system calls are unknown', () => {
  expect(() => processor('mips')).toThrow(expect.objectContaining({ code: 'box-forbidden' }));
});
