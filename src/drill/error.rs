//! What stops a drill before it has a verdict.

use std::path::PathBuf;

use crate::{
    durable::DurableError,
    exit::{Exit, Failure},
    rollback::RollbackError,
    vault::VaultError,
};

/// A drill that could not be run; a drill that ran and is red is a record, not an error.
#[derive(Debug, thiserror::Error)]
pub enum DrillError {
    /// `drill.toml` is not as it must be.
    #[error("{path}: {source}", path = path.display())]
    Spec {
        /// The file.
        path: PathBuf,
        /// What is wrong, with its line.
        source: toml::de::Error,
    },
    /// A file cannot be read.
    #[error("cannot read {path}: {source}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The features do not parse, or have findings that make their verdict worthless.
    #[error("the features are not sound:\n{}", .0.join("\n"))]
    Unsound(Vec<String>),
    /// The tag expression or the name pattern is not one.
    #[error("cannot understand {option} '{text}': {why}")]
    Selection {
        /// Which option.
        option: &'static str,
        /// Its text.
        text: String,
        /// What is wrong.
        why: String,
    },
    /// No scenario matches the selection, so nothing ran.
    #[error("nothing ran: no scenario matches {0}")]
    NothingRan(String),
    /// The target's own workspace could not be made, so nothing ran.
    #[error("nothing ran: the target's workspace could not be made: {0}")]
    Origin(String),
    /// A process could not be started.
    #[error("cannot start {program}: {source}", program = program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The drill is to end early.
    #[error("the drill was interrupted by {}", super::interruption::name(*.0))]
    Interrupted(u8),
    /// A lane of the runner itself failed.
    #[error("harness error: the runner of a scenario panicked")]
    Lane,
    /// Another drill writes the journal.
    #[error("another drill is at work in {path}", path = .0.display())]
    Leased(PathBuf),
    /// There is nothing to go on with.
    #[error("nothing ran: drill {id} cannot be resumed: {why}")]
    NotResumable {
        /// The drill's id.
        id: String,
        /// Why not.
        why: String,
    },
    /// The origin of a drill that is to be gone on with stands elsewhere than at its beginning.
    #[error(
        "nothing ran: drill {id} began from commit {began:.12}, and {origin} stands at {found:.12}",
        origin = origin.display()
    )]
    OriginMoved {
        /// The drill's id.
        id: String,
        /// The repository that is drilled.
        origin: PathBuf,
        /// Its commit at the beginning.
        began: String,
        /// Its commit now.
        found: String,
    },
    /// What was kept of a file before it was broken is not what it was.
    #[error("{path}: what was kept to undo a fault is damaged", path = .0.display())]
    UndoDamaged(PathBuf),
    /// Something is about to be broken that is not the drill's own.
    #[error("{path} is outside the drill's own directory: nothing is injected there", path = .0.display())]
    NotOwn(PathBuf),
    /// The repository refused.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The rollback refused.
    #[error(transparent)]
    Rollback(#[from] RollbackError),
    /// A file could not be written.
    #[error(transparent)]
    Storage(#[from] DurableError),
}

impl Failure for DrillError {
    fn exit(&self) -> Exit {
        match self {
            Self::Spec { .. } => Exit::Config,
            Self::Unreadable { .. } | Self::Start { .. } => Exit::Storage,
            Self::Unsound(_) => Exit::Negative,
            Self::Selection { .. } => Exit::Usage,
            Self::NothingRan(_) | Self::Origin(_) | Self::NotResumable { .. } | Self::OriginMoved { .. } => {
                Exit::NothingRan
            }
            Self::Interrupted(signal) => Exit::Signal(*signal),
            Self::Leased(_) => Exit::Busy,
            Self::UndoDamaged(_) => Exit::Corrupt,
            Self::NotOwn(_) | Self::Lane => Exit::Internal,
            Self::Vault(error) => error.exit(),
            Self::Rollback(error) => error.exit(),
            Self::Storage(error) => error.exit(),
        }
    }

    fn remedy(&self) -> Option<String> {
        let text = match self {
            Self::Spec { .. } => "Correct the line; `lighthunter help drill` shows a complete drill.toml.",
            Self::Unreadable { .. } => "Check that the file exists and is readable.",
            Self::Unsound(_) => "Correct the features or steps, then run `lighthunter drill check`.",
            Self::Selection { .. } => "See `lighthunter help drill` for the form of the option.",
            Self::NothingRan(_) => "List the scenarios with `lighthunter drill list`.",
            Self::Origin(_) => "Run the command that failed by itself and correct what it says.",
            Self::Start { .. } => "Check the commands in drill.toml and that the program is installed.",
            Self::Interrupted(_) => "Go on with `lighthunter drill run --resume ID`, or run the drill again.",
            Self::Leased(_) => "Wait for its end, or name another directory with --reports.",
            Self::NotResumable { .. } => "Run the drill again.",
            Self::OriginMoved { began, .. } => {
                return Some(format!(
                    "Go on after `git checkout {began:.12}`, or start anew: `lighthunter drill run`."
                ));
            }
            Self::UndoDamaged(_) => "Run the drill again: its environment is made anew.",
            Self::NotOwn(_) | Self::Lane => "This is a defect of LightHunter: report it with the drill's journal.",
            Self::Vault(error) => return error.remedy(),
            Self::Rollback(error) => return error.remedy(),
            Self::Storage(error) => return error.remedy(),
        };
        Some(text.into())
    }
}
