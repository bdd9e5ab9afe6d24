import { describe, expect, it } from 'vitest';
import { PowerboxError } from '../wire/errors.ts';
import { placeOf } from './place-of.ts';

describe('placeOf()', () => {
  it('says where a fault happened, and nothing that its message holds', () => {
    const told = placeOf(new TypeError('Cannot read hunter2 of undefined'));
    expect(told).toMatch(/^TypeError < .*place-of\.test\.ts/);
    expect(told).not.toContain('hunter2');
    expect(placeOf('hunter2')).toBe('string');
  });

  it('says the words of our own errors, which hold no secret', () => {
    const error = new PowerboxError('internal', 'It failed.');
    expect(placeOf(error)).toBe('[internal] It failed.');
  });
});
