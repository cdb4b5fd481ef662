//! Acts: what a drill does outside itself, each written down before it is done and again when it has
//! been done or taken back.

use std::sync::Arc;

use serde_json::Value;

use super::{DrillError, EntryKind, Journal};
use crate::clock::Clock;

/// Where acts are written down.
#[derive(Debug, Clone)]
pub(super) struct ActLog {
    journal: Arc<Journal>,
    clock: Clock,
}

/// One act that is under way. One that is dropped stays under way: whoever recovers undoes it.
#[derive(Debug, Clone)]
#[must_use]
pub(super) struct Act {
    log: ActLog,
    seq: u64,
    action: &'static str,
}

impl ActLog {
    pub(super) fn new(journal: Arc<Journal>, clock: Clock) -> Self {
        Self { journal, clock }
    }

    /// Writes down what is about to be done.
    ///
    /// # Errors
    /// When it cannot be written: then it must not be done.
    pub(super) fn intend(&self, action: &'static str, detail: Value) -> Result<Act, DrillError> {
        let seq = self.journal.write(&self.clock, "", EntryKind::Intent, action, detail)?;
        Ok(Act { log: self.clone(), seq, action })
    }
}

impl Act {
    /// Writes down more about it.
    pub(super) fn note(&self, detail: Value) {
        self.say(EntryKind::Note, detail);
    }

    /// Writes down that nothing of it is left to be undone.
    pub(super) fn done(self, detail: Value) {
        self.say(EntryKind::Done, detail);
    }

    /// A line that cannot be written leaves the act under way in the journal, and undoing it twice does
    /// no harm.
    fn say(&self, kind: EntryKind, detail: Value) {
        let written = self.log.journal.write_of(&self.log.clock, "", (kind, Some(self.seq)), self.action, detail);
        if let Err(error) = written {
            tracing::warn!(%error, action = self.action, "the journal lacks a line");
        }
    }
}
