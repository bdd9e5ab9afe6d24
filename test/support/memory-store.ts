import type {
  KernelStore,
  NameEntry,
  PendingApproval,
  Principal,
  RegisteredBox,
  Spent,
  Token,
} from '../../src/store/kernel-store.ts';
import { PowerboxError } from '../../src/wire/errors.ts';
import { type MemoryTable, memoryTable, type Undo } from './memory-table.ts';

/** A second engine of the state: what it forbids and keeps is what the first does. */
export function openMemoryStore(): KernelStore {
  const undo: Undo[] = [];
  let running = false;
  const note = (step: Undo): void => {
    if (running) undo.push(step);
  };
  const names = memoryTable<NameEntry>(note);
  const checkNames = (): void => {
    const homes = new Map<string, string>();
    for (const { holder, target } of names.all()) {
      if (target.type === 'directory') homes.set(target.id, holder);
    }
    for (const { directory, holder } of names.all()) {
      need(directory === holder || homes.get(directory) === holder, 'a directory that is there');
    }
  };
  const tables = makeTables(note, names, () => {
    if (!running) checkNames();
  });
  return {
    transaction(work) {
      if (running) throw new PowerboxError('internal', 'Cannot nest transactions of the state.');
      running = true;
      try {
        const result = work();
        checkNames();
        return result;
      } catch (error) {
        for (const step of undo.toReversed()) step();
        throw error;
      } finally {
        running = false;
        undo.length = 0;
      }
    },
    inTransaction: () => running,
    ...tables,
    close: () => {},
  };
}

function need(holds: boolean, what: string): void {
  if (!holds) throw new PowerboxError('internal', `Cannot keep a row of the state: no ${what}.`);
}

type Tables = Omit<KernelStore, 'transaction' | 'inTransaction' | 'close'>;

function makeTables(
  note: (step: Undo) => void,
  names: MemoryTable<NameEntry>,
  written: () => void,
): Tables {
  const principals = memoryTable<Principal>(note);
  const tables = { principals: principalsOf(principals), ...grantsOf(note, principals) };
  return {
    ...tables,
    mail: mailOf(note, tables),
    ...restOf(note, tables),
    names: namesOf(names, tables, written),
  };
}

function principalsOf(table: MemoryTable<Principal>): KernelStore['principals'] {
  const byName = (name: string): Principal | undefined =>
    table.all().find((row) => row.name === name && row.removed === null);
  return {
    insert(row) {
      need(row.removed !== null || byName(row.name) === undefined, `name free like ${row.name}`);
      table.insert(row.id, row);
    },
    get: table.get,
    byName,
    all: table.all,
    remove(id, removed) {
      const row = table.get(id);
      if (row?.removed === null) table.put(id, { ...row, removed });
    },
  };
}

function grantsOf(
  note: (step: Undo) => void,
  principals: MemoryTable<Principal>,
): Pick<Tables, 'powers' | 'grants' | 'spent'> {
  const powers = memoryTable<Parameters<KernelStore['powers']['insert']>[0]>(note);
  const grants = memoryTable<Parameters<KernelStore['grants']['insert']>[0]>(note);
  const spent = memoryTable<Spent>(note);
  return {
    powers: { insert: (row) => powers.insert(row.id, row), get: powers.get, all: powers.all },
    grants: {
      insert(row) {
        for (const id of [row.from, row.to]) need(principals.has(id), `principal ${id}`);
        need(powers.has(row.power), `power ${row.power}`);
        need(row.parent === null || grants.has(row.parent), `grant ${row.parent}`);
        grants.insert(row.id, row);
      },
      get: grants.get,
      all: grants.all,
      revoke(id, revoked) {
        const row = grants.get(id);
        if (row?.revoked === null) grants.put(id, { ...row, revoked });
      },
    },
    spent: {
      add(grant, measure, window, amount) {
        need(grants.has(grant) && amount >= 0 && Number.isInteger(amount), 'grant and amount');
        const key = `${grant} ${measure}`;
        const before = spent.get(key) ?? { amount: 0, window };
        const base = window > before.window ? 0 : before.amount;
        const sum = Math.min(Number.MAX_SAFE_INTEGER, base + amount);
        const newest = Math.max(window, before.window);
        spent.put(key, { grant, measure, window: newest, amount: sum });
      },
      all: spent.all,
    },
  };
}

