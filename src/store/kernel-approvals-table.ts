import type { Database, SqlRow } from './database.ts';
import type { ApprovalTable, PendingApproval } from './kernel-store.ts';

const SELECT = `SELECT id, guest, grant_id AS "grant", power, call, digest, effect, created,
  expires, state, reason FROM approvals`;

export function approvalTable(database: Database): ApprovalTable {
  const insert = database.prepare(
    `INSERT INTO approvals (id, guest, grant_id, power, call, digest, effect, created, expires,
      state, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const get = database.prepare(`${SELECT} WHERE id = ?`);
  const pending = database.prepare(`${SELECT} WHERE state = 'pending' ORDER BY seq`);
  const settle = database.prepare('UPDATE approvals SET state = ?, reason = ? WHERE id = ?');
  return {
    insert(row) {
      insert.run(
        row.id,
        row.guest,
        row.grant,
        row.power,
        row.call,
        row.digest,
        row.effect,
        row.created,
        row.expires,
        row.state,
        row.reason,
      );
    },
    get(id) {
      const row = get.get(id);
      return row && approvalOf(row);
    },
    pending: () => pending.all().map(approvalOf),
    settle: (id, state, reason) => settle.run(state, reason, id),
  };
}

function approvalOf(row: SqlRow): PendingApproval {
  return { ...(row as unknown as PendingApproval) };
}
