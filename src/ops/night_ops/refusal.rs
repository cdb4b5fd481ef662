//! What a night refuses to do: work for a date that has not ended or that the bars do not reach, use a
//! model that has seen later days, and go on with a run whose products have changed.

use jiff::civil::Date;

use super::Stage;
use crate::{
    digest::Digest,
    exit::{Exit, Failure},
};

/// A night that would look ahead, or look at nothing.
#[derive(Debug, thiserror::Error)]
pub(in crate::ops) enum Refusal {
    /// The session asked for has not ended.
    #[error("the session of {asked} has not ended: {reach} is the last that has")]
    NotEnded {
        /// The trading date asked for.
        asked: Date,
        /// The last completed session.
        reach: Date,
    },
    /// The bars end earlier.
    #[error("the daily bars end on {last}, so nothing can be worked for {asked}")]
    BeyondBars {
        /// The trading date asked for.
        asked: Date,
        /// The last session with bars.
        last: Date,
    },
    /// The model was trained later.
    #[error("model {model} was trained as of {trained}, after {as_of}: it has seen the future of that day")]
    FutureModel {
        /// The model.
        model: String,
        /// Its trading date.
        trained: Date,
        /// The trading date worked for.
        as_of: Date,
    },
}

impl Failure for Refusal {
    fn exit(&self) -> Exit {
        Exit::DataRefused
    }

    fn remedy(&self) -> Option<String> {
        Some(match self {
            Self::NotEnded { reach, .. } => format!("Ask for --as-of {reach} or earlier."),
            Self::BeyondBars { last, .. } => {
                format!("Import newer bars (`lighthunter data import DIR`), or ask for --as-of {last} or earlier.")
            }
            Self::FutureModel { .. } => {
                "Train for that day (`night-ops --mode train --as-of ...`), or pin an older model by alpha.model_id."
                    .into()
            }
        })
    }
}

/// A run that cannot be gone on with, because the same input no longer gives the same product.
#[derive(Debug, thiserror::Error)]
#[error("the run cannot be resumed: {stage} made {} before the interruption and {} now", before.short(), now.short())]
pub(super) struct ResumeError {
    pub(super) stage: Stage,
    pub(super) before: Digest,
    pub(super) now: Digest,
}

impl Failure for ResumeError {
    fn exit(&self) -> Exit {
        Exit::Corrupt
    }

    fn remedy(&self) -> Option<String> {
        Some("The program or a file has changed since: run `lighthunter night-ops` without --resume.".into())
    }
}
