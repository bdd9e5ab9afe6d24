import { describe, expect, it } from 'vitest';
import { newId } from './ids.ts';

describe('newId()', () => {
  it('is the prefix and 12 plain letters, never the same', () => {
    const ids = Array.from({ length: 10_000 }, () => newId('gr'));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => !/^gr-[a-hj-km-np-z2-9]{12}$/.test(id))).toEqual([]);
    expect(new Set(ids.join('').slice(3)).size).toBeGreaterThanOrEqual(31);
  });
});
