import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Dialect } from './dialect.ts';
import {
  COLUMNS_MAX,
  PREDICATE_DEPTH_MAX,
  PREDICATE_TERMS_MAX,
  ROWS_MAX,
  RULE_CHARS_MAX,
  TABLES_MAX,
  TIME_MS_MAX,
} from './limits.ts';
import { narrowingSchema, type SqlNarrowing } from './narrowing.ts';
import { type Predicate, predicateSchema, proves, writePredicate } from './predicate.ts';
import { readRules, writeRules } from './rule.ts';

const read = (...rules: readonly string[]): SqlNarrowing => readRules(rules, 'postgres');

function fault(...rules: readonly string[]): string {
  try {
    read(...rules);
  } catch (error) {
    expect(error).toMatchObject({ code: 'narrowing-invalid' });
    return String(error);
  }
  return 'none';
}

describe('rules of SQL', () => {
  it('read tables, columns, rows and bounds', () => {
    expect(read('select on orders(id, total) where tenant_id = 42', 'rows 100', 'time 2s')).toEqual(
      {
        tables: {
          orders: {
            select: {
              columns: ['id', 'total'],
              where: { column: 'tenant_id', is: '=', value: 42 },
            },
          },
        },
        functions: null,
        rowsMax: 100,
        timeMs: 2000,
      },
    );
    expect(read('functions lower, upper').functions).toEqual(['lower', 'upper']);
    expect(read('functions none').functions).toEqual([]);
    expect(read('select on sales."Big Orders"').tables).toHaveProperty('sales."Big Orders"');
    expect(readRules(['SELECT on "Orders"("Id")'], 'sqlite').tables).toEqual({
      orders: { select: { columns: ['id'], where: null } },
    });
  });

  it('allow what any of them allows', () => {
    const both = read('select on a(x) where t = 1', 'select on a(y) where t = 1', 'update on a(x)');
    expect(both.tables?.a).toEqual({
      select: { columns: ['x', 'y'], where: { column: 't', is: '=', value: 1 } },
      update: { columns: ['x'], where: null },
    });
    expect(
      read('select on a where t = 1', 'select on a where t = 2').tables?.a?.select?.where,
    ).toEqual({
      any: [
        { column: 't', is: '=', value: 1 },
        { column: 't', is: '=', value: 2 },
      ],
    });
    expect(read('select', 'select on a(x)', 'update on a').tables).toEqual({
      '*': { select: { columns: null, where: null } },
      a: { update: { columns: null, where: null } },
    });
    expect(fault('select on a(x) where t = 1', 'select on a(y)')).toMatch(
      /other columns and other/,
    );
  });

  it('read JSON with values for its names', () => {
    const rule = JSON.stringify({
      tables: { orders: { select: { where: 'tenant_id = :tenant' } } },
      vars: { tenant: 42 },
    });
    expect(read(rule).tables?.orders?.select).toEqual({
      columns: null,
      where: { column: 'tenant_id', is: '=', value: 42 },
    });
    expect(fault(JSON.stringify({ tables: { a: { select: { where: 'x = :y' } } } }))).toMatch(/:y/);
    expect(fault('{"tables":{"a":{"drop":{}}}}')).toMatch(/not right/);
    expect(fault('{"more":1}')).toMatch(/not right/);
    expect(fault('{')).toMatch(/not JSON/);
    expect(fault('{"tables":null}', 'rows 1')).toMatch(/stands alone/);
  });

  it.each([
    ['drop on orders', /begins with/],
    ['select orders', /"on" is missing/],
    ['select on orders(', /a column is missing/],
    ['select on orders(id', /"\)" is missing/],
    ['select on orders where', /a column is missing/],
    ['select on orders where id', /after a column/],
    ['select on orders where id = total', /compared with/],
    ["select on orders where id = 'x' or 1 = 1", /a column is missing/],
    ['select on orders where lower(id) = 1', /after a column/],
    ['select on orders where id = 1; select', /no meaning/],
    ['select on orders where id = 12345678901234567890', /compared with/],
    ['delete on orders(id)', /whole rows/],
    ['rows 0', /a number of rows/],
    ['rows 1', /none/],
    ['rows 1 rows', /no meaning/],
    ['time 2', /a time is missing/],
    ['time 2h', /a time is missing/],
    [`rows ${ROWS_MAX + 1}`, /rowsMax/],
    [`rows ${ROWS_MAX}`, /none/],
    [`time ${TIME_MS_MAX + 1}ms`, /timeMs/],
    [`time ${TIME_MS_MAX}ms`, /none/],
    ['', /begins with/],
    [`select on ${'a'.repeat(RULE_CHARS_MAX)}`, /longer/],
    [`select on a where ${'not ('.repeat(PREDICATE_DEPTH_MAX + 1)}x = 1`, /nests too deep/],
    [`select on a where ${'x = 1 or '.repeat(PREDICATE_TERMS_MAX)}x = 1`, /not right/],
    [`select on a where ${'x = 1 or '.repeat(PREDICATE_TERMS_MAX - 1)}x = 1`, /none/],
    [`select on a(${Array.from({ length: COLUMNS_MAX + 1 }, (_, at) => `c${at}`)})`, /not right/],
  ])('say what is wrong with %s', (rule, says) => {
    expect(fault(rule)).toMatch(says);
  });

  it('refuse a second rule of one kind', () => {
    expect(fault('rows 1', 'rows 2')).toMatch(/two rules/);
    expect(fault('time 1s', 'time 2s')).toMatch(/two rules/);
    expect(fault('functions a', 'functions b')).toMatch(/two rules/);
  });

  it('bound the tables and the nesting of data', () => {
    const tables = (count: number): unknown => ({
      tables: Object.fromEntries(Array.from({ length: count }, (_, at) => [`t${at}`, {}])),
      functions: null,
      rowsMax: null,
      timeMs: null,
    });
    expect(narrowingSchema.safeParse(tables(TABLES_MAX)).success).toBe(true);
    expect(narrowingSchema.safeParse(tables(TABLES_MAX + 1)).success).toBe(false);
    const nested = (depth: number): unknown =>
      depth === 0 ? { column: 'x', null: true } : { not: nested(depth - 1) };
    expect(predicateSchema.safeParse(nested(PREDICATE_DEPTH_MAX)).success).toBe(true);
    expect(predicateSchema.safeParse(nested(5000)).success).toBe(false);
  });

  it('read back what they write', () => {
    const name = fc.oneof(
      fc.constantFrom('orders', 'where', 'select', 'null', 'a b', 'x"y', 'é', "q'"),
      fc.stringMatching(/^[a-z_][a-z0-9_]{0,8}$/),
    );
    const constant = fc
      .oneof(
        fc.integer(),
        fc.boolean(),
        fc.string(),
        fc
          .double({ noNaN: true, noDefaultInfinity: true })
          .filter((value) => !Object.is(value, -0)),
      )
      .filter(
        (value) =>
          typeof value !== 'number' || !Number.isInteger(value) || Number.isSafeInteger(value),
      );
    const { predicate } = fc.letrec<{ predicate: Predicate }>((tie) => ({
      predicate: fc.oneof(
        { maxDepth: 2 },
        fc.record({ column: name, is: fc.constantFrom('=', '<>', '<', '>='), value: constant }),
        fc.record({ column: name, in: fc.array(constant, { minLength: 1, maxLength: 3 }) }),
        fc.record({ column: name, null: fc.boolean() }),
        fc.record({ not: tie('predicate') }),
        fc.record({ all: fc.array(tie('predicate'), { minLength: 2, maxLength: 3 }) }),
        fc.record({ any: fc.array(tie('predicate'), { minLength: 2, maxLength: 3 }) }),
      ) as fc.Arbitrary<Predicate>,
    }));
    const columns = fc.option(fc.uniqueArray(name, { minLength: 1, maxLength: 3 }), { nil: null });
    const rule = fc.record({ columns, where: fc.option(predicate, { nil: null }) });
    const narrowing = fc.record({
      tables: fc.option(
        fc.dictionary(
          fc.constantFrom('orders', 'notes', 'sales.x', '"a b"'),
          fc.record(
            {
              select: rule,
              update: rule,
              delete: rule.map(({ where }) => ({ columns: null, where })),
            },
            { requiredKeys: ['select'] },
          ),
          { minKeys: 1 },
        ),
        { nil: null },
      ),
      functions: fc.option(fc.constantFrom([], ['lower'], ['lower', 'upper']), { nil: null }),
      rowsMax: fc.option(fc.integer({ min: 1, max: ROWS_MAX }), { nil: null }),
      timeMs: fc.option(fc.integer({ min: 1, max: TIME_MS_MAX }), { nil: null }),
    });
    fc.assert(
      fc.property(narrowing, (data) => {
        const texts = writeRules(data);
        expect(readRules(texts, 'postgres')).toEqual(data);
      }),
    );
  });

  it('never throw but their own error', () => {
    const word = fc.constantFrom(
      ...'select on orders ( ) , . * where and or not in is null = <> \' " 42 -1 :x rows time functions { }'.split(
        ' ',
      ),
      'x',
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(word).map((words) => words.join(' ')),
    );
    fc.assert(
      fc.property(text, fc.constantFrom<Dialect>('sqlite', 'postgres'), (rule, dialect) => {
        try {
          readRules([rule], dialect);
        } catch (error) {
          expect(error).toMatchObject({ code: 'narrowing-invalid' });
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('a row predicate', () => {
  const is = (column: string, value: number): Predicate => ({ column, is: '=', value });

  it('is sure only of sameness', () => {
    const row = new Map([
      ['t', 42 as number | string | null],
      ['n', null],
    ]);
    expect(proves(is('t', 42), row)).toBe(true);
    expect(proves(is('t', 7), row)).toBe(false);
    expect(proves({ column: 't', is: '<', value: 50 }, row)).toBe(false);
    expect(proves({ column: 't', is: '<>', value: 7 }, row)).toBe(false);
    expect(proves({ column: 't', is: '=', value: '42' }, row)).toBe(false);
    expect(proves({ column: 't', in: [7, 42] }, row)).toBe(true);
    expect(proves({ column: 'n', null: true }, row)).toBe(true);
    expect(proves({ column: 't', null: false }, row)).toBe(true);
    expect(proves({ column: 'other', null: true }, row)).toBe(false);
    expect(proves({ not: is('t', 7) }, row)).toBe(false);
    expect(proves({ all: [is('t', 42), is('t', 7)] }, row)).toBe(false);
    expect(proves({ any: [is('t', 42), is('t', 7)] }, row)).toBe(true);
  });

  it('stands in brackets where it must', () => {
    const either: Predicate = { any: [is('a', 1), is('b', 2)] };
    expect(writePredicate({ all: [either, is('c', 3)] })).toBe('(a = 1 or b = 2) and c = 3');
  });
});
