//! What can go wrong on the way back.

use std::path::PathBuf;

use crate::{
    durable::DurableError,
    exit::{AnyFailure, Exit, Failure},
    store::StoreError,
    vault::VaultError,
    workspace::LockError,
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
    /// The stores refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Another process is at work.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The models refused.
    #[error("the model layer: {0}")]
    Models(AnyFailure),
    /// A file of the state could not be read.
    #[error("cannot read {path} for the fingerprint: {source}", path = path.display())]
    Unreadable {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file that the way back needs is not what was written.
    #[error("{path} is damaged: {why}", path = path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A file changed while it was copied.
    #[error("{path} is being written by another process, so no baseline can be made of it", path = path.display())]
    Changing {
        /// The file.
        path: PathBuf,
    },
    /// A run is under way.
    #[error("the run {id} is under way in another process")]
    Running {
        /// The run's id.
        id: String,
    },
    /// There is no such baseline.
    #[error("there is no baseline '{name}' in {root}/monitor/baselines", root = root.display())]
    NoBaseline {
        /// The name that was asked for.
        name: String,
        /// The workspace.
        root: PathBuf,
    },
    /// A baseline of that name is there already.
    #[error("the baseline '{name}' is there already, {made}, and no baseline is ever replaced")]
    Taken {
        /// The name.
        name: String,
        /// When it was made and of which commit, or that it cannot be read.
        made: String,
    },
    /// The name cannot be a file's.
    #[error("'{0}' is no name for a baseline: letters, digits, '_', '-' and '.' are, up to 64 of them")]
    Name(String),
    /// A tag of the baseline names another commit than was recorded.
    #[error("the tag '{tag}' names commit {found:.12}, and the baseline '{name}' recorded {recorded:.12}")]
    Moved {
        /// The baseline.
        name: String,
        /// The tag.
        tag: String,
        /// What it names now.
        found: String,
        /// What was recorded.
        recorded: String,
    },
    /// A rollback was interrupted and must be finished first.
    #[error("the rollback to '{to}' of {started_at} is not finished: the workspace is between two states")]
    Interrupted {
        /// The baseline.
        to: String,
        /// When it started.
        started_at: String,
    },
    /// There is no rollback to go on with.
    #[error("no rollback was interrupted in {root}", root = .0.display())]
    NothingToResume(PathBuf),
    /// The layers were acted on, and one is not the baseline's.
    #[error("the rollback to '{to}' is not proven: {differences}")]
    NotProven {
        /// The baseline.
        to: String,
        /// What differs, layer by layer.
        differences: String,
    },
    /// A rollback failed after its first act.
    #[error("the rollback to '{to}' stopped on the way: {cause}")]
    Incomplete {
        /// The baseline.
        to: String,
        /// Why.
        cause: Box<RollbackError>,
    },
}

impl Failure for RollbackError {
    fn exit(&self) -> Exit {
        match self {
            Self::Vault(error) => error.exit(),
            Self::Storage(error) => error.exit(),
            Self::Store(error) => error.exit(),
            Self::Lock(error) => error.exit(),
            Self::Models(error) => error.exit(),
            Self::Unreadable { .. } => Exit::Storage,
            Self::Damaged { .. } | Self::NoBaseline { .. } | Self::Moved { .. } => Exit::Corrupt,
            Self::Changing { .. } | Self::Running { .. } => Exit::Busy,
            Self::Taken { .. } | Self::Name(_) => Exit::Usage,
            Self::Interrupted { .. } | Self::NotProven { .. } | Self::Incomplete { .. } => Exit::RollbackIncomplete,
            Self::NothingToResume(_) => Exit::NothingRan,
        }
    }

    fn remedy(&self) -> Option<String> {
        let text = match self {
            Self::Vault(error) => return error.remedy(),
            Self::Storage(error) => return error.remedy(),
            Self::Store(error) => return error.remedy(),
            Self::Lock(error) => return error.remedy(),
            Self::Models(error) => return error.remedy(),
            Self::Unreadable { .. } => "Check the file's permissions, then run the command again.",
            Self::Damaged { .. } => "Go back to another baseline: `lighthunter baseline list` shows them.",
            Self::NoBaseline { .. } => "List them with `lighthunter baseline list`; make one with `baseline create`.",
            Self::Changing { .. } | Self::Running { .. } => "Wait for that process to end, or stop it.",
            Self::Taken { name, .. } => {
                return Some(format!(
                    "Name the new one, `lighthunter baseline create NAME`, or go back to that one, `lighthunter rollback --to {name}`."
                ));
            }
            Self::Name(_) => "Choose another name.",
            Self::Moved { .. } => "Set the tag back with `git tag -f TAG COMMIT`, or go back to another baseline.",
            Self::Interrupted { .. } | Self::NotProven { .. } | Self::Incomplete { .. } => {
                "Finish it with `lighthunter rollback --resume`."
            }
            Self::NothingToResume(_) => "Start one with `lighthunter rollback --to NAME`.",
        };
        Some(text.into())
    }
}
