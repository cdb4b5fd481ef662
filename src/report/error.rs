//! What can go wrong when a report is read again.

use std::path::PathBuf;

use crate::{
    durable::DurableError,
    exit::{Exit, Failure},
    record::RECORD_VERSION,
};

/// A drill that cannot be found or read.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// There is no drill of that name, or none at all.
    #[error("no drill {wanted} under {drills}", drills = drills.display())]
    NoDrill {
        /// What was asked for.
        wanted: String,
        /// Where drills are.
        drills: PathBuf,
    },
    /// The record does not parse.
    #[error("{path} is not the record of a drill: {source}", path = path.display())]
    Damaged {
        /// The record.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
    /// The record was written by a newer LightHunter.
    #[error("{path} has version {found} of the record, this LightHunter reads up to {RECORD_VERSION}", path = path.display())]
    Newer {
        /// The record.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// A file cannot be read or written.
    #[error(transparent)]
    Storage(#[from] DurableError),
}

impl Failure for ReportError {
    fn exit(&self) -> Exit {
        match self {
            Self::NoDrill { .. } => Exit::NothingRan,
            Self::Damaged { .. } | Self::Newer { .. } => Exit::Corrupt,
            Self::Storage(error) => error.exit(),
        }
    }

    fn remedy(&self) -> Option<String> {
        match self {
            Self::NoDrill { .. } => Some("List the drills with `lighthunter drill history`.".into()),
            Self::Damaged { .. } => Some("Run the drill again: a damaged record cannot be rendered.".into()),
            Self::Newer { .. } => Some("Render it with the LightHunter that wrote it, or a newer one.".into()),
            Self::Storage(error) => error.remedy(),
        }
    }
}
