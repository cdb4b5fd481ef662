//! What can end a walk-forward run.

use jiff::civil::Date;

use crate::{
    exit::{Exit, Failure},
    research::ResearchError,
};

/// A walk-forward run that could not be made.
#[derive(Debug, thiserror::Error)]
pub enum WalkForwardError {
    /// No fold fits.
    #[error("no fold fits into {sessions} sessions: one needs {needed} (research.walk_forward, and the embargo)")]
    TooShort {
        /// Sessions there are.
        sessions: usize,
        /// Sessions that one fold with one test session needs.
        needed: usize,
    },
    /// A fold could not be trained or scored.
    #[error("fold {fold} of {of} (trained {from} to {to}): {source}")]
    Fold {
        /// Its number.
        fold: usize,
        /// How many there are.
        of: usize,
        /// First session of its window.
        from: Date,
        /// Last session of its window.
        to: Date,
        /// What went wrong.
        source: Box<ResearchError>,
    },
    /// A fold without a score on any of its test sessions.
    #[error("fold {fold} of {of} has no row to test: no symbol has all features between {from} and {to}")]
    NothingScored {
        /// Its number.
        fold: usize,
        /// How many there are.
        of: usize,
        /// First session of its test.
        from: Date,
        /// Last session of its test.
        to: Date,
    },
    /// The model in force is newer than what it would be judged by.
    #[error("the model {id} was trained as of {trained}, after {as_of}: it may have seen every session that is tested")]
    SeenAll {
        /// The model's id.
        id: String,
        /// When it was trained.
        trained: Date,
        /// The last date that the run uses.
        as_of: Date,
    },
    /// The model in force has seen every session that the folds tested.
    #[error(
        "no tested session is one that the model {id} has not seen: from {unseen} on no fold scored a row that it did"
    )]
    NothingToCompare {
        /// The model's id.
        id: String,
        /// The first session that it has not seen.
        unseen: Date,
    },
    /// Factors and labels do not fit together, or the label is unknown.
    #[error(transparent)]
    Input(Box<ResearchError>),
}

impl From<ResearchError> for WalkForwardError {
    fn from(error: ResearchError) -> Self {
        Self::Input(Box::new(error))
    }
}

impl Failure for WalkForwardError {
    fn exit(&self) -> Exit {
        match self {
            Self::TooShort { .. } | Self::NothingToCompare { .. } => Exit::NothingRan,
            Self::SeenAll { .. } => Exit::Usage,
            Self::NothingScored { .. } => Exit::DataRefused,
            Self::Fold { source, .. } | Self::Input(source) => source.exit(),
        }
    }

    fn remedy(&self) -> Option<String> {
        match self {
            Self::TooShort { .. } => Some("Use more sessions, or a smaller research.walk_forward.train_days.".into()),
            Self::SeenAll { .. } => Some("Leave out --end-date, or put an earlier model in force.".into()),
            Self::NothingToCompare { .. } => Some("Use more sessions, or leave --against-current out.".into()),
            Self::NothingScored { .. } => {
                Some("Leave out the factors that the data of that period does not hold, or those sessions.".into())
            }
            Self::Fold { source, .. } | Self::Input(source) => source.remedy(),
        }
    }
}
