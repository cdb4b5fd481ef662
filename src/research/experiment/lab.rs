//! Where runs begin: a name that nobody has, and a directory of that name.

use std::{collections::BTreeMap, fs, io, path::PathBuf};

use jiff::civil::Date;
use serde_json::Value;

use super::ExperimentRun;
use crate::{
    clock::Clock,
    digest::{Digest, Hasher},
    durable::{self, DurableError},
    exit::{Exit, Failure},
    store::{Experiment, ExperimentKind, ExperimentStatus},
    workspace::Workspace,
};

/// What is known of a run before it begins.
#[derive(Debug, Clone, PartialEq)]
pub struct RunContext {
    /// What it is.
    pub kind: ExperimentKind,
    /// The job it belongs to.
    pub job: String,
    /// The model it uses; one that it makes is named at the end.
    pub model_id: Option<String>,
    /// The trading date worked for.
    pub as_of: Date,
    /// The seed of every random choice.
    pub seed: u64,
    /// The commit of the workspace.
    pub git_commit: String,
    /// Digest of the config in force.
    pub config_digest: Digest,
    /// Digest of the input data.
    pub data_digest: Digest,
    /// Parameters by name.
    pub params: BTreeMap<String, Value>,
}

/// The experiments of one workspace.
#[derive(Debug, Clone)]
pub struct ExperimentLab {
    workspace: Workspace,
    directory: PathBuf,
    clock: Clock,
}

/// More runs than this of one kind in one second are a mistake.
const CLAIMS_MAX: i64 = 10_000;

impl ExperimentLab {
    /// Opens the experiments under `directory`, absolute or relative to the workspace.
    #[must_use]
    pub fn new(workspace: &Workspace, directory: impl Into<PathBuf>, clock: &Clock) -> Self {
        let directory = workspace.path(directory.into());
        Self { workspace: workspace.clone(), directory, clock: clock.clone() }
    }

    /// Begins a run: claims its id, makes its directory, writes `params.json` and a `run.json` that says
    /// `running`.
    ///
    /// # Errors
    /// When the directory cannot be made or written.
    pub fn begin(&self, context: RunContext) -> Result<ExperimentRun, LabError> {
        durable::make_directory(&self.directory)?;
        let started_at = self.clock.now();
        let id = self.claim(&context)?;
        let directory = self.directory.join(&id);
        durable::make_directory(&directory.join("artifacts"))?;
        let record = Experiment {
            id,
            kind: context.kind,
            job: context.job,
            model_id: context.model_id,
            status: ExperimentStatus::Running,
            as_of: context.as_of,
            started_at,
            finished_at: started_at,
            seed: context.seed,
            git_commit: context.git_commit,
            config_digest: context.config_digest,
            data_digest: context.data_digest,
            result_digest: None,
            params: context.params,
            metrics: BTreeMap::new(),
            artifacts: Vec::new(),
            error: None,
        };
        let run = ExperimentRun::new(self.workspace.clone(), directory, self.clock.clone(), record);
        run.write_start()?;
        durable::sync_directory(&self.directory)?;
        Ok(run)
    }

    /// Makes the directory of a new id, `<kind>_<YYYYMMDD_HHMMSS>_<6 hex>` in Shanghai's time. Making the
    /// directory is the claim: of two runs of one second only one gets it, in this process or another.
    fn claim(&self, context: &RunContext) -> Result<String, LabError> {
        let second = self.clock.shanghai().strftime("%Y%m%d_%H%M%S").to_string();
        for attempt in 0..CLAIMS_MAX {
            let digest = digest(context, attempt).short();
            let id = format!("{}_{second}_{}", kind_name(context.kind), digest.get(..6).unwrap_or(&digest));
            let path = self.directory.join(&id);
            match fs::create_dir(&path) {
                Ok(()) => return Ok(id),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(DurableError::at("make directory", &path)(error).into()),
            }
        }
        Err(LabError::NoFreeId { directory: self.directory.clone(), second })
    }
}

fn digest(context: &RunContext, attempt: i64) -> Digest {
    let mut hasher = Hasher::new("experiment id");
    hasher.text(&context.job).text(&context.git_commit).digest(&context.config_digest);
    hasher.digest(&context.data_digest).int(context.seed as i64).int(attempt);
    hasher.finish()
}

/// Returns the kind as records spell it.
const fn kind_name(kind: ExperimentKind) -> &'static str {
    match kind {
        ExperimentKind::Train => "train",
        ExperimentKind::Backtest => "backtest",
        ExperimentKind::WalkForward => "walk_forward",
        ExperimentKind::Simulation => "simulation",
        ExperimentKind::Matrix => "matrix",
    }
}

/// An experiment that could not be written down.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// A file or directory could not be written.
    #[error(transparent)]
    Durable(#[from] DurableError),
    /// Every id of this second is taken.
    #[error("no free experiment id of second {second} in {path}", path = directory.display())]
    NoFreeId {
        /// The directory of experiments.
        directory: PathBuf,
        /// The second of the id.
        second: String,
    },
    /// A record could not be turned into text.
    #[error("cannot write {file} of experiment {id}: {source}")]
    Encode {
        /// The experiment.
        id: String,
        /// The file.
        file: String,
        /// What is wrong with the record.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A run that was ended before.
    #[error("experiment {0} has ended already")]
    Ended(String),
    /// An artifact's name that leads out of the run's directory.
    #[error("'{0}' is not the name of an artifact: one plain file name is expected")]
    ArtifactName(String),
}

impl Failure for LabError {
    fn exit(&self) -> Exit {
        match self {
            Self::Durable(error) => error.exit(),
            Self::NoFreeId { .. } => Exit::Storage,
            Self::Encode { .. } | Self::ArtifactName(_) | Self::Ended(_) => Exit::Internal,
        }
    }

    fn remedy(&self) -> Option<String> {
        match self {
            Self::Durable(error) => error.remedy(),
            Self::NoFreeId { .. } => Some("Wait a second and run again.".into()),
            Self::Encode { .. } | Self::ArtifactName(_) | Self::Ended(_) => {
                Some("Report this: it is a defect of LightHunter.".into())
            }
        }
    }
}

#[cfg(test)]
#[path = "lab_tests.rs"]
mod tests;
