//! What a scenario does: runs the target's commands, breaks it, takes it back.

use serde_json::json;

use super::{Attempt, Injected, NotSo, Step, World, hold};
use crate::{
    clock::Stopwatch,
    drill::{
        DrillOptions, Ended, EntryKind, Fault,
        session::{Ran, Session},
        target::ROLLBACK,
        trace::Phase,
    },
    exit::Failure as _,
    record::{FaultRecord, LayerProof, ProofRecord},
    rollback,
};

impl World {
    /// Runs a command of the target and watches the signals. After an injection their times count
    /// from it.
    ///
    /// # Errors
    /// When the command cannot be started. A target that names no such command skips the scenario.
    pub fn run(&mut self, name: &str) -> Step {
        self.require_command(name)?;
        let session = self.session()?;
        let since = self.injected.as_ref().map_or_else(Stopwatch::start, |injected| injected.since);
        let kill = self.injected.as_ref().filter(|injected| injected.injection.taken.is_ok());
        let kill = kill.and_then(|injected| injected.injection.fault.kills(name)).filter(|_| !self.killed);
        let when = kill.map(|when| Ok::<_, NotSo>(self.environment()?.repo().join(when))).transpose()?;
        let ran = session.run_until(name, self.environment()?, when.as_deref(), &since)?;
        let label = format!("{:02}_{name}", self.runs.len() + 1);
        let paths = session.evidence_of_run(&self.scene()?.name, &label, &ran)?;
        self.trace.evidence.extend(paths);
        self.note_signals(&ran);
        let ended = ran.run.ended;
        self.runs.push(ran);
        if let Some(when) = kill {
            self.killed = true;
            if !matches!(ended, Ended::Signal(_)) {
                self.trace.phase = Phase::Injecting;
                return Err(NotSo(format!("the fault did not take: {name} ended with {ended}, not killed at {when}")));
            }
        }
        Ok(())
    }

    /// The first run after an injection is the one whose signals count.
    fn note_signals(&mut self, ran: &Ran) {
        let signs = self.injected.as_ref().and_then(|injected| injected.injection.fault.signs);
        if self.trace.phase == Phase::Watching
            && self.trace.signals.is_empty()
            && let Some(signs) = signs
        {
            self.trace.signals = ran.seen.signals(&signs);
            self.note_hud(&signs);
        }
    }

    /// Injects a fault of the catalogue and looks whether it took; a control run injects nothing and
    /// goes on.
    ///
    /// # Errors
    /// When there is no such fault, or it did not take.
    pub fn inject(&mut self, id: &str) -> Step {
        self.inject_as(id, "fault.diff")
    }

    /// Injects one fault more; where the scenario has one, that one stays what it is about.
    pub(super) fn inject_besides(&mut self, id: &str) -> Step {
        let (fault, injected) = (self.trace.fault.take(), self.injected.take());
        let file = fault.as_ref().map_or_else(|| "fault.diff".to_owned(), |_| format!("fault_{id}.diff"));
        let done = self.inject_as(id, &file);
        self.trace.fault = fault.or_else(|| self.trace.fault.take());
        self.injected = injected.or_else(|| self.injected.take());
        done
    }

    fn inject_as(&mut self, id: &str, file: &str) -> Step {
        let session = self.session()?;
        let Some(fault) = session.target.spec.fault(id) else {
            let reason = format!("{} names no fault '{id}', nor does the catalogue", session.target.spec.name);
            self.trace.skipped = Some(reason.clone());
            return Err(NotSo(reason));
        };
        if let Some(command) = fault.command() {
            self.require_command(command)?;
        }
        self.inject_fault(&fault, file)
    }

    fn inject_fault(&mut self, fault: &Fault, file: &str) -> Step {
        let session = self.session()?;
        self.enter(Phase::Injecting);
        let repo = self.environment()?.repo();
        let at_seconds = self.scene()?.watch.seconds();
        let injection = if session.options.control {
            fault.withhold()
        } else {
            session.about_to_inject(&self.scene()?.name, &repo, fault.plan(&repo)?)?;
            match fault.command() {
                Some(command) => self.put_in_force_by(command, fault)?,
                None => fault.inject(&repo, &session.options.clock)?,
            }
        };
        let since = Stopwatch::start();
        self.trace.fault = Some(FaultRecord {
            id: fault.id.into(),
            what: fault.what.into(),
            what_zh: fault.what_zh.into(),
            injected: injection.taken.is_ok(),
            at_seconds,
            diff: injection.diff.clone(),
        });
        if !injection.diff.is_empty() {
            self.keep_evidence(file, &injection.diff)?;
        }
        let taken = injection.taken.clone();
        self.injected = Some(Injected { injection, since });
        if session.options.control {
            self.enter(Phase::Watching);
            return Ok(());
        }
        taken.map_err(|why| NotSo(format!("the fault did not take: {why}")))?;
        self.enter(Phase::Watching);
        Ok(())
    }

