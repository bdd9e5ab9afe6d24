import type BetterSqlite from 'better-sqlite3';
import { PowerboxError } from '../../wire/errors.ts';
import type { SqliteWork } from './sqlite-protocol.ts';

type Database = BetterSqlite.Database;

/** A step of the program that SQLite makes of a statement, as EXPLAIN lists it. */
interface Step {
  readonly opcode: string;
  readonly p2: number;
  readonly p3: number;
  readonly p5: number;
}

/** The table or index, by the number of its first page, that a program opens in the database. */
interface Opened {
  readonly page: number;
  readonly writes: boolean;
}

const READS: ReadonlySet<string> = new Set(['OpenRead', 'ReopenIdx']);

/** Steps of a change of the schema, of another file or of how the file is kept. */
const FOREIGN: ReadonlySet<string> = new Set(
  `Clear CreateBtree Destroy DropIndex DropTable DropTrigger IncrVacuum JournalMode LoadAnalysis
   MaxPgcnt ParseSchema SetCookie SqlExec Vacuum VCreate VDestroy VRename VUpdate VBegin Checkpoint
   TableLock ResetSorterSchema`.split(/\s+/),
);

/** The second operand is a register, so the page is not known before the program runs. */
const PAGE_IN_REGISTER = 0x10;

/**
 * The second wall: whatever the text says, the program that SQLite made of it may open only what
 * plain statements about its tables open: their pages, those of their indexes, and what views,
 * triggers and foreign keys of the owner's bring along.
 */
export function requirePages(database: Database, work: SqliteWork, values: object): void {
  const opened = openedBy(database, work.text, values, work.hasTableFunctions);
  if (opened === null) throw foreign();
  const pages = pagesByTable(database);
  const reads = new Set<number>();
  const writes = new Set<number>();
  for (const table of work.reads) addPages(database, pages, readStatements(table), reads, reads);
  for (const table of work.changes) {
    const statements = [...readStatements(table), ...changeStatements(database, table)];
    addPages(database, pages, statements, reads, writes);
  }
  for (const { page, writes: isWrite } of opened) {
    const within = isWrite ? writes.has(page) : reads.has(page) || writes.has(page);
    if (!within) throw foreign();
  }
}

/** What a statement opens; null when it has a step that no plain statement has. */
function openedBy(
  database: Database,
  text: string,
  values: object,
  mayUseVirtual: boolean,
): readonly Opened[] | null {
  const steps = database.prepare(`EXPLAIN ${text}`).all(values) as readonly Step[];
  const opened: Opened[] = [];
  for (const { opcode, p2, p3, p5 } of steps) {
    if (FOREIGN.has(opcode) || (opcode === 'VOpen' && !mayUseVirtual)) return null;
    const isWrite = opcode === 'OpenWrite';
    if (!isWrite && !READS.has(opcode)) continue;
    if (p3 !== 0 || (p5 & PAGE_IN_REGISTER) !== 0) return null;
    opened.push({ page: p2, writes: isWrite });
  }
  return opened;
}

/** Pages by the number of any page of the same table. */
function pagesByTable(database: Database): ReadonlyMap<number, readonly number[]> {
  const rows = database
    .prepare('SELECT tbl_name AS name, rootpage AS page FROM main.sqlite_schema WHERE rootpage > 0')
    .all() as readonly { readonly name: string; readonly page: number }[];
  const tables = new Map<string, number[]>();
  for (const { name, page } of rows) {
    const key = name.toLowerCase();
    tables.set(key, [...(tables.get(key) ?? []), page]);
  }
  return new Map([...tables.values()].flatMap((pages) => pages.map((page) => [page, pages])));
}

function addPages(
  database: Database,
  pages: ReadonlyMap<number, readonly number[]>,
  statements: readonly string[],
  reads: Set<number>,
  writes: Set<number>,
): void {
  for (const statement of statements) {
    for (const { page, writes: isWrite } of openedByPlain(database, statement)) {
      // Another index of the same table may serve another statement.
      for (const same of pages.get(page) ?? []) (isWrite ? writes : reads).add(same);
    }
  }
}

/** A plain statement that cannot be made (an INSERT into a view) opens nothing. */
function openedByPlain(database: Database, statement: string): readonly Opened[] {
  try {
    return openedBy(database, statement, {}, true) ?? [];
  } catch {
    return [];
  }
}

function readStatements(table: string): readonly string[] {
  return [`SELECT * FROM ${quoted(table)}`];
}

function changeStatements(database: Database, table: string): readonly string[] {
  const columns = database
    .prepare('SELECT name FROM pragma_table_xinfo(@table) WHERE hidden = 0')
    .all({ table }) as readonly { readonly name: string }[];
  const sets = columns.map(({ name }) => `\`${name.replaceAll('`', '``')}\` = NULL`).join(', ');
  return [
    `INSERT INTO ${quoted(table)} DEFAULT VALUES`,
    `UPDATE ${quoted(table)} SET ${sets} WHERE 1 = @none`,
    `DELETE FROM ${quoted(table)} WHERE 1 = @none`,
  ].map((statement) => statement.replace('@none', '2'));
}

function quoted(table: string): string {
  return `main.\`${table.replaceAll('`', '``')}\``;
}

function foreign(): PowerboxError {
  return new PowerboxError(
    'statement-refused',
    'The statement is refused, because SQLite would open more for it than the tables that it names.',
  );
}
