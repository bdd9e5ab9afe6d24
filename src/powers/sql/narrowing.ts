import { z } from 'zod';
import type { Verb } from './dialect.ts';
import { COLUMNS_MAX, ROWS_MAX, TABLES_MAX, TIME_MS_MAX } from './limits.ts';
import { nameSchema, type Predicate, predicateSchema } from './predicate.ts';

/** What one verb may do with one table. */
export interface VerbRule {
  /** What `select` may read, `insert` and `update` may set; null for all. Nothing to `delete`. */
  readonly columns: readonly string[] | null;
  /** The rows that it is about; null for all. */
  readonly where: Predicate | null;
}

/** A verb that is not there is not allowed. */
export type TableRule = { readonly [verb in Verb]?: VerbRule | undefined };

export interface SqlNarrowing {
  /** By the name of a table as `tableKey` writes it, or `*` for any other; null for all. */
  readonly tables: Readonly<Record<string, TableRule>> | null;
  /** Names of functions, of those that every holder may call; null for all of them. */
  readonly functions: readonly string[] | null;
  readonly rowsMax: number | null;
  readonly timeMs: number | null;
}

const verbRule = z.strictObject({
  columns: z.array(nameSchema).min(1).max(COLUMNS_MAX).nullable(),
  where: predicateSchema.nullable(),
});

const tableRule = z.strictObject({
  select: verbRule.optional(),
  insert: verbRule.optional(),
  update: verbRule.optional(),
  delete: verbRule.optional(),
});

export const narrowingSchema: z.ZodType<SqlNarrowing> = z.strictObject({
  tables: z
    .record(z.string().min(1).max(300), tableRule)
    .refine((tables) => Object.keys(tables).length <= TABLES_MAX)
    .nullable(),
  functions: z
    .array(z.string().regex(/^[a-z0-9_]{1,63}$/))
    .max(256)
    .nullable(),
  rowsMax: z.int().min(1).max(ROWS_MAX).nullable(),
  timeMs: z.int().min(1).max(TIME_MS_MAX).nullable(),
});

export const NOTHING_NARROWED: SqlNarrowing = Object.freeze({
  tables: null,
  functions: null,
  rowsMax: null,
  timeMs: null,
});
