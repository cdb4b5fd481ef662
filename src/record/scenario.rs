//! What one scenario saw: the fault, the signals, the rollback, the proofs, the steps.

use serde::{Deserialize, Serialize};

use super::Outcome;
use crate::digest::Digest;

/// One scenario of a drill.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScenarioRecord {
    /// The scenario's name.
    pub name: String,
    /// The feature's name.
    pub feature: String,
    /// The feature file, relative to `features/`.
    pub file: String,
    /// The line of the scenario in it.
    pub line: usize,
    /// Its tags with the feature's, without the at sign.
    pub tags: Vec<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took, seconds.
    pub seconds: f64,
    /// The fault, where one was injected or was to be.
    pub fault: Option<FaultRecord>,
    /// The signals that were watched.
    pub signals: Vec<SignalRecord>,
    /// The rollback, where there was one.
    pub rollback: Option<RollbackRecord>,
    /// How long each phase took against its budget, in the order of [`Phase`]; none in records before version 2.
    #[serde(default)]
    pub phases: Vec<PhaseRecord>,
    /// The proofs of recovery, in order.
    pub proofs: Vec<ProofRecord>,
    /// The steps, in order.
    pub steps: Vec<StepRecord>,
    /// Files under the drill's `evidence/`, relative to the drill's directory.
    pub evidence: Vec<String>,
    /// Where the environment was kept, if it was.
    pub kept: Option<String>,
    /// The cases of a fault of the catalogue, in order; none elsewhere.
    #[serde(default)]
    pub cases: Vec<CaseRecord>,
}

/// One case of a fault of the catalogue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaseRecord {
    /// The case's name.
    pub name: String,
    /// How it ended: Passed stands for injected, detected and recovered from.
    pub outcome: Outcome,
    /// How long it took, seconds.
    pub seconds: f64,
    /// What was injected, and how that was seen.
    pub fired: Vec<String>,
    /// The invariants that were proven, by the catalogue's words.
    pub proven: Vec<String>,
}

impl ScenarioRecord {
    /// Returns the seconds from the injection to the first signal that saw the fault.
    #[must_use]
    pub fn seconds_to_detect(&self) -> Option<f64> {
        self.signals.iter().filter(|signal| signal.seen).filter_map(|signal| signal.seconds).reduce(f64::min)
    }

    /// Returns the seconds from the start of the rollback to the fingerprint proof.
    #[must_use]
    pub fn seconds_to_recover(&self) -> Option<f64> {
        self.rollback.as_ref().map(|rollback| rollback.seconds)
    }

    /// Returns the phases that took longer than their budgets.
    pub fn over_budget(&self) -> impl Iterator<Item = &PhaseRecord> {
        self.phases.iter().filter(|phase| phase.is_over())
    }

    /// Says whether there were proofs and all of them held; `None` where none was asked for.
    #[must_use]
    pub fn proven(&self) -> Option<bool> {
        (!self.proofs.is_empty()).then(|| self.proofs.iter().all(|proof| proof.holds))
    }
}

/// A fault: one way to break the target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FaultRecord {
    /// The fault's id in the catalogue.
    pub id: String,
    /// What it does, as one sentence.
    pub what: String,
    /// The same in Chinese; empty where the target does not say it.
    #[serde(default)]
    pub what_zh: String,
    /// It was injected, and the injection was seen to have taken.
    pub injected: bool,
    /// Seconds from the scenario's start to the injection.
    pub at_seconds: f64,
    /// The change to the target's files, as a diff.
    pub diff: String,
}

/// A place where a fault shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignalKind {
    /// The exit code of a command.
    ExitCode,
    /// A line of a log.
    Log,
    /// A metric.
    Metric,
    /// The experiment record.
    Experiment,
    /// The web HUD.
    Hud,
}

impl SignalKind {
    /// Every signal, in the order in which reports name them.
    pub const ALL: [Self; 5] = [Self::ExitCode, Self::Log, Self::Metric, Self::Experiment, Self::Hud];

    /// Returns the signal's name for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ExitCode => "exit code",
            Self::Log => "log",
            Self::Metric => "metric",
            Self::Experiment => "experiment record",
            Self::Hud => "HUD",
        }
    }
}

