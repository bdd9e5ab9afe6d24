import type { ErrorCode } from '../../wire/errors.ts';
import type { Scalar } from './dialect.ts';
import type { Answer } from './engine.ts';

/** What a process of SQLite is told; each is answered once, and the next comes after that. */
export type ToSqlite =
  | {
      readonly type: 'start';
      readonly file: string;
      readonly readOnly: boolean;
      readonly busyMs: number;
    }
  /** A change stays open until `commit`; a process that ends before it changes nothing. */
  | { readonly type: 'run'; readonly work: SqliteWork; readonly rowsMax: number }
  | { readonly type: 'commit' }
  | { readonly type: 'open'; readonly work: SqliteWork }
  | { readonly type: 'next'; readonly rowsMax: number }
  | { readonly type: 'done' };

export interface SqliteWork {
  readonly text: string;
  readonly values: readonly Scalar[];
  readonly writes: boolean;
  /** Names of the tables whose pages it may open to read, and to write. */
  readonly reads: readonly string[];
  readonly changes: readonly string[];
  /** It has a function in FROM that is a virtual table. */
  readonly hasTableFunctions: boolean;
  readonly bytesMax: number;
}

export type FromSqlite =
  | { readonly type: 'ok' }
  | { readonly type: 'answer'; readonly answer: Answer; readonly bytes: number }
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly message: string };
