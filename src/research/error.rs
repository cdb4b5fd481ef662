//! What can go wrong between a panel and a model that is in force.

use std::{
    fmt::Display,
    path::{Path, PathBuf},
};

use super::factor::{ExpressionError, Window};
use crate::{
    durable::DurableError,
    exit::{Exit, Failure},
    model::ModelError,
    store::StoreError,
};

/// A failure of research: factors, labels, datasets, training, model zoo.
#[derive(Debug, thiserror::Error)]
pub enum ResearchError {
    /// A name that is in no table.
    #[error("unknown {what} '{name}'{}", nearest.as_ref().map(|near| format!(", nearest is '{near}'")).unwrap_or_default())]
    Unknown {
        /// What was named: a factor, a label, a column.
        what: &'static str,
        /// The name.
        name: String,
        /// The valid name nearest to it.
        nearest: Option<String>,
    },
    /// A setting outside its range.
    #[error("{key} is {got}, allowed is {allowed}")]
    Setting {
        /// The key, such as `factor_set.lookback`.
        key: String,
        /// The value.
        got: String,
        /// What is allowed, in words.
        allowed: &'static str,
    },
    /// Two frames that do not have the same symbols and sessions.
    #[error("the {left} and the {right} are not laid out alike: symbols or sessions differ")]
    Layout {
        /// One frame.
        left: &'static str,
        /// The other.
        right: &'static str,
    },
    /// Factors computed with another window than the model's.
    #[error(
        "model '{id}' was made with lookback {} and big_down {}, the factors have {} and {}",
        own.lookback, own.big_down, got.lookback, got.big_down
    )]
    Window {
        /// The model.
        id: String,
        /// Its window.
        own: Window,
        /// The factors' window.
        got: Window,
    },
    /// Factors that mean something else than when the model was made.
    #[error("model '{id}' was made with another definition of {}", names.join(", "))]
    Redefined {
        /// The model.
        id: String,
        /// The factors that changed under their names.
        names: Vec<String>,
    },
    /// A model of an older program, which did not save what its factors mean.
    #[error("model '{id}' was saved by an older version of the program, without what its factors mean")]
    Undefined {
        /// The model.
        id: String,
    },
    /// A model that predicts another label than its job trades by.
    #[error("model '{id}' predicts {own}, its job trades by {wanted}")]
    OtherLabel {
        /// The model.
        id: String,
        /// Its label.
        own: String,
        /// The primary label of the job's task.
        wanted: String,
    },
    /// No row or no column was left to learn from.
    #[error("the dataset has {lack}: {why}")]
    Empty {
        /// What is missing, such as `no rows to train on`.
        lack: &'static str,
        /// What took the rows, with counts.
        why: String,
    },
    /// A factor expression is wrong, or the input lacks a column of it.
    #[error(transparent)]
    Expression(#[from] ExpressionError),
    /// The learner or a saved model failed.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A table could not be written or read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file operation failed.
    #[error(transparent)]
    Durable(#[from] DurableError),
    /// A job or model id that cannot be a directory name.
    #[error("'{name}' is not a {what}: 1 to 64 of a-z, 0-9, _ and - are allowed, the first a letter or digit")]
    Name {
        /// What it should name: a job or a model id.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A job without a model in force.
    #[error("job '{job}' has no current model in {path}", path = path.display())]
    NoCurrent {
        /// The job.
        job: String,
        /// Where `current` should be.
        path: PathBuf,
    },
    /// A model that is not there.
    #[error("model '{id}' of job '{job}' does not exist in {path}", path = path.display())]
    NoModel {
        /// The job.
        job: String,
        /// The model's id.
        id: String,
        /// Where it should be.
        path: PathBuf,
    },
    /// A model id that is taken.
    #[error("a model already stands at {path}", path = .0.display())]
    Taken(PathBuf),
    /// Bytes that are not what was written.
    #[error("{path} is corrupt: {what}", path = path.display())]
    Corrupt {
        /// The file or directory.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A file that cannot be read.
    #[error("cannot read {path}: {source}", path = path.display())]
    Unreadable {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl ResearchError {
    /// Returns the error for a name that is not among `known`, with the nearest of them.
    pub(crate) fn unknown<'a>(what: &'static str, name: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let nearest = known
            .into_iter()
            .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
            .filter(|(likeness, _)| *likeness > 0.7)
            .max_by(|(left, _), (right, _)| left.total_cmp(right))
            .map(|(_, candidate)| candidate.to_owned());
        Self::Unknown { what, name: name.into(), nearest }
    }

    pub(crate) fn setting(key: &str, got: impl Display, allowed: &'static str) -> Self {
        Self::Setting { key: key.into(), got: format!("{got}"), allowed }
    }

    pub(crate) fn corrupt(path: &Path, what: impl Into<String>) -> Self {
        Self::Corrupt { path: path.into(), what: what.into() }
    }

    pub(crate) fn unreadable(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Unreadable { path, source }
    }
}

impl Failure for ResearchError {
    fn exit(&self) -> Exit {
        match self {
            Self::Unknown { .. }
            | Self::Setting { .. }
            | Self::Name { .. }
            | Self::Window { .. }
            | Self::Redefined { .. }
            | Self::Undefined { .. }
            | Self::OtherLabel { .. }
            | Self::NoCurrent { .. }
            | Self::NoModel { .. } => Exit::Config,
            Self::Layout { .. } => Exit::Internal,
            Self::Empty { .. } => Exit::DataRefused,
            Self::Expression(error) => error.exit(),
            Self::Model(error) => error.exit(),
            Self::Store(error) => error.exit(),
            Self::Durable(error) => error.exit(),
            Self::Taken(_) | Self::Unreadable { .. } => Exit::Storage,
            Self::Corrupt { .. } => Exit::Corrupt,
        }
    }

    fn remedy(&self) -> Option<String> {
        let text = match self {
            Self::Unknown { .. } => "Correct the name in the spec under `config/`; `factors list` shows the factors.",
            Self::Setting { .. } => "Set the key to an allowed value.",
            Self::Name { .. } => "Choose another name.",
            Self::Window { .. } => "Train again after a change of the factor set, or set it back.",
            Self::Redefined { .. } => {
                "Train again after a change of an expression, set it back in `config/factor_spec.json`, or choose a \
                 model made with it by `models use`."
            }
            Self::Undefined { .. } => "Train again: nobody can say whether its factors are still the same.",
            Self::OtherLabel { .. } => "Choose a model of that label with `models list`, or set the job's task back.",
            Self::Layout { .. } => return None,
            Self::Empty { .. } => {
                "Use more sessions (an earlier start, or more data), or drop the factors that the data does not hold."
            }
            Self::Expression(error) => return error.remedy(),
            Self::Model(error) => return error.remedy(),
            Self::Store(error) => return error.remedy(),
            Self::Durable(error) => return error.remedy(),
            Self::NoCurrent { .. } => "Train one with `night-ops --mode train`, or choose one with `models use`.",
            Self::NoModel { .. } => "List the models there are with `models list`.",
            Self::Taken(_) => "Use another experiment id, or move the directory away.",
            Self::Corrupt { .. } => "Go back to a sound model with `models previous`, or train again.",
            Self::Unreadable { .. } => "Check that the path exists and may be read.",
        };
        Some(text.into())
    }
}
