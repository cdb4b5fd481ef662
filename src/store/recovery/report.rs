//! What recovery reports. Says it in sentences; does nothing.

use std::path::PathBuf;

/// What was found wrong on start and what was done about it, as sentences.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecoveryReport {
    /// What was brought back, and from where.
    pub rebuilt: Vec<String>,
    /// Imports of a killed process that were completed or taken back.
    pub settled: Vec<String>,
    /// Files that were moved aside.
    pub quarantined: Vec<PathBuf>,
    /// Runs and experiments of dead processes.
    pub interrupted: Vec<String>,
    /// Content that a new ledger took over from the stores.
    pub adopted: Vec<String>,
    /// What was acknowledged and is in no store any more; import it again.
    pub lost: Vec<String>,
}

impl RecoveryReport {
    /// Says whether everything was as the ledger has it.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        *self == Self::default()
    }

    /// Returns all sentences, the worst first.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let moved = self.quarantined.iter().map(|path| format!("moved to {}", path.display()));
        let interrupted = self.interrupted.iter().map(|id| format!("{id} was interrupted"));
        let texts = [&self.lost, &self.rebuilt, &self.settled, &self.adopted];
        texts.into_iter().flatten().cloned().chain(moved).chain(interrupted).collect()
    }
}
