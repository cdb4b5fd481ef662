//! The ledger's tables, version by version. A released version is never edited: a change is a new one.

/// The statements of version 1, 2, ...; `PRAGMA user_version` says how many have run.
pub(super) const MIGRATIONS: [&str; 5] = [VERSION_1, VERSION_2, SCHEDULER, COLLECTED, SEALS];

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

// Money is in fen. An order has one row and each report on it has one; the state is the newest only.
const VERSION_2: &str = "
CREATE TABLE orders (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL REFERENCES runs (id), client_order_id TEXT NOT NULL,
    account_id TEXT NOT NULL, strategy_id TEXT NOT NULL, symbol TEXT NOT NULL, side TEXT NOT NULL,
    shares INTEGER NOT NULL, order_type TEXT NOT NULL, limit_price INTEGER, time_in_force TEXT NOT NULL,
    at TEXT NOT NULL, UNIQUE (run_id, client_order_id)
) STRICT;
CREATE TABLE executions (
    run_id TEXT NOT NULL REFERENCES runs (id), exec_id INTEGER NOT NULL, order_id INTEGER NOT NULL,
    client_order_id TEXT NOT NULL, account_id TEXT NOT NULL, strategy_id TEXT NOT NULL, symbol TEXT NOT NULL,
    side TEXT NOT NULL, shares INTEGER NOT NULL, price INTEGER NOT NULL, commission INTEGER NOT NULL,
    stamp_duty INTEGER NOT NULL, transfer_fee INTEGER NOT NULL, slippage INTEGER NOT NULL, status TEXT NOT NULL,
    reason TEXT, cash_after INTEGER NOT NULL, position_after INTEGER NOT NULL, at TEXT NOT NULL,
    PRIMARY KEY (run_id, exec_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE marks (
    run_id TEXT NOT NULL REFERENCES runs (id), at TEXT NOT NULL, account_id TEXT NOT NULL, cash INTEGER NOT NULL,
    positions_value INTEGER NOT NULL, nav INTEGER NOT NULL, nav_peak INTEGER NOT NULL,
    PRIMARY KEY (run_id, at, account_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE trade_states (
    run_id TEXT PRIMARY KEY REFERENCES runs (id), step INTEGER NOT NULL, state TEXT NOT NULL, state_digest TEXT NOT NULL
) STRICT;
CREATE TABLE kill_switches (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, account_id TEXT NOT NULL, tripped_at TEXT NOT NULL, reason TEXT NOT NULL,
    run_id TEXT NOT NULL, released_at TEXT, released_by TEXT, release_reason TEXT
) STRICT;
CREATE UNIQUE INDEX kill_switches_in_force ON kill_switches (account_id) WHERE released_at IS NULL;
";

// Slots and marks are whole seconds since 1970, so that they compare as numbers. Whatever a scheduler
// believes, the two unique indexes hold: a start has its key once, and a job runs once at a time.
const SCHEDULER: &str = "
CREATE TABLE job_runs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, job TEXT NOT NULL, trade_date TEXT NOT NULL, slot INTEGER NOT NULL,
    by_hand INTEGER NOT NULL, attempt INTEGER NOT NULL, status TEXT NOT NULL, owner TEXT NOT NULL, child TEXT,
    started_at TEXT NOT NULL, finished_at TEXT, exit INTEGER, error TEXT,
    UNIQUE (job, slot, trade_date, by_hand, attempt)
) STRICT;
CREATE UNIQUE INDEX job_runs_open ON job_runs (job) WHERE status = 'running';
CREATE TABLE schedule_marks (
    job TEXT PRIMARY KEY, schedule TEXT NOT NULL, through INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE skipped_slots (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, job TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
    slots INTEGER NOT NULL, reason TEXT NOT NULL, decided_at TEXT NOT NULL
) STRICT;
";

// Answers of upstream as they came, until they are in the stores, and the dates that are in.
const COLLECTED: &str = "
CREATE TABLE fetched_pages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL, site TEXT NOT NULL, kind TEXT NOT NULL,
    symbol TEXT NOT NULL, first TEXT NOT NULL, last TEXT NOT NULL, rows INTEGER NOT NULL, received_at TEXT NOT NULL,
    body BLOB NOT NULL
) STRICT;
CREATE TABLE collected (
    source TEXT NOT NULL, kind TEXT NOT NULL, symbol TEXT NOT NULL, first TEXT NOT NULL, last TEXT NOT NULL,
    rows INTEGER NOT NULL, PRIMARY KEY (source, kind, symbol, first)
) STRICT, WITHOUT ROWID;
";

// Filled with what the tables hold when this version is reached; `seal` keeps it from then on.
const SEALS: &str = "
CREATE TABLE seals (
    tbl TEXT PRIMARY KEY, rows INTEGER NOT NULL, sum TEXT NOT NULL
) STRICT, WITHOUT ROWID;
";
