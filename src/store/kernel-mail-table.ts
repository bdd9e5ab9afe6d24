import type { Database, SqlRow } from './database.ts';
import type { Mail, MailTable } from './kernel-store.ts';

const SELECT = `SELECT id, sender AS "from", receiver AS "to", kind, text, wanted, enclosed,
  reply_to AS replyTo, created, state, grant_id AS "grant", answer FROM mail`;

export function mailTable(database: Database): MailTable {
  const insert = database.prepare(
    `INSERT INTO mail (id, sender, receiver, kind, text, wanted, enclosed, reply_to, created,
      state, grant_id, answer) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const get = database.prepare(`${SELECT} WHERE id = ?`);
  const to = database.prepare(
    `${SELECT} WHERE seq IN (SELECT seq FROM mail WHERE receiver = ?
      ORDER BY state = 'open' DESC, seq DESC LIMIT ?) ORDER BY seq DESC`,
  );
  const from = database.prepare(`${SELECT} WHERE sender = ? ORDER BY seq DESC LIMIT ?`);
  const countOpen = database.prepare(
    "SELECT count(*) AS n FROM mail WHERE receiver = ? AND state = 'open'",
  );
  const countOpenFrom = database.prepare(
    "SELECT count(*) AS n FROM mail WHERE receiver = ? AND sender = ? AND state = 'open'",
  );
  const settle = database.prepare(
    'UPDATE mail SET state = ?, grant_id = ?, answer = ? WHERE id = ?',
  );
  const prune = database.prepare(
    `DELETE FROM mail WHERE sender = ? AND state <> 'open' AND seq <= (SELECT seq FROM mail
      WHERE sender = ? ORDER BY seq DESC LIMIT 1 OFFSET ?)`,
  );
  return {
    insert(mail) {
      insert.run(
        mail.id,
        mail.from,
        mail.to,
        mail.kind,
        mail.text,
        mail.wanted === null ? null : JSON.stringify(mail.wanted),
        JSON.stringify(mail.enclosed),
        mail.replyTo,
        mail.created,
        mail.state,
        mail.grant,
        mail.answer,
      );
    },
    get(id) {
      const row = get.get(id);
      return row && mailOf(row);
    },
    to: (principal, limit) => to.all(principal, limit).map(mailOf),
    from: (principal, limit) => from.all(principal, limit).map(mailOf),
    countOpen(receiver, sender) {
      const row =
        sender === undefined ? countOpen.get(receiver) : countOpenFrom.get(receiver, sender);
      return Number(row?.n);
    },
    settle: (id, state, grant, answer) => settle.run(state, grant, answer, id),
    prune: (sender, keep) => prune.run(sender, sender, keep),
  };
}

function mailOf(found: SqlRow): Mail {
  const row = found as unknown as Omit<Mail, 'wanted' | 'enclosed'> & {
    readonly wanted: string | null;
    readonly enclosed: string;
  };
  return {
    ...row,
    wanted: row.wanted === null ? null : JSON.parse(row.wanted),
    enclosed: JSON.parse(row.enclosed),
  };
}
