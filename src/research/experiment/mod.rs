//! ExperimentLab: one directory a run, and the record that the ledger commits.
//!
//! `experiments/<run id>/{run.json, params.json, metrics.json, equity.csv, trades.csv, artifacts/}`. The
//! files are durable before the record is handed out, so that a line in the ledger never points at
//! files that are not there. Writing the line is `store`'s.

mod lab;
mod run;
mod table;

pub use lab::{ExperimentLab, LabError, RunContext};
pub use run::{ExperimentRun, Outcome};
pub use table::csv_table;
