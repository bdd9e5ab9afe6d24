import type { Grant } from '../ocap/grant.ts';
import type { Database, SqlRow } from './database.ts';
import { type EndedColumns, endedOf, endedValues } from './kernel-ended.ts';
import type { GrantTable } from './kernel-store.ts';

const SELECT = `SELECT id, giver, holder, power, parent, narrowing, budget, not_before, expires,
  approval, delegable, reason, created, revoked_time AS ended_time, revoked_by AS ended_by,
  revoked_reason AS ended_reason, box FROM grants`;

export function grantTable(database: Database): GrantTable {
  const insert = database.prepare(
    `INSERT INTO grants (id, giver, holder, power, parent, narrowing, budget, not_before, expires,
      approval, delegable, reason, created, revoked_time, revoked_by, revoked_reason, box)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const get = database.prepare(`${SELECT} WHERE id = ?`);
  // A parent is there before its child can be kept, so the order of keeping is enough.
  const all = database.prepare(`${SELECT} ORDER BY seq`);
  const revoke = database.prepare(
    `UPDATE grants SET revoked_time = ?, revoked_by = ?, revoked_reason = ?
      WHERE id = ? AND revoked_time IS NULL`,
  );
  return {
    insert(grant) {
      insert.run(
        grant.id,
        grant.from,
        grant.to,
        grant.power,
        grant.parent,
        jsonOf(grant.narrowing),
        jsonOf(grant.budget),
        grant.notBefore,
        grant.expires,
        grant.approval,
        grant.delegable ? 1 : 0,
        grant.reason,
        grant.created,
        ...endedValues(grant.revoked),
        grant.box,
      );
    },
    get(id) {
      const row = get.get(id);
      return row && grantOf(row);
    },
    all: () => all.all().map(grantOf),
    revoke: (id, ended) => revoke.run(...endedValues(ended), id),
  };
}

function jsonOf(value: unknown): string | null {
  return value === null || value === undefined ? null : JSON.stringify(value);
}

interface Row extends EndedColumns {
  readonly id: string;
  readonly giver: string;
  readonly holder: string;
  readonly power: string;
  readonly parent: string | null;
  readonly narrowing: string | null;
  readonly budget: string | null;
  readonly not_before: number | null;
  readonly expires: number | null;
  readonly approval: Grant['approval'];
  readonly delegable: number;
  readonly reason: string;
  readonly created: number;
  readonly box: string | null;
}

function grantOf(found: SqlRow): Grant {
  const row = found as unknown as Row;
  return {
    id: row.id,
    from: row.giver,
    to: row.holder,
    power: row.power,
    parent: row.parent,
    narrowing: row.narrowing === null ? null : JSON.parse(row.narrowing),
    budget: row.budget === null ? null : JSON.parse(row.budget),
    notBefore: row.not_before,
    expires: row.expires,
    approval: row.approval,
    delegable: row.delegable === 1,
    reason: row.reason,
    created: row.created,
    revoked: endedOf(row),
    box: row.box,
  };
}
