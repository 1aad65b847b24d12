-- The tables of a store. A migration that was released is never changed; the next one gets the next number.

-- "adw1": tells this database from any other SQLite file, so that a wrong path is noticed before anything is written.
PRAGMA application_id = 0x61647731;

-- epoch: this database's own UUID.
CREATE TABLE meta (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- The resolved pipelines that workflows are pinned to, each once.
CREATE TABLE documents (
    hash TEXT NOT NULL PRIMARY KEY,
    body TEXT NOT NULL
) STRICT;

-- A row per workflow: the fold of its events, and what lists are filtered by. Tables keep their rowid, which costs half
-- of WITHOUT ROWID to write; ids that adw makes hold the time, so that their index grows at its end.
CREATE TABLE workflows (
    id             INTEGER PRIMARY KEY AUTOINCREMENT, -- AUTOINCREMENT: never given again
    adw_id         TEXT    NOT NULL UNIQUE,
    status         TEXT    NOT NULL,
    task_type      TEXT    NOT NULL,
    priority       TEXT    NOT NULL,
    project        TEXT    NOT NULL,
    title          TEXT    NOT NULL,
    search         TEXT    NOT NULL,                  -- title and adw_id in lower case
    document       TEXT    NOT NULL REFERENCES documents (hash),
    created_at     INTEGER NOT NULL,                  -- milliseconds since 1970
    updated_at     INTEGER NOT NULL,
    completed_at   INTEGER,
    version        INTEGER NOT NULL,                  -- the seq of its last event
    checksum       BLOB    NOT NULL,                  -- of its last event, so that the next one needs no read
    state_checksum BLOB    NOT NULL,                  -- of state
    state          TEXT    NOT NULL                   -- the workflow without its task, which the first event holds
) STRICT;

-- An index ends with the rowid: within one status (type, project) it is in order of age, which is how lists are read.
CREATE INDEX workflows_by_status ON workflows (status);
CREATE INDEX workflows_by_task_type ON workflows (task_type);
CREATE INDEX workflows_by_project ON workflows (project);

-- What happened. A checksum covers seq, at, body and the checksum before it.
CREATE TABLE events (
    workflow INTEGER NOT NULL REFERENCES workflows (id),
    seq      INTEGER NOT NULL,
    type     TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    checksum BLOB    NOT NULL,
    body     TEXT    NOT NULL,
    UNIQUE (workflow, seq)
) STRICT;

CREATE TRIGGER events_never_change BEFORE UPDATE ON events BEGIN
    SELECT raise(ABORT, 'an event never changes');
END;

-- The records of attempts' calls, in the order of id.
CREATE TABLE journal (
    id       INTEGER PRIMARY KEY,
    workflow INTEGER NOT NULL REFERENCES workflows (id),
    stage    TEXT    NOT NULL,
    attempt  INTEGER NOT NULL,
    n        INTEGER NOT NULL,                        -- the number of the call in its attempt
    kind     TEXT    NOT NULL,
    hash     TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    body     TEXT    NOT NULL
) STRICT;

CREATE INDEX journal_by_attempt ON journal (workflow, stage, attempt);

CREATE TRIGGER journal_never_changes BEFORE UPDATE ON journal BEGIN
    SELECT raise(ABORT, 'a journal record never changes');
END;

-- Small values that outlive an attempt.
CREATE TABLE stage_values (
    workflow INTEGER NOT NULL REFERENCES workflows (id),
    stage    TEXT    NOT NULL,
    key      TEXT    NOT NULL,
    value    BLOB    NOT NULL,
    PRIMARY KEY (workflow, stage, key)
) STRICT;

-- Names of blobs; the bytes lie elsewhere.
CREATE TABLE artifacts (
    workflow   INTEGER NOT NULL REFERENCES workflows (id),
    name       TEXT    NOT NULL,
    media_type TEXT    NOT NULL,
    sha256     TEXT    NOT NULL,
    size       INTEGER NOT NULL,
    stage      TEXT    NOT NULL,
    at         INTEGER NOT NULL,
    PRIMARY KEY (workflow, name)
) STRICT;
