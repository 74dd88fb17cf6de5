-- `@` stands for the schema, quoted and with a dot.
-- Times are microseconds since 1970, UTC: to_timestamp(created_at / 1e6) shows one. `data` is the record's JSON, as the
-- protocol writes it; JSONB knows no U+0000, so that U+001A 0 stands for it, and U+001A 1 for U+001A.
-- `seq` grows with every insert: it orders rows of equal times.

CREATE TABLE @threads (
    seq        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id         TEXT   NOT NULL UNIQUE,
    owner      TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    data       JSONB  NOT NULL
);

CREATE INDEX threads_in_order ON @threads (owner, created_at, seq);

-- Finds old threads, whoever owns them.
CREATE INDEX threads_by_age ON @threads (created_at, seq);

-- An item's owner is its thread's. An id names an item within its thread only, so two threads may hold the same one.
CREATE TABLE @items (
    seq        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    thread_id  TEXT   NOT NULL REFERENCES @threads (id) ON DELETE CASCADE,
    id         TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    data       JSONB  NOT NULL,
    UNIQUE (thread_id, id)
);

CREATE INDEX items_in_order ON @items (thread_id, created_at, seq);

-- No reference to threads: an attachment is there before the thread it is sent in, and stays when that is deleted.
CREATE TABLE @attachments (
    id        TEXT  PRIMARY KEY,
    owner     TEXT  NOT NULL,
    thread_id TEXT,
    data      JSONB NOT NULL
);
