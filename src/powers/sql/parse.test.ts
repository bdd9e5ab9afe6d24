import { describe, expect, it } from 'vitest';
import { planOf } from '../../../test/support/sql-fixture.ts';
import {
  NAME_BYTES_MAX,
  STATEMENT_CHARS_MAX,
  STATEMENT_DEPTH_MAX,
  STATEMENT_TOKENS_MAX,
  STATEMENTS_KEPT_MAX,
} from './limits.ts';
import { parseStatement } from './parse.ts';

function code(text: string): string {
  try {
    parseStatement(text);
    return 'read';
  } catch (error) {
    return String((error as { code?: unknown }).code);
  }
}

describe('the parser of statements', () => {
  it('reads one statement and keeps its tree', () => {
    const one = parseStatement('SELECT 1');
    expect(one.verb).toBe('select');
    expect(parseStatement('SELECT 1')).toBe(one);
    for (let at = 0; at < STATEMENTS_KEPT_MAX; at += 1) parseStatement(`SELECT ${at} AS a`);
    expect(parseStatement('SELECT 1')).not.toBe(one);
    expect(parseStatement('SELECT 1')).toEqual(one);
  });

  it.each(['', ' ', ';', '-- x', 'SELEC 1', 'SELECT 1; SELECT 2', 'SELECT \0 1', 'SELECT \ud800'])(
    'does not read %j',
    (text) => {
      expect(code(text)).toBe('statement-invalid');
    },
  );

  it('takes statements up to a length', () => {
    const padded = (length: number): string => `SELECT '${'x'.repeat(length - 9)}'`;
    expect(code(padded(STATEMENT_CHARS_MAX))).toBe('read');
    expect(code(padded(STATEMENT_CHARS_MAX + 1))).toBe('statement-invalid');
  });

  it.each([
    ['+1', 2],
    ['::b', 3],
    [' isnull', 1],
    [' and a', 2],
    [' union select 1', 3],
    [',a', 2],
    ['[1]', 3],
    [' or not a', 3],
  ])('survives as many of %j as a statement may have', (part, tokens) => {
    const text = `select a${part.repeat(Math.floor((STATEMENT_TOKENS_MAX - 2) / tokens))}`;
    expect(['read', 'statement-invalid']).toContain(code(text));
    // It still works for the next one.
    expect(code('SELECT 1')).toBe('read');
    expect(code(`select a${part.repeat(STATEMENT_TOKENS_MAX)}`)).toBe('statement-invalid');
    expect(code('SELECT 1')).toBe('read');
  });

  it('refuses what nests deeper than people write', () => {
    const nested = (depth: number): string => `SELECT ${'- '.repeat(depth)}$1`;
    expect(planOf(nested(STATEMENT_DEPTH_MAX - 5), 'sqlite', [1]).text).toContain('@p1');
    expect(() => planOf(nested(STATEMENT_DEPTH_MAX + 5), 'sqlite', [1])).toThrow(/nests deeper/);
  });

  it('knows names as long as a database does', () => {
    const name = (length: number): string => `SELECT 1 AS ${'n'.repeat(length)}`;
    expect(planOf(name(NAME_BYTES_MAX)).text).toContain('n'.repeat(NAME_BYTES_MAX));
    // The parser cuts a longer one, as the server does; what is sent is what was judged.
    expect(planOf(name(NAME_BYTES_MAX + 1)).text).toMatch(/`n{63}`/);
  });
});
