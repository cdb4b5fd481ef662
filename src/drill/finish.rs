//! The end of a drill: environments are removed, what is left behind is audited and ended, and the journal is
//! closed. Runs nothing of the target.

use std::{fs, sync::PoisonError};

use serde_json::json;

use super::{
    DrillError, EntryKind,
    journal::{self, DRILL, JOURNAL_FILE, unfinished},
    process::end_all,
    residue, root,
    session::Session,
};
use crate::store;

impl Session {
    /// Ends the drill: what is left behind is audited, ended and returned; the temporary root is removed, all but
    /// the environments that were kept.
    ///
    /// # Errors
    /// When the journal's last line cannot be written.
    pub(super) fn finish(&self) -> Result<Vec<String>, DrillError> {
        self.stages.finish();
        for removal in std::mem::take(&mut *self.removals.lock().unwrap_or_else(PoisonError::into_inner)) {
            if let Ok(Err(error)) = removal.join() {
                tracing::warn!(%error, "an environment is left behind");
            }
        }
        let ports = self.ports.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut residue = residue::audit(&self.root, &ports);
        if !residue.is_empty() {
            end_all(&self.root, &[]);
        }
        // What scenarios were copied from, and what no scenario has taken.
        for entry in fs::read_dir(&self.root).into_iter().flatten().flatten() {
            self.canary.search(&entry.path());
        }
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Err(error) = root::remove(&self.root, &self.options.id, &kept) {
            residue.push(error.to_string());
        }
        residue.extend(self.outside.changes());
        // The states that scenarios were copied from went with the root, and so did what was refused in them.
        let entries = journal::read(&self.options.directory())?.entries;
        for intent in unfinished(&entries).into_iter().filter(|intent| intent.action != DRILL) {
            let (of, detail) = ((EntryKind::Done, Some(intent.seq)), json!({ "by": "the end of the drill" }));
            self.journal.write_of(&self.options.clock, &intent.scenario, of, &intent.action, detail)?;
        }
        let interrupted = self.options.interruption.signal();
        let detail = json!({ "ended": interrupted.is_none(), "interrupted": interrupted, "kept": kept });
        self.journal.write(&self.options.clock, "", EntryKind::Done, DRILL, detail)?;
        // Nothing more comes: from here on the whole of it can be held against one digest.
        store::seal(&self.options.directory().join(JOURNAL_FILE))?;
        // The evidence and the journal.
        self.canary.search(&self.options.directory());
        Ok(residue)
    }
}
