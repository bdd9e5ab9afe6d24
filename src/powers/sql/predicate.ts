import { z } from 'zod';
import { type Dialect, quoteName, quoteScalar, type Scalar, writeName } from './dialect.ts';
import { PREDICATE_DEPTH_MAX, PREDICATE_TERMS_MAX } from './limits.ts';

export const COMPARISONS = ['=', '<>', '<', '<=', '>', '>='] as const;

export type Comparison = (typeof COMPARISONS)[number];

type Constant = Exclude<Scalar, null>;

/**
 * Which rows of a table a grant is about. It compares columns with constants and nothing else, so
 * that it cannot fail on one row and not on another: an error would tell of rows that it hides.
 */
export type Predicate =
  | { readonly column: string; readonly is: Comparison; readonly value: Constant }
  | { readonly column: string; readonly in: readonly Constant[] }
  | { readonly column: string; readonly null: boolean }
  | { readonly all: readonly Predicate[] }
  | { readonly any: readonly Predicate[] }
  | { readonly not: Predicate };

export const nameSchema: z.ZodType<string> = z
  .string()
  .min(1)
  .max(63)
  .regex(/^[^\u0000-\u001f\u007f]+$/);

const constant = z.union([z.string().max(1024), z.number(), z.boolean()]);

const anyPredicate: z.ZodType<Predicate> = z.lazy(() =>
  z.union([
    z.strictObject({ column: nameSchema, is: z.enum(COMPARISONS), value: constant }),
    z.strictObject({
      column: nameSchema,
      in: z.array(constant).min(1).max(PREDICATE_TERMS_MAX),
    }),
    z.strictObject({ column: nameSchema, null: z.boolean() }),
    z.strictObject({ all: z.array(anyPredicate).min(1) }),
    z.strictObject({ any: z.array(anyPredicate).min(1) }),
    z.strictObject({ not: anyPredicate }),
  ]),
);

/** The depth is looked at first, as reading nested data uses the stack. */
export const predicateSchema: z.ZodType<Predicate> = z
  .custom<unknown>((value) => dataDepth(value) <= PREDICATE_DEPTH_MAX * 2)
  .pipe(anyPredicate)
  .refine((predicate) => termsOf(predicate) <= PREDICATE_TERMS_MAX);

function dataDepth(value: unknown, depth = 0): number {
  if (typeof value !== 'object' || value === null || depth > PREDICATE_DEPTH_MAX * 2) return depth;
  return Math.max(depth, ...Object.values(value).map((item) => dataDepth(item, depth + 1)));
}

function termsOf(predicate: Predicate): number {
  if ('all' in predicate) return predicate.all.reduce((sum, part) => sum + termsOf(part), 0);
  if ('any' in predicate) return predicate.any.reduce((sum, part) => sum + termsOf(part), 0);
  return 'not' in predicate ? termsOf(predicate.not) : 1;
}

export function columnsOf(predicate: Predicate): ReadonlySet<string> {
  if ('all' in predicate) return new Set(predicate.all.flatMap((part) => [...columnsOf(part)]));
  if ('any' in predicate) return new Set(predicate.any.flatMap((part) => [...columnsOf(part)]));
  return 'not' in predicate ? columnsOf(predicate.not) : new Set([predicate.column]);
}

/** As SQL about the columns of `row`, which is the quoted name of a table in scope. */
export function predicateSql(dialect: Dialect, predicate: Predicate, row: string): string {
  const joined = (parts: readonly Predicate[], word: string): string =>
    `(${parts.map((part) => predicateSql(dialect, part, row)).join(` ${word} `)})`;
  if ('all' in predicate) return joined(predicate.all, 'AND');
  if ('any' in predicate) return joined(predicate.any, 'OR');
  if ('not' in predicate) return `(NOT ${predicateSql(dialect, predicate.not, row)})`;
  const column = `${row}.${quoteName(dialect, predicate.column)}`;
  if ('null' in predicate) return `(${column} IS ${predicate.null ? '' : 'NOT '}NULL)`;
  if ('in' in predicate) {
    return `(${column} IN (${predicate.in.map((value) => quoteScalar(dialect, value)).join(', ')}))`;
  }
  return `(${column} ${predicate.is} ${quoteScalar(dialect, predicate.value)})`;
}

/** As a person writes it; `readPredicate` reads it back. */
export function writePredicate(predicate: Predicate): string {
  if ('all' in predicate) return predicate.all.map(writePart).join(' and ');
  if ('any' in predicate) return predicate.any.map(writePart).join(' or ');
  if ('not' in predicate) return `not (${writePredicate(predicate.not)})`;
  const column = writeName(predicate.column);
  if ('null' in predicate) return `${column} is ${predicate.null ? '' : 'not '}null`;
  if ('in' in predicate) return `${column} in (${predicate.in.map(writeConstant).join(', ')})`;
  return `${column} ${predicate.is} ${writeConstant(predicate.value)}`;
}

function writePart(predicate: Predicate): string {
  const text = writePredicate(predicate);
  return 'all' in predicate || 'any' in predicate ? `(${text})` : text;
}

function writeConstant(value: Constant): string {
  return typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value);
}

/** The columns that the predicates leave one value only. */
export function pinsOf(predicates: readonly Predicate[]): ReadonlyMap<string, Constant> | null {
  const pins = new Map<string, Constant>();
  for (const predicate of predicates.flatMap(conjuncts)) {
    if (!('is' in predicate) || predicate.is !== '=') continue;
    const before = pins.get(predicate.column);
    if (before !== undefined && before !== predicate.value) return null;
    pins.set(predicate.column, predicate.value);
  }
  return pins;
}

function conjuncts(predicate: Predicate): readonly Predicate[] {
  return 'all' in predicate ? predicate.all.flatMap(conjuncts) : [predicate];
}

/**
 * Is it sure that a row with these values is within? Only sameness is sure: what is less than
 * what, and what differs, depends on the type and the collation of a column.
 */
export function proves(predicate: Predicate, row: ReadonlyMap<string, Scalar>): boolean {
  if ('all' in predicate) return predicate.all.every((part) => proves(part, row));
  if ('any' in predicate) return predicate.any.some((part) => proves(part, row));
  if ('not' in predicate) return false;
  const value = row.get(predicate.column);
  if (value === undefined) return false;
  if ('null' in predicate) return predicate.null === (value === null);
  if (value === null) return false;
  if ('in' in predicate) return predicate.in.includes(value);
  return predicate.is === '=' && predicate.value === value;
}

/** The same predicate, whatever the order its fields were written in. */
export function samePredicate(one: Predicate, other: Predicate): boolean {
  return writePredicate(one) === writePredicate(other);
}
