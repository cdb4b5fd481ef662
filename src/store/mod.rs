//! The stores: SQLite ledger, DuckDB, Parquet, JSONL. The only room that names their libraries.

mod abort;
mod ad_hoc;
mod amend;
mod columnar;
mod content;
#[cfg(test)]
mod crash;
mod damage;
mod database;
mod delimited;
mod duck;
mod error;
mod experiment;
mod experiments;
#[cfg(test)]
mod fixture;
mod frame;
#[cfg(test)]
mod fuzz_tests;
mod import;
mod inspection;
mod jsonl;
mod ledger;
mod lite;
mod market_files;
mod parquet_file;
mod partition;
mod probe;
mod quarantine;
mod recovery;
mod refusal;
mod row;
mod schema;
mod sealed_file;
mod settings;
mod stores;
mod tamper;
mod unpacked;
mod versions;

pub use ad_hoc::query_frames;
pub use damage::Damage;
pub use delimited::{DelimitedLimits, DelimitedReader, DelimitedRecord, row_text, unquoted};
pub use error::StoreError;
pub use experiment::{Experiment, ExperimentError, ExperimentKind, ExperimentStatus};
pub use experiments::Experiments;
pub use frame::{Frame, FrameColumn};
pub use import::{ImportReport, TableImport};
pub use inspection::{Inspection, StorePart, inspect};
pub use jsonl::{JsonlContent, RotatingJsonl, read_jsonl};
pub use ledger::{
    Coverage, DataState, Delivery, ExecutionRow, FetchedPage, JobRunBegin, JobRunEnd, JobRunRecord, JobRunStart,
    JobRunStatus, KillSwitchRow, Ledger, MarkRow, OpenJobRun, OrderRow, PartitionRecord, RepairRecord, RevisionRecord,
    RunEnd, RunRecord, RunStart, RunStatus, ScheduleMark, SkippedSlots, StageRecord, StageStatus, TradeBatch,
    TradeState, WaitingPage,
};
pub use market_files::write_market;
pub use parquet_file::{read_parquet, read_parquet_checked, write_parquet};
pub use probe::{PROBE_COMMAND, PROBE_GREETING, PROBE_MEMORY_MAX, ProbedDatabase, probe_here, set_probe};
pub use recovery::RecoveryReport;
pub use row::{ActionColumns, DailyColumns, IndexColumns, MinuteColumns, Prices, Row, SecurityColumns, SourceColumns};
pub use schema::Table;
pub use sealed_file::{inspect_sealed, replace_sealed, seal, unseal};
pub use settings::{Depth, Engine, StorePath, StoreSettings, WriteMode};
pub use stores::{Query, Stores, content_digest};
pub use tamper::{HeldDatabase, rewrite_parquet, run_duckdb, run_sqlite};
pub use unpacked::unpacked;

/// Returns the versions of the libraries of this room.
#[must_use]
pub fn versions() -> [(&'static str, String); 2] {
    [("DuckDB", duck::version()), ("SQLite", rusqlite::version().to_owned())]
}
