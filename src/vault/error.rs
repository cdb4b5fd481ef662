//! What can go wrong with a repository, with its class and its remedy.

use std::path::PathBuf;

use crate::{
    durable::DurableError,
    exit::{Exit, Failure},
};

/// A repository that is not as it must be, or an operation on it that failed.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// There is no repository at the path itself.
    #[error("{path} is not a git repository: {source}", path = path.display())]
    NotARepository {
        /// The directory.
        path: PathBuf,
        /// What libgit2 said.
        source: git2::Error,
    },
    /// The repository has no commit yet.
    #[error("{path} has no commit yet: HEAD is unborn", path = .0.display())]
    Unborn(PathBuf),
    /// The tag, branch or commit is not there.
    #[error("{path} has no tag, branch or commit '{target}'", path = path.display())]
    NoSuchTarget {
        /// The repository.
        path: PathBuf,
        /// What was asked for.
        target: String,
        /// What libgit2 said.
        source: git2::Error,
    },
    /// An object that the target needs is missing or damaged.
    #[error("{path}: '{target}' needs object {object} of {file}, which is missing or damaged", path = path.display())]
    DamagedTarget {
        /// The repository.
        path: PathBuf,
        /// What was asked for.
        target: String,
        /// The object's id.
        object: String,
        /// The file that it is the content of.
        file: String,
    },
    /// Another process is at work in the repository.
    #[error("the repository is locked: {lock} {why}", lock = lock.display())]
    Locked {
        /// The lock file.
        lock: PathBuf,
        /// Who holds it, or why it counts as held.
        why: String,
    },
    /// The working tree has changes where a clean one is needed.
    #[error("the working tree of {path} is not clean: {files}", path = path.display())]
    Dirty {
        /// The repository.
        path: PathBuf,
        /// The files, as git status would list them.
        files: String,
    },
    /// A merge, rebase or the like is half done.
    #[error("{path} is in the middle of a {state}", path = path.display())]
    HalfDone {
        /// The repository.
        path: PathBuf,
        /// What is half done.
        state: String,
    },
    /// A reset ended, and the tree is not the target's.
    #[error("the reset of {path} to '{target}' is incomplete: {differences}", path = path.display())]
    NotReset {
        /// The repository.
        path: PathBuf,
        /// Where it should have gone.
        target: String,
        /// What differs.
        differences: String,
    },
    /// A git operation failed.
    #[error("cannot {what} in {path}: {source}", path = path.display())]
    Git {
        /// The operation.
        what: &'static str,
        /// The repository.
        path: PathBuf,
        /// What libgit2 said.
        source: git2::Error,
    },
    /// A file operation failed.
    #[error(transparent)]
    Storage(#[from] DurableError),
}

impl Failure for VaultError {
    fn exit(&self) -> Exit {
        match self {
            Self::NotARepository { .. } | Self::Unborn(_) | Self::NoSuchTarget { .. } => Exit::Config,
            Self::Locked { .. } | Self::Dirty { .. } | Self::HalfDone { .. } => Exit::Busy,
            Self::DamagedTarget { .. } => Exit::Corrupt,
            Self::NotReset { .. } => Exit::RollbackIncomplete,
            Self::Git { source, .. } if source.code() == git2::ErrorCode::Locked => Exit::Busy,
            Self::Git { .. } => Exit::Storage,
            Self::Storage(error) => error.exit(),
        }
    }

    fn remedy(&self) -> Option<String> {
        let text = match self {
            Self::NotARepository { .. } => {
                "Make a workspace with `lighthunter init DIR`, or run `git init` and commit."
            }
            Self::Unborn(_) => "Commit once, so that there is a state to go back to.",
            Self::NoSuchTarget { .. } => "List the tags with `git tag`, and set a baseline before the next change.",
            Self::DamagedTarget { .. } => "Fetch the object from another clone (`git fsck` lists what is missing).",
            Self::Locked { .. } => "Wait for that process to end, or stop it; then run the command again.",
            Self::Dirty { .. } => "Commit or stash the changes, then run the command again.",
            Self::HalfDone { .. } => "Finish it or abort it with git, then run the command again.",
            Self::NotReset { .. } => "Run the rollback again: it goes on from here.",
            Self::Git { .. } => "Check the repository with `git fsck` and the disk's free space.",
            Self::Storage(error) => return error.remedy(),
        };
        Some(text.into())
    }
}
