//! The experiment record: one line of `experiments/experiments.jsonl`, committed to the ledger first.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::digest::Digest;

/// What an experiment was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExperimentKind {
    /// A model was trained.
    Train,
    /// A backtest.
    Backtest,
    /// A walk-forward run.
    WalkForward,
    /// An intraday simulation.
    Simulation,
    /// A cell of an experiment matrix.
    Matrix,
}

/// How an experiment stands. `Running` lives in the ledger only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExperimentStatus {
    /// Not ended yet.
    Running,
    /// Ended well.
    Success,
    /// Ended with an error.
    Failed,
}

/// Why an experiment failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExperimentError {
    /// The exit class's number.
    pub class: u8,
    /// The error in words.
    pub message: String,
}

/// One experiment; field order is the file's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Experiment {
    /// The run's id; unique.
    pub id: String,
    /// What it was.
    pub kind: ExperimentKind,
    /// The job it belongs to.
    pub job: String,
    /// The model it made or used.
    pub model_id: Option<String>,
    /// How it ended.
    pub status: ExperimentStatus,
    /// The trading date worked for; nothing newer was used.
    pub as_of: Date,
    /// When it started.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Timestamp,
    /// The seed of every random choice.
    pub seed: u64,
    /// The commit of the workspace.
    pub git_commit: String,
    /// Digest of the config in force.
    pub config_digest: Digest,
    /// Digest of the input data.
    pub data_digest: Digest,
    /// Digest of the result; absent when it failed.
    pub result_digest: Option<Digest>,
    /// Parameters by name.
    pub params: BTreeMap<String, serde_json::Value>,
    /// Metrics by name; null where not defined (a Sharpe ratio of one day, say).
    pub metrics: BTreeMap<String, Option<f64>>,
    /// Files it wrote, relative to the workspace.
    pub artifacts: Vec<String>,
    /// Why it failed.
    pub error: Option<ExperimentError>,
}
