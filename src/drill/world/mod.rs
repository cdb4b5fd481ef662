//! The world of one scenario: what its steps act on and ask. Steps see nothing else of the drill.

mod action;
mod aftermath;
mod casebook;
mod damage;
mod expectation;
mod hud;
mod hud_signal;
mod monitor;
mod own_rollback;
mod product;
mod quotes;
mod rollback;
mod stage;

use std::{collections::BTreeMap, fmt, fs::File, sync::Arc};

use super::{
    DrillError, Environment, Injection,
    session::{Ran, ScenarioKey, Session},
    trace::{Phase, Trace},
};
use crate::{
    clock::Stopwatch,
    rollback::{Fingerprint, fingerprint_knowing},
};

/// The world of one scenario.
#[derive(Default, cucumber::World)]
pub struct World {
    scene: Option<Scene>,
    environment: Option<Environment>,
    runs: Vec<Ran>,
    injected: Option<Injected>,
    /// The injected fault has killed its command; the next run of it goes on.
    killed: bool,
    baseline: Option<Baseline>,
    attempt: Option<Attempt>,
    held_lock: Option<File>,
    monitor: Option<monitor::Watched>,
    commands: usize,
    hud: Option<hud::Shown>,
    quotes: Option<super::upstream::Upstream>,
    entry: Option<&'static super::casebook::Entry>,
    trace: Trace,
}

/// Which scenario of which drill.
struct Scene {
    session: Arc<Session>,
    key: ScenarioKey,
    name: String,
    watch: Stopwatch,
}

/// A fault, and the time since.
struct Injected {
    injection: Injection,
    since: Stopwatch,
}

/// The known-good state of a scenario.
struct Baseline {
    tag: String,
    state: Fingerprint,
    /// The last result of each command.
    results: BTreeMap<String, String>,
    /// The model in force of each job.
    models: BTreeMap<String, String>,
}

/// Something that may be refused, and the state before it.
struct Attempt {
    state: Fingerprint,
    refusal: Option<(u8, String)>,
}

/// Why a step does not hold.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NotSo(String);

impl NotSo {
    fn because(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

impl From<DrillError> for NotSo {
    fn from(error: DrillError) -> Self {
        Self(error.to_string())
    }
}

impl From<crate::rollback::RollbackError> for NotSo {
    fn from(error: crate::rollback::RollbackError) -> Self {
        Self(error.to_string())
    }
}

impl From<crate::vault::VaultError> for NotSo {
    fn from(error: crate::vault::VaultError) -> Self {
        Self(error.to_string())
    }
}

/// What a step returns.
pub type Step = Result<(), NotSo>;

/// Holds, or says why not.
fn hold(condition: bool, reason: impl FnOnce() -> String) -> Step {
    if condition { Ok(()) } else { Err(NotSo(reason())) }
}

impl World {
    pub(super) fn begin(&mut self, session: Arc<Session>, key: ScenarioKey, name: &str) {
        self.scene = Some(Scene { session, key, name: name.into(), watch: Stopwatch::start() });
    }

    /// Ends the scenario: whatever it left behind goes, and its trace goes to the session.
    pub(super) fn end(&mut self, red: bool) {
        self.held_lock = None;
        self.monitor = None;
        self.hud = None;
        self.quotes = None;
        if let Some(scene) = self.scene.take() {
            let trace = std::mem::take(&mut self.trace);
            scene.session.end_scenario((scene.key, &scene.name), trace, self.environment.take(), red);
        }
    }

    fn scene(&self) -> Result<&Scene, NotSo> {
        self.scene.as_ref().ok_or_else(|| NotSo::because("harness error: no drill is under way"))
    }

    fn session(&self) -> Result<Arc<Session>, NotSo> {
        Ok(Arc::clone(&self.scene()?.session))
    }

    fn environment(&self) -> Result<&Environment, NotSo> {
        self.environment.as_ref().ok_or_else(|| NotSo::because("no environment was made in this scenario"))
    }

    /// Returns the state of the environment's repository.
    fn state(&self) -> Result<Fingerprint, NotSo> {
        let session = self.session()?;
        Ok(fingerprint_knowing(&self.environment()?.repo(), &session.target.spec.extra_files(), &session.known)?)
    }

    fn baseline(&self) -> Result<&Baseline, NotSo> {
        self.baseline.as_ref().ok_or_else(|| NotSo::because("no baseline was set in this scenario"))
    }

    fn last_run(&self) -> Result<&Ran, NotSo> {
        self.runs.last().ok_or_else(|| NotSo::because("no command ran in this scenario"))
    }

    fn keep_evidence(&mut self, name: &str, bytes: impl AsRef<[u8]>) -> Step {
        let scene = self.scene()?;
        let path = scene.session.evidence(&scene.name, name, bytes)?;
        self.trace.evidence.push(path);
        Ok(())
    }

    /// Skips the scenario on a target that names no such command.
    fn require_command(&mut self, name: &str) -> Step {
        let target = &self.session()?.target;
        if target.has(name) {
            return Ok(());
        }
        let reason = format!("{} names no command '{name}'", target.spec.name);
        self.trace.skipped = Some(reason.clone());
        Err(NotSo(reason))
    }

    /// Skips the scenario on a target whose command takes no arguments of ours.
    fn require_arguments(&mut self, name: &str) -> Step {
        self.require_command(name)?;
        let target = &self.session()?.target;
        if target.takes(name, "{args}") {
            return Ok(());
        }
        let reason = format!("the command '{name}' of {} takes no {{args}}", target.spec.name);
        self.trace.skipped = Some(reason.clone());
        Err(NotSo(reason))
    }

    fn enter(&mut self, phase: Phase) {
        self.trace.phase = self.trace.phase.max(phase);
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.scene.as_ref().map_or("none", |scene| scene.name.as_str());
        write!(f, "World({name}, {:?})", self.trace.phase)
    }
}
