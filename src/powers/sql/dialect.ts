import { PowerboxError } from '../../wire/errors.ts';
import { NAME_BYTES_MAX } from './limits.ts';

export type Dialect = 'sqlite' | 'postgres';

export type Verb = 'select' | 'insert' | 'update' | 'delete';

export const VERBS: readonly Verb[] = ['select', 'insert', 'update', 'delete'];

/** The schema that a table without one is in. */
export const HOME_SCHEMA: Readonly<Record<Dialect, string>> = {
  sqlite: 'main',
  postgres: 'public',
};

/** A value as a row, a parameter or a rule has it. */
export type Scalar = string | number | boolean | null;

/** SQLite does not tell ASCII letters of two cases apart, not even between quotes. */
export function foldName(dialect: Dialect, name: string): string {
  return dialect === 'sqlite' ? name.replace(/[A-Z]+/g, (part) => part.toLowerCase()) : name;
}

/**
 * A name between quotes. SQLite reads a name in double quotes that it does not know as a string;
 * it never does so with one in backticks.
 */
export function quoteName(dialect: Dialect, name: string): string {
  if (!isName(name)) throw refused(`it has a name that no database has`);
  return dialect === 'sqlite'
    ? `\`${name.replaceAll('`', '``')}\``
    : `"${name.replaceAll('"', '""')}"`;
}

export function isName(name: string): boolean {
  return (
    name.length > 0 &&
    Buffer.byteLength(name) <= NAME_BYTES_MAX &&
    !/[\u0000-\u001f\u007f]/.test(name) &&
    isText(name)
  );
}

/** What every database takes for text: no zero character, no half of a pair. */
export function isText(text: string): boolean {
  return !/[\0\p{Surrogate}]/u.test(text);
}

export function quoteText(dialect: Dialect, text: string): string {
  if (!isText(text)) throw refused('it has a text that is no text');
  const doubled = text.replaceAll("'", "''");
  // An E before the quote means the same whatever the server makes of a plain backslash.
  if (dialect === 'postgres' && text.includes('\\')) {
    return `E'${doubled.replaceAll('\\', '\\\\')}'`;
  }
  return `'${doubled}'`;
}

export function quoteScalar(dialect: Dialect, value: Scalar): string {
  if (value === null) return 'NULL';
  if (typeof value === 'string') return quoteText(dialect, value);
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE';
  if (!Number.isFinite(value)) throw refused('it has a number that is none');
  return value < 0 || Object.is(value, -0) ? `(${value})` : String(value);
}

/** A refusal; `because` ends the sentence "The statement is refused, because …". */
export function refused(because: string): PowerboxError {
  return new PowerboxError('statement-refused', `The statement is refused, because ${because}.`);
}

/**
 * A table as the keys of a narrowing name it: `orders` in the home schema, `sales.orders` in
 * another; a part that is not a plain word stands in double quotes.
 */
export function tableKey(dialect: Dialect, schema: string, table: string): string {
  const parts = schema === HOME_SCHEMA[dialect] ? [table] : [schema, table];
  return parts.map(writeName).join('.');
}

export function writeName(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}
