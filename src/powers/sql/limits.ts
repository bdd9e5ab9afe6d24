/** More is data, and belongs into parameters. */
export const STATEMENT_CHARS_MAX = 65_536;

/**
 * Words and signs of a statement. The parser's stack is as deep as a statement has of them, and it
 * does not come back from an overflow: it holds three times as many.
 */
export const STATEMENT_TOKENS_MAX = 5_000;

/** Nesting of expressions and subqueries; what people write has fewer than 20. */
export const STATEMENT_DEPTH_MAX = 100;

/** Parsed statements that are kept, so that judging and running parse once. */
export const STATEMENTS_KEPT_MAX = 64;

/** PostgreSQL takes 65,535 and SQLite 32,766. */
export const PARAMETERS_MAX = 1_000;

/** One text or binary parameter, in characters. */
export const PARAMETER_CHARS_MAX = 1_048_576;

/** What one answer holds when no narrowing says less; a cursor reads on. */
export const ROWS_MAX = 10_000;

/** Of a whole answer. More is refused, as it stands in memory of the daemon. */
export const ANSWER_BYTES_MAX = 16_777_216;

/** What one statement may take when no narrowing says less. */
export const TIME_MS_MAX = 10_000;

/** PostgreSQL cuts names at 63 bytes without a word; a longer one would be another name. */
export const NAME_BYTES_MAX = 63;

/** A grant names tables by hand or by `--learn`. */
export const TABLES_MAX = 256;

/** PostgreSQL's own bound is 1,600. */
export const COLUMNS_MAX = 256;

/** Comparisons in one row predicate. */
export const PREDICATE_TERMS_MAX = 64;

/** Nesting of one row predicate. */
export const PREDICATE_DEPTH_MAX = 8;

/** One `--only` text. */
export const RULE_CHARS_MAX = 4_096;

/** Connections, or processes of SQLite, that one power has at once. A cursor keeps one. */
export const CONNECTIONS_MAX = 4;

/** Statements that wait for a connection; a further one is refused at once. */
export const WAITING_MAX = 64;

/** A connection that nobody uses is closed after this. */
export const IDLE_MS_MAX = 30_000;

/** A server that does not answer is not waited for longer. */
export const CONNECT_MS_MAX = 5_000;

/** A cursor that nobody reads holds a connection and, in PostgreSQL, a snapshot. */
export const CURSOR_IDLE_MS_MAX = 60_000;

/** Rows of one `next`. */
export const CURSOR_ROWS_MAX = 1_000;

/** Memory of a process of SQLite; one value may be a gigabyte and would fill the machine. */
export const SQLITE_MEMORY_BYTES_MAX = 536_870_912;

/** How often the memory of a process of SQLite is looked at while it works. */
export const SQLITE_LOOK_MS = 20;

/** How long SQLite waits for a lock that another process holds. */
export const SQLITE_BUSY_MS = 2_000;
