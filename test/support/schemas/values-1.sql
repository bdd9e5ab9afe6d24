-- A stores.db as schema version 1 left it; schema-history.test.ts brings it to the newest.
BEGIN;
CREATE TABLE stores (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    items INTEGER NOT NULL DEFAULT 0 CHECK (items >= 0),
    bytes INTEGER NOT NULL DEFAULT 0 CHECK (bytes >= 0)
  ) STRICT;

  CREATE TABLE entries (
    id INTEGER PRIMARY KEY,
    store INTEGER NOT NULL REFERENCES stores (id),
    key TEXT NOT NULL CHECK (key <> ''),
    bytes INTEGER NOT NULL CHECK (bytes > 0),
    value TEXT NOT NULL CHECK (json_valid(value))
  ) STRICT;
  CREATE UNIQUE INDEX entries_key ON entries (store, key);

  CREATE TRIGGER entries_added AFTER INSERT ON entries BEGIN
    UPDATE stores SET items = items + 1, bytes = bytes + new.bytes WHERE id = new.store;
  END;
  CREATE TRIGGER entries_changed AFTER UPDATE ON entries BEGIN
    UPDATE stores SET bytes = bytes - old.bytes + new.bytes WHERE id = new.store;
  END;
  CREATE TRIGGER entries_removed AFTER DELETE ON entries BEGIN
    UPDATE stores SET items = items - 1, bytes = bytes - old.bytes WHERE id = old.store;
  END;
INSERT INTO stores (name) VALUES ('notes');
INSERT INTO entries (store, key, bytes, value) VALUES (1,'a/b',6,'"x"');
COMMIT;
PRAGMA user_version = 1;
