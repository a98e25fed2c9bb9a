-- The outbox: what was recorded, in what order, and what became of it.

CREATE TABLE record (
    seq              INTEGER PRIMARY KEY, -- gapless number of this device's records, from 1
    record_id        TEXT NOT NULL UNIQUE,
    record_sha256    TEXT NOT NULL,       -- of the signed payload: what the next record's prev names
    envelope_sha256  TEXT NOT NULL,       -- of the whole envelope: what a reject names
    stay_id          TEXT NOT NULL,
    kind             TEXT NOT NULL,
    notice_id        TEXT NOT NULL,       -- of the notice that an overstay counts from, else ''
    envelope         BLOB,                -- the exact signed bytes; NULL once pruned
    made_utc_ms      INTEGER NOT NULL,
    state            TEXT NOT NULL CHECK (state IN ('waiting', 'receipted', 'aside', 'pruned')),
    settled_utc_ms   INTEGER,             -- when the receipt or the refusal came
    receipt          BLOB,                -- the central server's signed receipt
    code             TEXT NOT NULL DEFAULT '', -- why it was set aside
    text             TEXT NOT NULL DEFAULT '',
    UNIQUE (stay_id, kind, notice_id)     -- an event reported again after a restart changes nothing
);
CREATE INDEX record_by_state ON record (state, seq);
CREATE INDEX record_by_envelope ON record (envelope_sha256);

CREATE TABLE exhibit (
    seq     INTEGER NOT NULL REFERENCES record (seq),
    sha256  TEXT NOT NULL,
    size    INTEGER NOT NULL,             -- bytes
    PRIMARY KEY (seq, sha256)
) WITHOUT ROWID;
CREATE INDEX exhibit_by_hash ON exhibit (sha256);

-- Exhibits on the disk that no record names yet, such as those of a notice.
CREATE TABLE taken (
    stay_id  TEXT NOT NULL,
    sha256   TEXT NOT NULL,
    body     TEXT NOT NULL,               -- the exhibit as it will stand in the record, JSON
    PRIMARY KEY (stay_id, sha256)
) WITHOUT ROWID;

-- When each open stay began, on the clocks of the boot in which it did.
CREATE TABLE stay (
    stay_id  TEXT PRIMARY KEY,
    begin    TEXT NOT NULL                -- a moment, JSON
) WITHOUT ROWID;

-- The rules' own picture of the open stays, one row a camera.
CREATE TABLE snapshot (
    camera  TEXT PRIMARY KEY,
    body    BLOB NOT NULL
) WITHOUT ROWID;

-- Notices from the central server that the rules have not yet taken in.
CREATE TABLE notice (
    notice_id  TEXT PRIMARY KEY,
    body       BLOB NOT NULL,             -- as it came, JSON
    mono_ns    INTEGER NOT NULL,          -- when it came, on the clock of this boot
    boot       TEXT NOT NULL,
    done       INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
