//! How a scenario gets the state that it starts from.

use super::{Baseline, Step, World, hold};
use crate::{drill::stage::Stage, rollback, vault::Vault};

impl World {
    /// Makes an empty environment.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn make_environment(&mut self) -> Step {
        self.environment = Some(self.session()?.environment()?);
        Ok(())
    }

    /// Clones the origin onto the drill's branch.
    ///
    /// # Errors
    /// When the origin cannot be cloned.
    pub fn clone_repository(&mut self) -> Step {
        let session = self.session()?;
        self.environment()?.clone_repository(&session.origin, session.date)?;
        Ok(())
    }

    /// Starts from a copy of a state that the drill made once.
    ///
    /// # Errors
    /// When that state could not be made: the baseline is red, and the scenario is not started. A target
    /// that lacks the command for it skips the scenario.
    pub fn start_from(&mut self, stage: Stage) -> Step {
        if let Some(command) = stage.command() {
            self.require_command(command)?;
        }
        let prepared = self.session()?.copy_of(stage).map_err(|reason| {
            let reason = format!("the baseline is red: {reason}");
            self.trace.not_started = Some(reason.clone());
            super::NotSo(reason)
        })?;
        self.environment = Some(prepared.environment);
        self.runs = prepared.runs;
        self.trace.evidence.extend(prepared.evidence);
        Ok(())
    }

    /// Tags the clean tree as the baseline and takes the fingerprint of all layers.
    ///
    /// # Errors
    /// When the tree is not clean.
    pub fn set_baseline(&mut self) -> Step {
        let session = self.session()?;
        let repo = self.environment()?.repo();
        let tag = rollback::set_baseline(&repo, session.date, &session.options.clock)?;
        self.remember_state(tag)
    }

    /// Takes HEAD's commit itself as the baseline, on a tree that a person's own files are in.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn set_baseline_of_head(&mut self) -> Step {
        let head = Vault::open(&self.environment()?.repo())?.head()?;
        self.remember_state(head)
    }

    pub(super) fn remember_state(&mut self, tag: String) -> Step {
        let repo = self.environment()?.repo();
        let state = self.state()?;
        let text = serde_json::to_string_pretty(&state).unwrap_or_default();
        self.keep_evidence("fingerprint_before.json", text)?;
        let results = self.runs.iter().filter_map(|ran| Some((ran.run.name.clone(), ran.seen.result()?))).collect();
        self.baseline = Some(Baseline { tag, state, results, models: super::rollback::pointers(&repo) });
        Ok(())
    }

    /// Leaves a lock of git behind, as a process that was killed does; it is `minutes` old.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn leave_lock(&mut self, minutes: u64) -> Step {
        let file = self.make_lock()?;
        let now = std::time::SystemTime::from(self.session()?.options.clock.now());
        let then = now - std::time::Duration::from_secs(minutes * 60);
        file.set_modified(then).map_err(|error| super::NotSo(format!("cannot date the lock back: {error}")))
    }

    /// Holds a lock of git, as a process at work does, to the end of the scenario.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn hold_lock(&mut self) -> Step {
        self.held_lock = Some(self.make_lock()?);
        Ok(())
    }

    fn make_lock(&self) -> Result<std::fs::File, super::NotSo> {
        let lock = Vault::open(&self.environment()?.repo())?.git_directory().join("index.lock");
        std::fs::File::create(&lock).map_err(|error| super::NotSo(format!("cannot make {}: {error}", lock.display())))
    }

    /// Leaves a file of a person in the tree, not tracked and not ignored.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn leave_untracked_file(&mut self, name: &str) -> Step {
        let path = self.environment()?.repo().join(name);
        hold(!path.exists(), || format!("{name} is there already"))?;
        crate::durable::replace(&path, "a person's own notes\n").map_err(|error| super::NotSo(error.to_string()))
    }
}
