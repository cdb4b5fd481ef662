//! The stores: SQLite ledger, DuckDB, Parquet, JSONL. The only room that names their libraries.

mod experiment;

pub use experiment::{Experiment, ExperimentError, ExperimentKind, ExperimentStatus};
