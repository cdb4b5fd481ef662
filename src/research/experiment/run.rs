//! One run from its directory to its record: ended well or failed.

use std::path::{Path, PathBuf};

use serde::Serialize;
use tracing::warn;

use super::{LabError, table};
use crate::{
    clock::Clock,
    digest::Digest,
    exit::{Failure, with_sources},
    research::{backtest::BacktestResult, performance::Metrics},
    store::{Experiment, ExperimentError, ExperimentStatus, replace_sealed},
    workspace::Workspace,
};

/// What a run that ended well found.
#[derive(Debug, Clone, Default)]
pub struct Outcome<'a> {
    /// Metrics by name; what is not a finite number is recorded as not defined.
    pub metrics: Metrics,
    /// Digest of the result; the backtest's own when there is none.
    pub result_digest: Option<Digest>,
    /// The model that was made; the context's when there is none.
    pub model_id: Option<String>,
    /// The backtest, for `equity.csv` and `trades.csv`.
    pub backtest: Option<&'a BacktestResult>,
    /// Files written elsewhere that belong to the run, such as the model's directory.
    pub files: Vec<PathBuf>,
}

/// A run that has begun. End it with [`succeed`](Self::succeed) or [`fail`](Self::fail); one that is
/// dropped stays `running` in its `run.json`, as after a crash.
#[derive(Debug)]
pub struct ExperimentRun {
    workspace: Workspace,
    directory: PathBuf,
    clock: Clock,
    record: Experiment,
}

impl ExperimentRun {
    pub(super) const fn new(workspace: Workspace, directory: PathBuf, clock: Clock, record: Experiment) -> Self {
        Self { workspace, directory, clock, record }
    }

    /// Returns the run's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.record.id
    }

    /// Returns the run's directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Returns the record as it stands, `running`, for the ledger to announce.
    #[must_use]
    pub const fn record(&self) -> &Experiment {
        &self.record
    }

    /// Adds a file to `artifacts/`.
    ///
    /// # Errors
    /// When `name` is not a plain file name, or the file cannot be written.
    pub fn add_artifact(&mut self, name: &str, bytes: impl AsRef<[u8]>) -> Result<(), LabError> {
        let plain = Path::new(name).file_name().is_some_and(|file| file == name);
        if !plain {
            return Err(LabError::ArtifactName(name.to_owned()));
        }
        self.put(&format!("artifacts/{name}"), bytes)
    }

    /// Writes one of the run's own tables, `equity.csv` or `trades.csv`, for a run that is no backtest.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn add_table(&mut self, name: &'static str, bytes: impl AsRef<[u8]>) -> Result<(), LabError> {
        self.put(name, bytes)
    }

    /// Ends the run well: writes its files, `run.json` last, and returns the record to commit.
    ///
    /// # Errors
    /// When a file cannot be written: the run has not ended then, and [`fail`](Self::fail) may say why.
    /// When it has ended already.
    pub fn succeed(&mut self, outcome: Outcome<'_>) -> Result<Experiment, LabError> {
        if self.record.status != ExperimentStatus::Running {
            return Err(LabError::Ended(self.record.id.clone()));
        }
        let finite = |value: Option<f64>| value.filter(|value| value.is_finite());
        self.record.metrics = outcome.metrics.into_iter().map(|(name, value)| (name, finite(value))).collect();
        if let Some(result) = outcome.backtest {
            self.put("equity.csv", table::equity(result))?;
            self.put("trades.csv", table::trades(result))?;
        }
        self.put_json("metrics.json", &self.record.metrics.clone())?;
        let files = outcome.files.iter().map(|file| self.workspace.shown(file));
        self.record.artifacts.extend(files);
        let mut record = self.ended(ExperimentStatus::Success);
        record.result_digest = outcome.result_digest.or(outcome.backtest.map(|result| result.digest));
        record.model_id = outcome.model_id.or(record.model_id);
        self.write("run.json", json(&record, "run.json", &record.id)?)?;
        self.record = record.clone();
        Ok(record)
    }

    /// Ends the run as failed, with the failure's class and message, and returns the record to commit.
    /// When `run.json` cannot be written (a full disk may be the failure itself), it keeps what it said,
    /// the log says so, and the record still goes to the ledger.
    pub fn fail(&mut self, failure: &dyn Failure) -> Experiment {
        let mut record = self.ended(ExperimentStatus::Failed);
        record.error = Some(ExperimentError { class: failure.exit().code(), message: with_sources(failure) });
        record.result_digest = None;
        let written = json(&record, "run.json", &record.id).and_then(|text| self.write("run.json", text));
        if let Err(error) = written {
            warn!(experiment = %record.id, "the failure is not in run.json: {error}");
        }
        self.record = record.clone();
        record
    }

    fn ended(&self, status: ExperimentStatus) -> Experiment {
        let finished_at = self.clock.now().max(self.record.started_at);
        Experiment { status, finished_at, ..self.record.clone() }
    }

    pub(super) fn write_start(&self) -> Result<(), LabError> {
        let id = &self.record.id;
        self.write("params.json", json(&self.record.params, "params.json", id)?)?;
        self.write("run.json", json(&self.record, "run.json", id)?)
    }

    fn put_json(&mut self, file: &str, value: &impl Serialize) -> Result<(), LabError> {
        let text = json(value, file, &self.record.id)?;
        self.put(file, text)
    }

    /// Writes a file and names it among the artifacts.
    fn put(&mut self, file: &str, bytes: impl AsRef<[u8]>) -> Result<(), LabError> {
        self.write(file, bytes.as_ref())?;
        let shown = self.workspace.shown(&self.directory.join(file));
        if !self.record.artifacts.contains(&shown) {
            self.record.artifacts.push(shown);
        }
        Ok(())
    }

    fn write(&self, file: &str, bytes: impl AsRef<[u8]>) -> Result<(), LabError> {
        Ok(replace_sealed(&self.directory.join(file), bytes)?)
    }
}

fn json(value: &impl Serialize, file: &str, id: &str) -> Result<String, LabError> {
    let text = serde_json::to_string_pretty(value).map_err(|source| LabError::Encode {
        id: id.to_owned(),
        file: file.to_owned(),
        source: Box::new(source),
    })?;
    Ok(text + "\n")
}