    /// Undoes the fault from what was kept of the files before it.
    ///
    /// # Errors
    /// When no fault was injected or a file cannot be written.
    pub fn undo(&mut self) -> Step {
        let injected = self.injected.as_ref().ok_or_else(|| NotSo::because("no fault was injected"))?;
        injected.injection.undo()?;
        let detail = json!({ "fault": injected.injection.fault.id });
        self.enter(Phase::Recovering);
        self.journal(EntryKind::Done, "inject", detail)
    }

    /// Takes the code back to the baseline's tag, with the fingerprint proof.
    ///
    /// # Errors
    /// When the rollback refuses or fails. A proof that does not hold is the next steps' to find.
    pub fn roll_back(&mut self) -> Step {
        self.enter(Phase::Recovering);
        let tag = self.baseline()?.tag.clone();
        match self.roll_back_to(&tag)? {
            Ok(()) => Ok(()),
            Err((_, reason)) => Err(NotSo(reason)),
        }
    }

    /// Tries the rollback, which may be refused; the state before it is remembered.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn try_to_roll_back(&mut self, to: Option<&str>) -> Step {
        self.enter(Phase::Recovering);
        let to = to.map_or_else(|| self.baseline().map(|baseline| baseline.tag.clone()), |to| Ok(to.to_owned()))?;
        let state = self.state()?;
        let refusal = self.roll_back_to(&to)?.err();
        self.attempt = Some(Attempt { state, refusal });
        Ok(())
    }

    /// The inner error is the rollback's own: its exit code and words.
    fn roll_back_to(&mut self, to: &str) -> Result<Result<(), (u8, String)>, NotSo> {
        let session = self.session()?;
        let at_seconds = self.scene()?.watch.seconds();
        self.journal(EntryKind::Intent, "rollback", json!({ "to": to }))?;
        let repo = self.environment()?.repo();
        if session.target.takes(ROLLBACK, "{to}") {
            return self.roll_back_by_command(to, at_seconds);
        }
        let done = match rollback::code(&repo, to, &self.baseline()?.state, &session.options.clock) {
            Ok(done) => done,
            Err(error) => return Ok(Err((error.exit().code(), error.to_string()))),
        };
        self.journal(EntryKind::Done, "rollback", json!({ "to": to, "holds": done.proof.holds }))?;
        if done.proof.holds {
            self.journal(EntryKind::Done, "inject", json!({ "by": "rollback" }))?;
        }
        self.keep_evidence("proof.json", serde_json::to_string_pretty(&done.proof).unwrap_or_default())?;
        self.trace.rollback = Some(crate::record::RollbackRecord { at_seconds, ..done.rollback });
        self.trace.proofs.push(done.proof);
        Ok(Ok(()))
    }

    /// Tries to start another drill on this scenario's repository, which may be refused.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn try_to_drill_here(&mut self) -> Step {
        let repo = self.environment()?.repo();
        let state = self.state()?;
        let here = self.session()?;
        let reports = self.environment()?.root().join("tmp/reports");
        let mut options = DrillOptions::new(here.target.executable.clone(), reports, here.options.clock.clone());
        options.origin = Some(repo);
        let refusal = match Session::start(options) {
            Ok(started) => {
                started.finish()?;
                None
            }
            Err(error) => Some((error.exit().code(), error.to_string())),
        };
        self.attempt = Some(Attempt { state, refusal });
        Ok(())
    }

    /// Compares the last run's result with the baseline's of the same command: the rerun proof.
    ///
    /// # Errors
    /// When the results differ or one is missing.
    pub fn prove_by_rerun(&mut self) -> Step {
        self.enter(Phase::Recovering);
        let (seconds, name) = (self.last_run()?.run.seconds, &self.last_run()?.run.name);
        let before = self.baseline()?.results.get(name).cloned();
        let before = before.ok_or_else(|| NotSo(format!("the baseline has no result of {name} to compare with")))?;
        let after = self.last_run()?.seen.result();
        let after = after.ok_or_else(|| NotSo::because("the rerun recorded no experiment with a result digest"))?;
        let holds = before == after;
        let differences = if holds { Vec::new() } else { vec![format!("{before} is now {after}")] };
        let layer = LayerProof {
            layer: crate::record::Layer::Data,
            before: crate::digest::Digest::of(&before),
            after: crate::digest::Digest::of(&after),
            differences,
            rollback_seconds: None,
        };
        self.trace.proofs.push(ProofRecord { kind: "rerun".into(), holds, layers: vec![layer], seconds });
        hold(holds, || format!("the rerun's result differs: {before} is now {after}"))
    }

    pub(super) fn journal(&self, kind: EntryKind, action: &str, detail: serde_json::Value) -> Step {
        let scene = self.scene()?;
        scene.session.journal.write(&scene.session.options.clock, &scene.name, kind, action, detail)?;
        Ok(())
    }
}
