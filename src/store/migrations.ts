import { PowerboxError } from '../wire/errors.ts';
import type { Database } from './database.ts';

/** Migration n (counted from 1) takes a schema from version n-1 to n. A released one never changes. */
export type Migrations = readonly string[];

/**
 * Brings the schema to the newest version; each step is whole or not at all, and processes that
 * start at once do not run one twice. A file of a newer Powerbox is refused, not guessed at.
 */
export function migrate(database: Database, migrations: Migrations): void {
  if (versionOf(database) === migrations.length) return;
  database.exclusively(() => {
    const version = versionOf(database);
    if (version > migrations.length) {
      throw new PowerboxError(
        'state-unusable',
        `Cannot read a database of schema ${version}: this Powerbox knows schemas up to ${migrations.length}.`,
        { hint: 'Use the newer Powerbox that wrote it.' },
      );
    }
    for (const sql of migrations.slice(version)) database.exec(sql);
    database.exec(`PRAGMA user_version = ${migrations.length}`);
  });
}

function versionOf(database: Database): number {
  return Number(database.prepare('PRAGMA user_version').get()?.user_version);
}
