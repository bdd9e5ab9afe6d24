import { PowerboxError } from '../wire/errors.ts';
import { type Database, openDatabase } from './database.ts';
import type { Home } from './home.ts';
import { type AgentTable, agentTable } from './kernel-agents-table.ts';
import { approvalTable } from './kernel-approvals-table.ts';
import { boxTable } from './kernel-boxes-table.ts';
import { guarded, guardedDatabase } from './kernel-fault.ts';
import { grantTable } from './kernel-grants-table.ts';
import { mailTable } from './kernel-mail-table.ts';
import { nameTable } from './kernel-names-table.ts';
import { powerTable } from './kernel-powers-table.ts';
import { principalTable } from './kernel-principals-table.ts';
import { KERNEL_MIGRATIONS } from './kernel-schema.ts';
import { spentTable } from './kernel-spent-table.ts';
import type { KernelStore } from './kernel-store.ts';
import { tokenTable } from './kernel-tokens-table.ts';
import { migrate } from './migrations.ts';

/** The state of a home: what the kernel judges by, and what the daemon keeps beside it. */
export interface HomeStore extends KernelStore {
  readonly agents: AgentTable;
}

/**
 * The state in SQLite. What a transaction has kept outlives the kill of every process at once, and
 * a loss of power from the next checkpoint on; a loss of power takes the last transactions whole,
 * and in order. Throws `store-unavailable`, and `state-unusable` for the state of a newer Powerbox.
 */
export function openKernelStore(home: Home): HomeStore {
  const database = guardedDatabase(guarded(() => openDatabase(home.state)));
  try {
    migrate(database, KERNEL_MIGRATIONS);
    return kernelStore(database);
  } catch (error) {
    database.close();
    throw error;
  }
}

function kernelStore(database: Database): HomeStore {
  let running = false;
  return {
    transaction(work) {
      if (running) throw new PowerboxError('internal', 'Cannot nest transactions of the state.');
      running = true;
      try {
        return database.exclusively(work);
      } finally {
        running = false;
      }
    },
    inTransaction: () => running,
    principals: principalTable(database),
    powers: powerTable(database),
    grants: grantTable(database),
    spent: spentTable(database),
    names: nameTable(database),
    mail: mailTable(database),
    approvals: approvalTable(database),
    boxes: boxTable(database),
    tokens: tokenTable(database),
    agents: agentTable(database),
    close: () => database.close(),
  };
}