function namesOf(
  table: MemoryTable<NameEntry>,
  { grants }: Pick<Tables, 'grants'>,
  written: () => void,
): KernelStore['names'] {
  const key = (directory: string, name: string): string => `${directory}/${name}`;
  const of = (target: string): readonly NameEntry[] =>
    table.all().filter((entry) => entry.target.id === target);
  return {
    put(entry) {
      const { directory, name, target } = entry;
      const isSame = (other: NameEntry): boolean =>
        other.directory === directory && other.name === name;
      if (target.type === 'grant') need(grants.get(target.id) !== undefined, `grant ${target.id}`);
      else need(of(target.id).every(isSame), `directory free like ${target.id}`);
      table.put(key(directory, name), entry);
      written();
    },
    get: (directory, name) => table.get(key(directory, name)),
    list: (directory) =>
      table
        .all()
        .filter((entry) => entry.directory === directory)
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    of,
    count: (holder) => table.all().filter((entry) => entry.holder === holder).length,
    remove(directory, name) {
      table.remove(key(directory, name));
      written();
    },
  };
}

type People = Pick<Tables, 'principals' | 'grants'>;

function needPrincipal({ principals }: People, id: string): void {
  need(principals.get(id) !== undefined, `principal ${id}`);
}

function needGrant({ grants }: People, id: string): void {
  need(grants.get(id) !== undefined, `grant ${id}`);
}

function mailOf(note: (step: Undo) => void, people: People): KernelStore['mail'] {
  const mail = memoryTable<Parameters<KernelStore['mail']['insert']>[0]>(note);
  return {
    insert(row) {
      needPrincipal(people, row.from);
      needPrincipal(people, row.to);
      need(row.replyTo === null || mail.has(row.replyTo), `mail ${row.replyTo}`);
      need(row.state !== 'resolved' || row.grant !== null, 'grant');
      mail.insert(row.id, row);
    },
    get: mail.get,
    to(id, limit) {
      const rows = newest(
        mail.all().filter((row) => row.to === id),
        Number.MAX_SAFE_INTEGER,
      );
      const open = rows.filter((row) => row.state === 'open');
      const kept = [...open, ...rows.filter((row) => row.state !== 'open')].slice(0, limit);
      return rows.filter((row) => kept.includes(row));
    },
    from: (id, limit) =>
      newest(
        mail.all().filter((row) => row.from === id),
        limit,
      ),
    countOpen: (to, from) =>
      mail
        .all()
        .filter((row) => row.to === to && (from ?? row.from) === row.from && row.state === 'open')
        .length,
    settle(id, state, grant, answer) {
      const row = mail.get(id);
      if (grant !== null) needGrant(people, grant);
      need(state !== 'resolved' || grant !== null, 'grant');
      if (row !== undefined) mail.put(id, { ...row, state, grant, answer });
    },
    prune(from, keep) {
      const sent = mail.all().filter((row) => row.from === from);
      for (const { id, state } of sent.toReversed().slice(keep)) {
        if (state === 'open') continue;
        mail.remove(id);
        for (const row of mail.all()) {
          if (row.replyTo === id) mail.put(row.id, { ...row, replyTo: null });
        }
      }
    },
  };
}

function restOf(
  note: (step: Undo) => void,
  people: People,
): Pick<Tables, 'approvals' | 'boxes' | 'tokens'> {
  const approvals = memoryTable<PendingApproval>(note);
  const boxes = memoryTable<RegisteredBox>(note);
  const tokens = memoryTable<Token>(note);
  return {
    approvals: {
      insert(row) {
        needPrincipal(people, row.guest);
        needGrant(people, row.grant);
        approvals.insert(row.id, row);
      },
      get: approvals.get,
      pending: () => approvals.all().filter((row) => row.state === 'pending'),
      settle(id, state, reason) {
        const row = approvals.get(id);
        if (row !== undefined) approvals.put(id, { ...row, state, reason });
      },
    },
    boxes: {
      put(row) {
        needPrincipal(people, row.guest);
        boxes.put(row.id, row);
      },
      get: boxes.get,
      all: () => boxes.all().toSorted((a, b) => a.created - b.created || (a.id < b.id ? -1 : 1)),
      remove: boxes.remove,
    },
    tokens: {
      insert(row) {
        needPrincipal(people, row.guest);
        tokens.insert(row.digest, row);
      },
      get: tokens.get,
      removeOf(guest) {
        for (const row of tokens.all()) if (row.guest === guest) tokens.remove(row.digest);
      },
    },
  };
}

function newest<T>(rows: readonly T[], limit: number): readonly T[] {
  return rows.toReversed().slice(0, limit);
}
