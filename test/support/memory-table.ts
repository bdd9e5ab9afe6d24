import { PowerboxError } from '../../src/wire/errors.ts';

/** Takes one write back. */
export type Undo = () => void;

/** Rows by key, in the order of their keeping; each write can be taken back. */
export interface MemoryTable<Row> {
  insert(key: string, row: Row): void;
  put(key: string, row: Row): void;
  has(key: string): boolean;
  get(key: string): Row | undefined;
  all(): readonly Row[];
  remove(key: string): void;
}

export function memoryTable<Row>(note: (undo: Undo) => void): MemoryTable<Row> {
  const rows = new Map<string, Row>();
  const put = (key: string, row: Row): void => {
    const before = rows.get(key);
    note(() => void (before === undefined ? rows.delete(key) : rows.set(key, before)));
    // A copy, as a row of a file would be.
    rows.set(key, structuredClone(row));
  };
  return {
    insert(key, row) {
      if (rows.has(key)) {
        throw new PowerboxError('internal', `Cannot keep a row of the state: ${key} is there.`);
      }
      put(key, row);
    },
    put,
    has: (key) => rows.has(key),
    get: (key) => rows.get(key),
    all: () => [...rows.values()],
    remove(key) {
      const before = rows.get(key);
      if (before === undefined) return;
      const order = [...rows.entries()];
      note(() => {
        rows.clear();
        for (const [each, row] of order) rows.set(each, row);
      });
      rows.delete(key);
    },
  };
}