/// What a signal must do once a fault is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duty {
    /// It must show something new.
    #[default]
    Show,
    /// It must stay silent: that nothing was added is the sign.
    Silent,
}

/// What one signal showed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SignalRecord {
    /// Which signal.
    pub kind: SignalKind,
    /// What it must do; records before version 2 do not say, and mean [`Duty::Show`].
    #[serde(default)]
    pub duty: Duty,
    /// What was expected of it.
    pub expected: String,
    /// What it showed.
    pub observed: String,
    /// It did what the fault must make it do.
    pub seen: bool,
    /// Seconds from the injection until it showed it.
    pub seconds: Option<f64>,
}

/// A rollback: its own test case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RollbackRecord {
    /// Which layers it took back.
    pub layers: Vec<Layer>,
    /// The state it went to, such as a tag.
    pub to: String,
    /// It ended well and its proof held.
    pub succeeded: bool,
    /// Seconds from the scenario's start to the rollback's.
    pub at_seconds: f64,
    /// Seconds from its start to the end of the fingerprint proof.
    pub seconds: f64,
    /// What it did, one line a step.
    pub actions: Vec<String>,
}

/// A layer of a known-good state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// HEAD tree, index and refs.
    Code,
    /// The bytes of every config file.
    Config,
    /// Model pointers and hashes.
    Models,
    /// The logical content of the stores.
    Data,
    /// Everything else in the tree.
    Rest,
}

/// A proof of recovery: two states compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProofRecord {
    /// `fingerprint` or `rerun`.
    pub kind: String,
    /// The two states are equal.
    pub holds: bool,
    /// Layer by layer.
    pub layers: Vec<LayerProof>,
    /// Seconds it took.
    pub seconds: f64,
}

/// One layer's part of a proof.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LayerProof {
    /// Which layer.
    pub layer: Layer,
    /// The digest before the fault.
    pub before: Digest,
    /// The digest after the rollback.
    pub after: Digest,
    /// What differs, one line a difference; empty when equal.
    pub differences: Vec<String>,
    /// Seconds that the rollback of this layer took; `None` where the layer was not taken back by itself.
    #[serde(default)]
    pub rollback_seconds: Option<f64>,
}

/// A part of a scenario that has a budget, in the order in which they happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// From the injection to the first signal.
    Detect,
    /// The rollback of the code.
    Code,
    /// The rollback of the config.
    Config,
    /// The rollback of the models.
    Model,
    /// The rollback of the data.
    Data,
    /// The fingerprint proof.
    Verify,
    /// From the start of the rollback to the end of the fingerprint proof.
    Recover,
    /// The runs whose results are compared with the baseline's.
    Rerun,
    /// The whole scenario.
    Scenario,
}

impl Phase {
    /// Every phase, in order.
    pub const ALL: [Self; 9] = [
        Self::Detect,
        Self::Code,
        Self::Config,
        Self::Model,
        Self::Data,
        Self::Verify,
        Self::Recover,
        Self::Rerun,
        Self::Scenario,
    ];

    /// Returns the phase's key in `drill.toml`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Detect => "detect",
            Self::Code => "code",
            Self::Config => "config",
            Self::Model => "model",
            Self::Data => "data",
            Self::Verify => "verify",
            Self::Recover => "recover",
            Self::Rerun => "rerun",
            Self::Scenario => "scenario",
        }
    }
}

/// How long a phase took.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PhaseRecord {
    /// Which phase.
    pub phase: Phase,
    /// How long it took, seconds.
    pub seconds: f64,
    /// How long it may take, seconds; `None` where it has no budget.
    pub budget: Option<f64>,
}

impl PhaseRecord {
    /// Says whether it took longer than its budget.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.budget.is_some_and(|budget| self.seconds > budget)
    }
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepStatus {
    /// It held.
    Passed,
    /// It did not.
    Failed,
    /// It was not reached.
    Skipped,
}

/// One step of a scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepRecord {
    /// Keyword and text.
    pub text: String,
    /// How it ended.
    pub status: StepStatus,
    /// How long it took, seconds.
    pub seconds: f64,
}
