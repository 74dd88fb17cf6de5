-- Times are microseconds since 1970, UTC. `data` is the record's JSON, as the protocol writes it.
-- `seq` grows with every insert: it orders rows of equal times. As SQLite's row id it is the last part of every index.

CREATE TABLE threads (
    seq        INTEGER PRIMARY KEY,
    id         TEXT    NOT NULL UNIQUE,
    owner      TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    data       TEXT    NOT NULL
) STRICT;

CREATE INDEX threads_in_order ON threads (owner, created_at);

-- Finds old threads, whoever owns them.
CREATE INDEX threads_by_age ON threads (created_at);

-- An item's owner is its thread's. An id names an item within its thread only, so two threads may hold the same one.
CREATE TABLE items (
    seq        INTEGER PRIMARY KEY,
    thread_id  TEXT    NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
    id         TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    data       TEXT    NOT NULL,
    UNIQUE (thread_id, id)
) STRICT;

CREATE INDEX items_in_order ON items (thread_id, created_at);

-- No reference to threads: an attachment is there before the thread it is sent in, and stays when that is deleted.
CREATE TABLE attachments (
    id        TEXT PRIMARY KEY NOT NULL,
    owner     TEXT NOT NULL,
    thread_id TEXT,
    data      TEXT NOT NULL
) STRICT;
