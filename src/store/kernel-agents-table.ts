import type { AgentMessage } from '../wire/runner.ts';
import type { Database, SqlRow } from './database.ts';

/** A model as a guest, and how far it has come. */
export interface AgentRow {
  /** Id of the guest that it is. */
  readonly guest: string;
  /** The agent that made it; null for one that the host made. */
  readonly parent: string | null;
  readonly provider: 'openai' | 'anthropic' | 'ollama';
  readonly model: string;
  readonly mode: 'code' | 'tools';
  /** The grant that its answers are paid by. */
  readonly modelGrant: string;
  readonly created: number;
  readonly lastRun: number | null;
  /** True from the begin of a run to its end; true in a daemon that starts says that it was cut. */
  readonly running: boolean;
  readonly steps: number;
  readonly tokens: number;
  readonly microdollars: number;
  /** How many of its oldest messages are gone. */
  readonly cut: number;
  readonly notes: string;
}

/** A tool that an agent made. */
export interface AgentToolRow {
  readonly agent: string;
  readonly name: string;
  /** The guest that it runs as. */
  readonly guest: string;
  readonly code: string;
  /** Names that its code sees. */
  readonly gives: readonly string[];
  readonly created: number;
}

export interface AgentTable {
  put(row: AgentRow): void;
  get(guest: string): AgentRow | undefined;
  all(): readonly AgentRow[];
  /** With its messages and tools. */
  remove(guest: string): void;
  messages(guest: string): readonly AgentMessage[];
  /** Adds at the end. */
  add(guest: string, messages: readonly AgentMessage[]): void;
  /** Puts these in place of all that are there. */
  replace(guest: string, messages: readonly AgentMessage[]): void;
  tools(guest: string): readonly AgentToolRow[];
  putTool(row: AgentToolRow): void;
  removeTool(guest: string, name: string): void;
}

export const AGENT_MIGRATION = `
  CREATE TABLE agents (
    seq INTEGER PRIMARY KEY,
    guest TEXT NOT NULL UNIQUE REFERENCES principals (id),
    parent TEXT REFERENCES principals (id),
    provider TEXT NOT NULL CHECK (provider IN ('openai', 'anthropic', 'ollama')),
    model TEXT NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('code', 'tools')),
    model_grant TEXT NOT NULL REFERENCES grants (id),
    created INTEGER NOT NULL,
    last_run INTEGER,
    running INTEGER NOT NULL CHECK (running IN (0, 1)),
    steps INTEGER NOT NULL CHECK (steps >= 0),
    tokens INTEGER NOT NULL CHECK (tokens >= 0),
    microdollars INTEGER NOT NULL CHECK (microdollars >= 0),
    cut INTEGER NOT NULL CHECK (cut >= 0),
    notes TEXT NOT NULL,
    CHECK (parent <> guest)
  ) STRICT;

  CREATE TABLE agent_messages (
    seq INTEGER PRIMARY KEY,
    agent TEXT NOT NULL REFERENCES agents (guest) ON DELETE CASCADE,
    message TEXT NOT NULL CHECK (json_type(message) = 'object')
  ) STRICT;
  CREATE INDEX agent_messages_agent ON agent_messages (agent, seq);

  CREATE TABLE agent_tools (
    agent TEXT NOT NULL REFERENCES agents (guest) ON DELETE CASCADE,
    name TEXT NOT NULL,
    guest TEXT NOT NULL REFERENCES principals (id),
    code TEXT NOT NULL,
    gives TEXT NOT NULL CHECK (json_type(gives) = 'array'),
    created INTEGER NOT NULL,
    PRIMARY KEY (agent, name)
  ) STRICT, WITHOUT ROWID;`;

const SELECT = `SELECT guest, parent, provider, model, mode, model_grant AS modelGrant, created,
  last_run AS lastRun, running, steps, tokens, microdollars, cut, notes FROM agents`;

const PUT = `INSERT INTO agents (guest, parent, provider, model, mode, model_grant, created, last_run,
  running, steps, tokens, microdollars, cut, notes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (guest) DO UPDATE SET provider = excluded.provider, model = excluded.model,
  mode = excluded.mode, model_grant = excluded.model_grant, last_run = excluded.last_run,
  running = excluded.running, steps = excluded.steps, tokens = excluded.tokens,
  microdollars = excluded.microdollars, cut = excluded.cut, notes = excluded.notes`;

/** Whoever calls holds a transaction where rows belong together. */
export function agentTable(database: Database): AgentTable {
  const put = database.prepare(PUT);
  const get = database.prepare(`${SELECT} WHERE guest = ?`);
  const all = database.prepare(`${SELECT} ORDER BY seq`);
  const remove = database.prepare('DELETE FROM agents WHERE guest = ?');
  const messages = database.prepare(
    'SELECT message FROM agent_messages WHERE agent = ? ORDER BY seq',
  );
  const add = database.prepare('INSERT INTO agent_messages (agent, message) VALUES (?, ?)');
  const empty = database.prepare('DELETE FROM agent_messages WHERE agent = ?');
  const addAll = (guest: string, added: readonly AgentMessage[]): void => {
    for (const message of added) add.run(guest, JSON.stringify(message));
  };
  return {
    put(row) {
      const { guest, parent, provider, model, mode, modelGrant, created, lastRun } = row;
      const { running, steps, tokens, microdollars, cut, notes } = row;
      const place = [guest, parent, provider, model, mode, modelGrant, created, lastRun] as const;
      put.run(...place, running ? 1 : 0, steps, tokens, microdollars, cut, notes);
    },
    get(guest) {
      const row = get.get(guest);
      return row && agentOf(row);
    },
    all: () => all.all().map(agentOf),
    remove: (guest) => remove.run(guest),
    messages: (guest) =>
      messages.all(guest).map(({ message }) => JSON.parse(String(message)) as AgentMessage),
    add: addAll,
    replace(guest, kept) {
      empty.run(guest);
      addAll(guest, kept);
    },
    ...toolRows(database),
  };
}

function toolRows(database: Database): Pick<AgentTable, 'tools' | 'putTool' | 'removeTool'> {
  const tools = database.prepare(
    'SELECT agent, name, guest, code, gives, created FROM agent_tools WHERE agent = ? ORDER BY name',
  );
  const putTool = database.prepare(
    `INSERT OR REPLACE INTO agent_tools (agent, name, guest, code, gives, created)
      VALUES (?, ?, ?, ?, ?, ?)`,
  );
  const removeTool = database.prepare('DELETE FROM agent_tools WHERE agent = ? AND name = ?');
  return {
    tools: (guest) =>
      tools.all(guest).map((row) => {
        const found = row as unknown as Omit<AgentToolRow, 'gives'> & { readonly gives: string };
        return { ...found, gives: JSON.parse(found.gives) as readonly string[] };
      }),
    putTool: ({ agent, name, guest, code, gives, created }) =>
      putTool.run(agent, name, guest, code, JSON.stringify(gives), created),
    removeTool: (guest, name) => removeTool.run(guest, name),
  };
}

function agentOf(found: SqlRow): AgentRow {
  const row = found as unknown as Omit<AgentRow, 'running'> & { readonly running: number };
  return { ...row, running: row.running === 1 };
}
