//! Sections `storage.*`: where rows are kept.

use std::path::PathBuf;

use super::Section;

/// The stores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Storage {
    /// The time series store.
    pub ts: TsStorage,
    /// The SQLite ledger.
    pub ledger_path: PathBuf,
}

/// The time series store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TsStorage {
    /// Which database holds the rows.
    pub engine: Engine,
    /// Whether Parquet is written too.
    pub write_mode: WriteMode,
    /// The SQLite database.
    pub sqlite_path: PathBuf,
    /// The DuckDB database.
    pub duckdb_path: PathBuf,
    /// The root of the Parquet tables.
    pub parquet_dir: PathBuf,
}

/// A database for time series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// DuckDB.
    Duckdb,
    /// SQLite.
    Sqlite,
}

/// Where a row is written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteMode {
    /// The engine and Parquet.
    Dual,
    /// The engine only.
    Single,
}

impl Storage {
    pub(super) fn read(s: &mut Section<'_>) -> Self {
        Self { ts: s.section("ts", TsStorage::read), ledger_path: s.path("ledger_path") }
    }
}

impl TsStorage {
    fn read(s: &mut Section<'_>) -> Self {
        Self {
            engine: s.choice("engine", &[("duckdb", Engine::Duckdb), ("sqlite", Engine::Sqlite)], Engine::Duckdb),
            write_mode: s.choice(
                "write_mode",
                &[("dual", WriteMode::Dual), ("single", WriteMode::Single)],
                WriteMode::Dual,
            ),
            sqlite_path: s.path("sqlite_path"),
            duckdb_path: s.path("duckdb_path"),
            parquet_dir: s.path("parquet_dir"),
        }
    }
}
