//! What can go wrong on the way back.

use std::path::PathBuf;

use crate::{
    durable::DurableError,
    exit::{Exit, Failure},
    vault::VaultError,
};

/// A state that could not be read, or a rollback that could not be done.
#[derive(Debug, thiserror::Error)]
pub enum RollbackError {
    /// The repository refused.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// A file could not be written.
    #[error(transparent)]
    Storage(#[from] DurableError),
    /// A file of the state could not be read.
    #[error("cannot read {path} for the fingerprint: {source}", path = path.display())]
    Unreadable {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl Failure for RollbackError {
    fn exit(&self) -> Exit {
        match self {
            Self::Vault(error) => error.exit(),
            Self::Storage(error) => error.exit(),
            Self::Unreadable { .. } => Exit::Storage,
        }
    }

    fn remedy(&self) -> Option<String> {
        match self {
            Self::Vault(error) => error.remedy(),
            Self::Storage(error) => error.remedy(),
            Self::Unreadable { .. } => Some("Check the file's permissions, then run the command again.".into()),
        }
    }
}
