//! The intent of a rollback: on disk from before its first act until its end is proven. While it is there
//! the workspace is between two states, and every command that needs the workspace refuses.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{RollbackError, sealed};
use crate::{durable, record::Layer};

/// What a rollback is about to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RollbackIntent {
    /// The rollback's id.
    pub id: String,
    /// The baseline's name.
    pub to: String,
    /// The layers it takes back.
    pub layers: Vec<Layer>,
    /// When it started.
    pub started_at: Timestamp,
    /// Who wanted it.
    pub by: String,
    /// The commit that HEAD was at.
    pub from_commit: String,
    /// The commit that HEAD goes to; none where neither code nor config is taken back.
    pub to_commit: Option<String>,
    /// Where edits and later commits were saved, if there were any.
    pub rescue: Option<String>,
}

fn path_of(root: &Path) -> PathBuf {
    root.join("monitor/rollback.json")
}

pub(super) fn write(root: &Path, intent: &RollbackIntent) -> Result<(), RollbackError> {
    sealed::write(&path_of(root), intent)
}

pub(super) fn remove(root: &Path) -> Result<(), RollbackError> {
    Ok(durable::remove_file(&path_of(root))?)
}

/// Returns the rollback that was interrupted in the workspace at `root`, if one was.
///
/// # Errors
/// `Damaged` when the intent is not what was written.
pub fn unfinished(root: &Path) -> Result<Option<RollbackIntent>, RollbackError> {
    sealed::read(&path_of(root))
}

/// Succeeds when no rollback was interrupted in the workspace at `root`: what every command asks that
/// needs the workspace.
///
/// # Errors
/// `Interrupted`, also where the intent cannot be read.
pub fn require_none(root: &Path) -> Result<(), RollbackError> {
    match unfinished(root) {
        Ok(None) => Ok(()),
        Ok(Some(intent)) => {
            Err(RollbackError::Interrupted { to: intent.to, started_at: intent.started_at.to_string() })
        }
        Err(error) => {
            tracing::warn!(%error, "the intent of a rollback cannot be read");
            Err(RollbackError::Interrupted { to: "unknown".into(), started_at: "an unknown time".into() })
        }
    }
}
