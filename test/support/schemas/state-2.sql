-- A state.db as schema version 2 left it; schema-history.test.ts brings it to the newest.
BEGIN;
CREATE TABLE principals (
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
CREATE INDEX tokens_guest ON tokens (guest);
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
  ) STRICT, WITHOUT ROWID;
INSERT INTO principals VALUES (1,'host','host',1,'',NULL,NULL,NULL,NULL);
INSERT INTO principals VALUES (2,'gu-a','amber',1,'','bx-1',NULL,NULL,NULL);
INSERT INTO principals VALUES (3,'gu-b','beryl',1,'',NULL,9,'host','over');
INSERT INTO powers VALUES (1,'pw-a','http','{"x":1}','a','["A"]',1);
INSERT INTO grants VALUES (1,'gr-root','host','host','pw-a',NULL,NULL,NULL,NULL,NULL,'none',1,'',1,NULL,NULL,NULL,NULL);
INSERT INTO grants VALUES (2,'gr-a','host','gu-a','pw-a','gr-root','{"methods":["GET"]}','{"uses":3}',5,6,'writes',1,'why',2,NULL,NULL,NULL,'bx-1');
INSERT INTO grants VALUES (3,'gr-b','gu-a','gu-b','pw-a','gr-a',NULL,NULL,NULL,NULL,'always',0,'',3,9,'host','over',NULL);
INSERT INTO spent VALUES ('gr-a','uses',0,2);
INSERT INTO names (holder,directory,name,grant_id,child) VALUES ('gu-a','gu-a','work',NULL,'dr-1');
INSERT INTO names (holder,directory,name,grant_id,child) VALUES ('gu-a','dr-1','x','gr-a',NULL);
INSERT INTO mail VALUES (1,'ml-1','gu-a','host','request','please','{"kind":"http","power":null,"only":[]}','[]',NULL,1,'resolved','gr-a',NULL);
INSERT INTO mail VALUES (2,'ml-2','host','gu-a','message','here',NULL,'[{"name":"x","grant":"gr-a"}]','ml-1',2,'open',NULL,NULL);
INSERT INTO approvals VALUES (1,'ap-1','gu-a','gr-a','pw-a','POST x','d','write',1,2,'pending','');
INSERT INTO boxes VALUES ('bx-1','gu-a','t',7,'42',1);
INSERT INTO tokens VALUES ('d1','gu-a',1,NULL);
INSERT INTO agents VALUES (1,'gu-a',NULL,'openai','gpt-5','code','gr-a',3,4,1,5,6,7,8,'a note');
INSERT INTO agent_messages VALUES (1,'gu-a','{"role":"user","text":"go"}');
INSERT INTO agent_tools VALUES ('gu-a','count','gu-b','1','["x"]',5);
COMMIT;
PRAGMA user_version = 2;
