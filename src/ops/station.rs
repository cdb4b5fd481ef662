//! Where an operation stands: the workspace, the config in force, the clock, and the places that the
//! config names. Operations get a station and ask it; they read no environment of their own.

use std::path::PathBuf;

use super::metrics::Metrics;
use crate::{
    clock::Clock,
    config::{Configuration, Settings},
    digest::{Digest, Hasher},
    rollback,
    store::{Depth, StoreError, StoreSettings, Stores},
    vault::Vault,
    workspace::Workspace,
};

/// So many lost partitions are named in an error.
const LOST_SHOWN_MAX: usize = 5;

/// The place of one operation.
#[derive(Debug, Clone)]
pub struct Station {
    /// The workspace.
    pub workspace: Workspace,
    /// The config in force.
    pub config: Configuration,
    /// The clock.
    pub clock: Clock,
}

impl Station {
    /// Returns the settings in force.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.config.loaded.settings
    }

    /// Returns the directory of the reports.
    #[must_use]
    pub fn reports(&self) -> PathBuf {
        self.workspace.path(&self.settings().paths.reports_dir)
    }

    /// Returns the metrics of the workspace.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        let monitor = &self.settings().monitor;
        let path = |relative: &PathBuf| self.workspace.path(relative);
        let rotation = self.settings().ops.logs.clone();
        Metrics::new(path(&monitor.metrics_file), path(&monitor.state_file), rotation, self.clock.clone())
    }

    /// Returns where the stores are, as the config has it.
    #[must_use]
    pub fn store_settings(&self) -> StoreSettings {
        rollback::stores_of(self.workspace.root(), self.settings())
    }

    /// Opens the stores and returns what recovery had to mend, one line each.
    ///
    /// # Errors
    /// What the stores say: a directory that is not there, a database that is damaged or in use.
    pub fn open_stores(&self) -> Result<(Stores, Vec<String>), StoreError> {
        self.open_stores_checked(Depth::Quick)
    }

    /// Opens the stores after a check of the given depth; `Full` holds every byte against its digest.
    ///
    /// # Errors
    /// As [`open_stores`](Self::open_stores).
    pub fn open_stores_checked(&self, depth: Depth) -> Result<(Stores, Vec<String>), StoreError> {
        let (stores, report) = Stores::open(&self.store_settings(), &self.clock, depth)?;
        if !report.lost.is_empty() {
            let shown = report.lost.iter().take(LOST_SHOWN_MAX).cloned().collect::<Vec<_>>().join(", ");
            let more = report.lost.len().saturating_sub(LOST_SHOWN_MAX);
            let what = if more == 0 { shown } else { format!("{shown} and {more} more") };
            return Err(StoreError::Lost { what });
        }
        let lines = report.lines();
        for line in &lines {
            tracing::warn!("recovered on start: {line}");
        }
        Ok((stores, lines))
    }

    /// Returns the commit of the workspace, or `none` where it is no repository or has no commit.
    #[must_use]
    pub fn commit(&self) -> String {
        Vault::open(self.workspace.root()).and_then(|vault| vault.head()).unwrap_or_else(|_| "none".into())
    }

    /// Returns the digest of the code that a run executes: every file of `strategy/`.
    #[must_use]
    pub fn strategy_digest(&self) -> Digest {
        let (mut files, mut directories) = (Vec::new(), vec![self.workspace.path("strategy")]);
        while let Some(directory) = directories.pop() {
            for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
                // A link is followed by whoever runs it; here only what lies in the workspace counts.
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() => directories.push(entry.path()),
                    _ => files.push(entry.path()),
                }
            }
        }
        files.sort();
        let mut hasher = Hasher::new("strategy");
        for file in files {
            hasher.text(&self.workspace.shown(&file));
            // A file that cannot be read is not an empty one; running it is what fails.
            match std::fs::read(&file) {
                Ok(bytes) => hasher.bytes(&bytes),
                Err(error) => hasher.text("unreadable").text(&error.kind().to_string()),
            };
        }
        hasher.finish()
    }
}
