//! The two moments of a scenario that the whole drill must know of: just before its fault, and its end. Writes
//! the journal; breaks nothing itself.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, PoisonError},
    thread,
};

use serde_json::{Value, json};

use super::{
    DrillError, EntryKind, Environment, Keep, Medium, root,
    session::{ScenarioKey, Session},
    trace::Trace,
    undo::UndoLog,
};
use crate::{durable::DurableError, record::ScenarioRecord};

impl Session {
    /// Writes down what is about to be broken and keeps what undoes it. Only the drill's own clones are
    /// ever broken.
    ///
    /// # Errors
    /// When the repository is not the drill's own, or a file cannot be kept: then nothing may be injected.
    pub(super) fn about_to_inject(&self, scenario: &str, repo: &Path, mut plan: Value) -> Result<(), DrillError> {
        let real = repo.canonicalize().map_err(DurableError::at("resolve", repo))?;
        if !real.starts_with(&self.root) || real == self.origin {
            return Err(DrillError::NotOwn(real));
        }
        let mut injections = self.injections.lock().unwrap_or_else(PoisonError::into_inner);
        let room = real.parent().unwrap_or(&self.root).join(format!("undo/{}", injections.len() + 1));
        let log = UndoLog::keep(&real, &room, &plan)?;
        if let Some(plan) = plan.as_object_mut() {
            plan.insert("undo".into(), serde_json::to_value(&log).unwrap_or_default());
        }
        self.journal.write(&self.options.clock, scenario, EntryKind::Intent, "inject", plan)?;
        injections.push((scenario.into(), log));
        Ok(())
    }

    /// Ends a scenario: its trace is kept for the record, its environment by the rule.
    pub(super) fn end_scenario(
        &self,
        (key, name): (ScenarioKey, &str),
        mut trace: Trace,
        environment: Option<Environment>,
        red: bool,
    ) {
        let keep = match self.options.keep {
            Keep::Always => true,
            Keep::Never => false,
            // One that was interrupted is red by nobody's fault.
            Keep::OnFailure => red && trace.skipped.is_none() && self.options.interruption.signal().is_none(),
        };
        if red && keep {
            self.undo_injections(name);
        }
        match environment {
            Some(environment) if keep => match self.kept_place().and_then(|place| environment.keep(&place)) {
                Ok(path) => {
                    self.canary.search(&path);
                    trace.kept = Some(path.to_string_lossy().into_owned());
                    self.kept.lock().unwrap_or_else(PoisonError::into_inner).push(path);
                }
                Err(error) => tracing::warn!(%error, "an environment could not be kept"),
            },
            Some(environment) => self.let_go(environment),
            None => {}
        }
        if trace.fault.as_ref().is_some_and(|fault| fault.injected) {
            // Whatever was not taken back before went with the environment, or was undone in it.
            let detail = json!({ "by": "the end of the scenario", "kept": trace.kept });
            let written = self.journal.write(&self.options.clock, name, EntryKind::Done, "inject", detail);
            if let Err(error) = written {
                tracing::warn!(%error, "the journal has no end of a scenario");
            }
        }
        self.traces.lock().unwrap_or_else(PoisonError::into_inner).insert(key, trace);
    }

    /// Removes an environment that nobody needs any more: its thousands of small files go while the drill goes on, once
    /// they were searched for its secret.
    pub(super) fn let_go(&self, environment: Environment) {
        let canary = Arc::clone(&self.canary);
        let removal = thread::spawn(move || {
            canary.search(environment.root());
            environment.remove()
        });
        self.removals.lock().unwrap_or_else(PoisonError::into_inner).push(removal);
    }

    /// Returns what holds the environments that are kept: never memory, which a person who looks at them
    /// tomorrow would miss.
    fn kept_place(&self) -> Result<PathBuf, DrillError> {
        let place = root::place(&self.options.id, Medium::Disk)?;
        if place != self.root {
            root::make(&place, true)?;
        }
        Ok(place)
    }

    /// Undoes whatever a scenario that is red left broken, so that a kept environment holds no fault.
    fn undo_injections(&self, scenario: &str) {
        let injections = self.injections.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, log) in injections.iter().rev().filter(|(name, _)| name == scenario) {
            match log.undo(&self.options.clock) {
                Ok(lines) => tracing::debug!(scenario, undone = lines.join("; "), "a fault was undone"),
                Err(error) => tracing::warn!(scenario, %error, "a fault is left in a kept environment"),
            }
        }
    }

    /// Writes down the record of a scenario that went to its end: a drill that is taken up again does not run
    /// it a second time.
    pub(super) fn note_scenario(&self, record: &ScenarioRecord) {
        if self.options.interruption.signal().is_some() {
            return;
        }
        let detail = serde_json::to_value(record).unwrap_or_default();
        let written = self.journal.write(&self.options.clock, &record.name, EntryKind::Note, "scenario", detail);
        if let Err(error) = written {
            tracing::warn!(%error, "the journal has no record of a scenario");
        }
    }
}
