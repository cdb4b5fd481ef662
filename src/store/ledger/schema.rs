//! The ledger's tables, version by version. A released version is never edited: a change is a new one.

/// The statements of version 1, 2, ...; `PRAGMA user_version` says how many have run.
pub(super) const MIGRATIONS: [&str; 1] = [VERSION_1];

const VERSION_1: &str = "
CREATE TABLE runs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, run_key TEXT NOT NULL,
    as_of TEXT NOT NULL, status TEXT NOT NULL, owner TEXT NOT NULL, started_at TEXT NOT NULL, finished_at TEXT,
    input_digest TEXT, result_digest TEXT, exit INTEGER, error TEXT
) STRICT;
CREATE INDEX runs_by_key ON runs (run_key);
CREATE TABLE stages (
    run_id TEXT NOT NULL REFERENCES runs (id), seq INTEGER NOT NULL, name TEXT NOT NULL, status TEXT NOT NULL,
    reason TEXT, rows_in INTEGER NOT NULL, rows_out INTEGER NOT NULL, digest TEXT, seconds REAL NOT NULL,
    PRIMARY KEY (run_id, name)
) STRICT;
CREATE TABLE partitions (
    tbl TEXT NOT NULL, trade_date TEXT NOT NULL, rows INTEGER NOT NULL, digest TEXT NOT NULL,
    sha256 TEXT, bytes INTEGER NOT NULL, path TEXT NOT NULL, engine_sum TEXT,
    PRIMARY KEY (tbl, trade_date)
) STRICT, WITHOUT ROWID;
CREATE TABLE pending (
    tbl TEXT NOT NULL, trade_date TEXT NOT NULL, rows INTEGER NOT NULL, digest TEXT NOT NULL,
    sha256 TEXT, bytes INTEGER NOT NULL, path TEXT NOT NULL, engine_sum TEXT,
    PRIMARY KEY (tbl, trade_date)
) STRICT, WITHOUT ROWID;
CREATE TABLE imports (
    digest TEXT PRIMARY KEY, source TEXT NOT NULL, rows INTEGER NOT NULL, finished_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE revisions (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, tbl TEXT NOT NULL, trade_date TEXT NOT NULL, symbol TEXT NOT NULL,
    old TEXT NOT NULL, new TEXT NOT NULL, recorded_at TEXT NOT NULL
) STRICT;
CREATE TABLE experiments (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, status TEXT NOT NULL, owner TEXT NOT NULL,
    line TEXT, digest TEXT
) STRICT;
CREATE TABLE repairs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, tbl TEXT NOT NULL, trade_date TEXT NOT NULL, symbol TEXT NOT NULL,
    field TEXT NOT NULL, old TEXT, new TEXT, rule TEXT NOT NULL, run_id TEXT NOT NULL, undone INTEGER NOT NULL
) STRICT;
CREATE TABLE quarantine (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL, reason TEXT NOT NULL, rows INTEGER NOT NULL,
    run_id TEXT
) STRICT;
";
