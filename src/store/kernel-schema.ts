import { AGENT_MIGRATION } from './kernel-agents-table.ts';
import type { Migrations } from './migrations.ts';

/**
 * The schema of state.db. The rows that authority hangs on are never deleted, so a reference
 * cannot come to point at nothing; what is refused here is refused to every version of the program.
 */
export const KERNEL_MIGRATIONS: Migrations = [
  `CREATE TABLE principals (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    created INTEGER NOT NULL,
    reason TEXT NOT NULL,
    box TEXT,
    removed_time INTEGER,
    removed_by TEXT REFERENCES principals (id),
    removed_reason TEXT,
    CHECK ((removed_time IS NULL) = (removed_by IS NULL)),
    CHECK ((removed_time IS NULL) = (removed_reason IS NULL))
  ) STRICT;
  CREATE UNIQUE INDEX principals_name ON principals (name) WHERE removed_time IS NULL;

  CREATE TABLE powers (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    config TEXT NOT NULL CHECK (json_valid(config)),
    text TEXT NOT NULL,
    secrets TEXT NOT NULL CHECK (json_type(secrets) = 'array'),
    created INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE grants (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    giver TEXT NOT NULL REFERENCES principals (id),
    holder TEXT NOT NULL REFERENCES principals (id),
    power TEXT NOT NULL REFERENCES powers (id),
    parent TEXT REFERENCES grants (id),
    narrowing TEXT CHECK (json_valid(narrowing)),
    budget TEXT CHECK (json_type(budget) = 'object'),
    not_before INTEGER,
    expires INTEGER,
    approval TEXT NOT NULL CHECK (approval IN ('none', 'writes', 'always')),
    delegable INTEGER NOT NULL CHECK (delegable IN (0, 1)),
    reason TEXT NOT NULL,
    created INTEGER NOT NULL,
    revoked_time INTEGER,
    revoked_by TEXT REFERENCES principals (id),
    revoked_reason TEXT,
    box TEXT,
    CHECK (parent <> id),
    CHECK ((revoked_time IS NULL) = (revoked_by IS NULL)),
    CHECK ((revoked_time IS NULL) = (revoked_reason IS NULL))
  ) STRICT;

  CREATE TABLE spent (
    grant_id TEXT NOT NULL REFERENCES grants (id),
    measure TEXT NOT NULL CHECK (measure IN ('uses', 'bytes', 'tokens', 'microdollars', 'rate')),
    window INTEGER NOT NULL CHECK (measure = 'rate' OR window = 0),
    amount INTEGER NOT NULL CHECK (amount >= 0),
    PRIMARY KEY (grant_id, measure)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE names (
    holder TEXT NOT NULL REFERENCES principals (id),
    directory TEXT NOT NULL,
    name TEXT NOT NULL,
    grant_id TEXT REFERENCES grants (id),
    child TEXT UNIQUE CHECK (child GLOB 'dr-*'),
    within TEXT GENERATED ALWAYS AS (iif(directory = holder, NULL, directory)) VIRTUAL,
    PRIMARY KEY (directory, name),
    UNIQUE (child, holder),
    FOREIGN KEY (within, holder) REFERENCES names (child, holder) DEFERRABLE INITIALLY DEFERRED,
    CHECK ((grant_id IS NULL) <> (child IS NULL))
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX names_grant ON names (grant_id) WHERE grant_id IS NOT NULL;
  CREATE INDEX names_holder ON names (holder);
  CREATE INDEX names_within ON names (within, holder) WHERE within IS NOT NULL;

  CREATE TABLE mail (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    sender TEXT NOT NULL REFERENCES principals (id),
    receiver TEXT NOT NULL REFERENCES principals (id),
    kind TEXT NOT NULL CHECK (kind IN ('request', 'message')),
    text TEXT NOT NULL,
    wanted TEXT CHECK (json_type(wanted) = 'object'),
    enclosed TEXT NOT NULL CHECK (json_type(enclosed) = 'array'),
    reply_to TEXT REFERENCES mail (id) ON DELETE SET NULL,
    created INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'resolved', 'rejected', 'dismissed')),
    grant_id TEXT REFERENCES grants (id),
    answer TEXT,
    CHECK (state <> 'resolved' OR grant_id IS NOT NULL)
  ) STRICT;
  CREATE INDEX mail_receiver ON mail (receiver, seq);
  CREATE INDEX mail_sender ON mail (sender, seq);
  CREATE INDEX mail_reply ON mail (reply_to) WHERE reply_to IS NOT NULL;
  CREATE INDEX mail_open ON mail (receiver, sender) WHERE state = 'open';

  CREATE TABLE approvals (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    guest TEXT NOT NULL REFERENCES principals (id),
    grant_id TEXT NOT NULL REFERENCES grants (id),
    power TEXT NOT NULL REFERENCES powers (id),
    call TEXT NOT NULL,
    digest TEXT NOT NULL,
    effect TEXT NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'denied', 'timeout', 'used')),
    reason TEXT NOT NULL
  ) STRICT;
  CREATE INDEX approvals_pending ON approvals (seq) WHERE state = 'pending';

  CREATE TABLE boxes (
    id TEXT PRIMARY KEY,
    guest TEXT NOT NULL REFERENCES principals (id),
    token TEXT NOT NULL,
    egress_pid INTEGER,
    egress_start TEXT,
    created INTEGER NOT NULL,
    CHECK ((egress_pid IS NULL) = (egress_start IS NULL))
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE tokens (
    digest TEXT PRIMARY KEY,
    guest TEXT NOT NULL REFERENCES principals (id),
    created INTEGER NOT NULL,
    expires INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX tokens_guest ON tokens (guest);`,
  AGENT_MIGRATION,
];
