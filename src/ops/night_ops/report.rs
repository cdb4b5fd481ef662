//! The report of a NightOps run: `reports/night_ops_YYYYMMDD.{json,md}`. The original's fields are kept
//! (`date success steps train_jobs`), each step with its status, reason, rows, digest and seconds.

use std::{fmt::Write, path::PathBuf};

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::Stage;
use crate::{
    digest::Digest,
    durable::DurableError,
    ops::report_files,
    store::{StageRecord, StageStatus},
    workspace::Workspace,
};

/// One stage of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageReport {
    /// The stage.
    pub name: Stage,
    /// The original's flag: it did not fail.
    pub ok: bool,
    /// How it ended.
    pub status: StageStatus,
    /// Why it was skipped or failed, or what it found.
    pub reason: String,
    /// Rows that came in.
    pub rows_in: u64,
    /// Rows that went out.
    pub rows_out: u64,
    /// Digest of what it made.
    pub digest: Option<Digest>,
    /// How long it took.
    pub seconds: f64,
}

impl StageReport {
    /// Takes over a stage's record; nothing where its name is not a stage's.
    #[must_use]
    pub fn of(record: StageRecord) -> Option<Self> {
        Some(Self {
            name: record.name.parse().ok()?,
            ok: record.status != StageStatus::Failed,
            status: record.status,
            reason: record.reason.unwrap_or_default(),
            rows_in: record.rows_in,
            rows_out: record.rows_out,
            digest: record.digest,
            seconds: record.seconds,
        })
    }

    /// Returns the stage's record for the ledger.
    #[must_use]
    pub fn record(&self) -> StageRecord {
        StageRecord {
            name: self.name.name().into(),
            status: self.status,
            reason: Some(self.reason.clone()),
            rows_in: self.rows_in,
            rows_out: self.rows_out,
            digest: self.digest,
            seconds: self.seconds,
        }
    }
}

/// A training job of a run, in the original's shape.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainJobReport {
    /// The job.
    pub job_id: String,
    /// The model that it made or used.
    pub model_id: Option<String>,
    /// The experiment of the training.
    pub train_run_id: Option<String>,
    /// The experiment of the backtest.
    pub backtest_run_id: Option<String>,
    /// Why the model was not promoted, or that it was.
    pub promotion: Option<String>,
}

/// The report of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NightOpsReport {
    /// The run's id.
    pub run_id: String,
    /// The trading date worked for.
    pub date: Date,
    /// `full`, `data`, `train` or `backtest`.
    pub mode: String,
    /// No stage failed.
    pub success: bool,
    /// The exit code.
    pub exit: u8,
    /// The error that ended the run.
    pub error: Option<String>,
    /// When it started.
    pub started_at: Timestamp,
    /// How long it took.
    pub seconds: f64,
    /// The commit of the workspace.
    pub git_commit: String,
    /// Digest of the config in force.
    pub config_digest: Digest,
    /// Digest of what went in: config, code and data.
    pub input_digest: Option<Digest>,
    /// Digest of what came out; equal inputs give an equal one.
    pub result_digest: Option<Digest>,
    /// Overrides by `--set`.
    pub overrides: Vec<String>,
    /// What recovery had to mend before the run, one line each.
    pub recovered: Vec<String>,
    /// Every stage in order.
    pub steps: Vec<StageReport>,
    /// The training jobs.
    pub train_jobs: Vec<TrainJobReport>,
}

impl NightOpsReport {
    /// Writes both forms under the workspace's reports and returns their paths.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, reports: &std::path::Path) -> Result<[PathBuf; 2], DurableError> {
        let stem = format!("night_ops_{}", self.date.strftime("%Y%m%d"));
        report_files::write_pair(reports, &stem, self, ("md", self.markdown()))
    }

    /// Returns the report as a person reads it: verdict first.
    #[must_use]
    pub fn markdown(&self) -> String {
        let verdict = if self.success { "succeeded" } else { "FAILED" };
        let mut text = format!("# NightOps {}: {verdict}\n\n", self.date);
        if let Some(error) = &self.error {
            let _ = writeln!(text, "**{error}** (exit code {})\n", self.exit);
        }
        let _ = writeln!(
            text,
            "Run `{}`, mode {}, {:.1} s, commit `{}`.",
            self.run_id, self.mode, self.seconds, self.git_commit
        );
        if let Some(digest) = &self.result_digest {
            let _ = writeln!(text, "Result digest `{digest}`.");
        }
        text.push_str(
            "\n| stage | status | rows in | rows out | seconds | digest | remark |\n|---|---|---:|---:|---:|---|---|\n",
        );
        for step in &self.steps {
            let status = match step.status {
                StageStatus::Done => "done",
                StageStatus::Skipped => "skipped",
                StageStatus::Failed => "FAILED",
            };
            let digest = step.digest.as_ref().map(Digest::short).unwrap_or_default();
            let remark = step.reason.replace('|', "\\|").replace('\n', " ");
            let (name, rows_in, rows_out, seconds) = (step.name, step.rows_in, step.rows_out, step.seconds);
            let _ =
                writeln!(text, "| {name} | {status} | {rows_in} | {rows_out} | {seconds:.3} | {digest} | {remark} |");
        }
        for job in &self.train_jobs {
            let model = job.model_id.as_deref().unwrap_or("no model");
            let promotion = job.promotion.as_deref().unwrap_or("not trained in this run");
            let _ = writeln!(text, "\nJob `{}`: model `{model}`, {promotion}.", job.job_id);
        }
        for line in &self.recovered {
            let _ = writeln!(text, "\nRecovered on start: {line}.");
        }
        text
    }

    /// Returns the newest report of a workspace.
    #[must_use]
    pub fn newest(workspace: &Workspace, reports: &std::path::Path) -> Option<Self> {
        let directory = std::fs::read_dir(workspace.path(reports)).ok()?;
        let mut names: Vec<PathBuf> = directory.filter_map(|entry| Some(entry.ok()?.path())).collect();
        names.retain(|path| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            name.starts_with("night_ops_") && path.extension().is_some_and(|extension| extension == "json")
        });
        names.sort();
        serde_json::from_str(&std::fs::read_to_string(names.last()?).ok()?).ok()
    }
}
