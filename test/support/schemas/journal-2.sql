-- A journal.db as schema version 2 left it; schema-history.test.ts brings it to the newest.
BEGIN;
CREATE TABLE journal (
    seq INTEGER PRIMARY KEY,
    time INTEGER NOT NULL,
    entry TEXT NOT NULL,
    mac BLOB NOT NULL,
    kind TEXT GENERATED ALWAYS AS (json_extract(entry, '$.kind')) VIRTUAL,
    box TEXT GENERATED ALWAYS AS (json_extract(entry, '$.box')) VIRTUAL,
    verdict TEXT GENERATED ALWAYS AS (json_extract(entry, '$.verdict')) VIRTUAL,
    request INTEGER GENERATED ALWAYS AS (json_extract(entry, '$.of')) VIRTUAL
  , guest TEXT GENERATED ALWAYS AS (json_extract(entry, '$.guest')) VIRTUAL, chain TEXT GENERATED ALWAYS AS (json_extract(entry, '$.chain')) VIRTUAL) STRICT;
CREATE INDEX journal_response ON journal (request) WHERE request IS NOT NULL;
INSERT INTO journal (seq,time,entry,mac) VALUES (1,1,'{"box":"bx-1","kind":"request","verdict":"allow"}',x'00');
INSERT INTO journal (seq,time,entry,mac) VALUES (2,2,'{"box":"bx-1","kind":"response","of":1}',x'01');
COMMIT;
PRAGMA user_version = 2;
