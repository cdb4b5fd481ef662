//! What git status would list.

use std::fmt;

use git2::StatusOptions;

use super::{Vault, VaultError};

/// The state of a working tree against HEAD; ignored files do not count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    /// Tracked files that differ in the index or on disk, sorted.
    pub changed: Vec<String>,
    /// Files that git does not know and does not ignore, sorted.
    pub untracked: Vec<String>,
}

impl Status {
    pub(super) fn of(vault: &Vault) -> Result<Self, VaultError> {
        let mut options = StatusOptions::new();
        options.include_untracked(true).recurse_untracked_dirs(true).include_ignored(false);
        let entries =
            vault.repository.statuses(Some(&mut options)).map_err(vault.failed("read the status of the files"))?;
        let mut status = Self::default();
        for entry in entries.iter() {
            let path = String::from_utf8_lossy(entry.path_bytes()).into_owned();
            if entry.status() == git2::Status::WT_NEW {
                status.untracked.push(path);
            } else if entry.status() != git2::Status::CURRENT {
                status.changed.push(path);
            }
        }
        status.changed.sort();
        status.untracked.sort();
        Ok(status)
    }

    /// Says whether nothing is changed and nothing is untracked.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.changed.is_empty() && self.untracked.is_empty()
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_clean() {
            return f.write_str("clean");
        }
        let changed = self.changed.iter().map(|path| format!("changed {path}"));
        let untracked = self.untracked.iter().map(|path| format!("untracked {path}"));
        f.write_str(&changed.chain(untracked).collect::<Vec<_>>().join(", "))
    }
}
