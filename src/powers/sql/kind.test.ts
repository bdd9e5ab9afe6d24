import { describe, expect, it } from 'vitest';
import { narrowing } from '../../../test/support/sql-fixture.ts';
import type { Invocation } from '../../ocap/power.ts';
import { readConfig } from './config.ts';
import { sqlPower } from './kind.ts';
import { CURSOR_ROWS_MAX, PARAMETER_CHARS_MAX, PARAMETERS_MAX } from './limits.ts';

const config = readConfig('sqlite:/srv/shop.db');

function call(method: string, ...args: readonly unknown[]): ReturnType<typeof sqlPower.callOf> {
  return sqlPower.callOf(config, { facet: 'root', at: null, method, args });
}

describe('the kind sql', () => {
  it('makes one call of a statement and its values', () => {
    const one = call('query', 'SELECT id FROM orders JOIN customers USING (id) WHERE id = $1', [1]);
    expect(one).toMatchObject({ type: 'statement', verb: 'select', values: [1] });
    expect(sqlPower.describe(one)).toBe('SELECT on orders and customers of sqlite:/srv/shop.db');
    expect(sqlPower.effect(one)).toBe('read');
    expect(sqlPower.effect(call('execute', 'DELETE FROM orders'))).toBe('write');
    expect(sqlPower.concerns(config, one)).toBe(true);
    expect(sqlPower.concerns(readConfig('sqlite:/srv/other.db'), one)).toBe(false);
    expect(JSON.parse(JSON.stringify(one))).toEqual(one);
  });

  it('has a method for each verb', () => {
    for (const [method, text] of [
      ['query', 'DELETE FROM orders'],
      ['cursor', 'DELETE FROM orders'],
      ['execute', 'SELECT 1'],
    ] as const) {
      expect(() => call(method, text)).toThrow(expect.objectContaining({ code: 'call-invalid' }));
    }
    expect(() => call('query', 'SELEC')).toThrow(
      expect.objectContaining({ code: 'statement-invalid' }),
    );
  });

  it('permits what the narrowing leaves and says what it does not', () => {
    const rules = narrowing('sqlite');
    expect(sqlPower.permits(rules, call('query', 'SELECT id FROM orders'))).toEqual({
      allow: true,
    });
    expect(sqlPower.permits(rules, call('query', 'SELECT * FROM salaries'))).toMatchObject({
      allow: false,
      code: 'statement-refused',
      reason: 'The statement is refused, because the table "salaries" was not given.',
    });
    const steps: Invocation = {
      facet: 'cursor',
      at: { tables: ['orders'] },
      method: 'next',
      args: [5],
    };
    const next = sqlPower.callOf(config, steps);
    expect(sqlPower.permits(rules, next)).toEqual({ allow: true });
    expect(sqlPower.describe(next)).toBe('cursor next on orders of sqlite:/srv/shop.db');
  });

  it('describes no constant and no value', () => {
    const one = call('query', "SELECT 'private' FROM orders WHERE note = $1", ['hidden']);
    expect(sqlPower.describe(one)).not.toMatch(/private|hidden/);
  });

  it('bounds what a call may carry', () => {
    const schemas = sqlPower.facets.root.query?.args.map(({ schema }) => schema) ?? [];
    const fits = (value: unknown): boolean => schemas[1]?.safeParse(value).success === true;
    expect(fits(undefined)).toBe(true);
    expect(fits(new Array(PARAMETERS_MAX).fill(1))).toBe(true);
    expect(fits(new Array(PARAMETERS_MAX + 1).fill(1))).toBe(false);
    expect(fits(['x'.repeat(PARAMETER_CHARS_MAX)])).toBe(true);
    expect(fits(['x'.repeat(PARAMETER_CHARS_MAX + 1)])).toBe(false);
    expect(fits([{}])).toBe(false);
    expect(fits([Number.NaN])).toBe(false);
    const count = sqlPower.facets.cursor?.next?.args[0]?.schema;
    expect(count?.safeParse(CURSOR_ROWS_MAX).success).toBe(true);
    expect(count?.safeParse(CURSOR_ROWS_MAX + 1).success).toBe(false);
    expect(count?.safeParse(0).success).toBe(false);
  });

  it('names the secret that it makes use of', () => {
    expect(sqlPower.secretsOf(readConfig('postgres://me@host/db with DB'))).toEqual(['DB']);
    expect(sqlPower.secretsOf(config)).toEqual([]);
  });

  it('reads its rules back', () => {
    const rules = narrowing('sqlite');
    expect(sqlPower.readNarrowing(sqlPower.describeNarrowing(rules), config)).toEqual(rules);
    expect(sqlPower.narrowing.parse(rules)).toEqual(rules);
  });
});
