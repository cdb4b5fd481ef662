//! The drill record: what a drill saw, as plain data. The recorder builds it, the renderers only read
//! it, and `record.json` is its serialised form. Knows no runner and no renderer.

mod conduct;
mod outcome;
mod scenario;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use conduct::{CanaryRecord, ConductRecord};
pub use outcome::{Outcome, Verdict};
pub use scenario::{
    CaseRecord, Duty, FaultRecord, Layer, LayerProof, Phase, PhaseRecord, ProofRecord, RollbackRecord, ScenarioRecord,
    SignalKind, SignalRecord, StepRecord, StepStatus,
};

/// The version of the record's format; raised when a reader must change. Version 2 added the phases with
/// their budgets, the duty of a signal, the seconds of a layer's rollback, the evidence of a box and how many
/// reports are kept; records of version 1 are read with those left empty.
pub const RECORD_VERSION: u32 = 2;

/// How many drills' reports are kept where nothing else is said.
pub const KEEP_REPORTS_DEFAULT: u32 = 30;

/// One drill.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DrillRecord {
    /// The format, [`RECORD_VERSION`].
    pub version: u32,
    /// The drill's id: `YYYYMMDD-HHMMSS-<4 hex>`, the name of its report directory.
    pub id: String,
    /// When it started.
    pub started_at: Timestamp,
    /// How long it took, seconds.
    pub seconds: f64,
    /// Ready or not.
    pub verdict: Verdict,
    /// Why, as one sentence.
    pub verdict_reason: String,
    /// The seed of every random choice.
    pub seed: u64,
    /// What was drilled.
    pub target: TargetRecord,
    /// No fault was injected on purpose, to show that the probes can fail.
    pub control: bool,
    /// Skipped scenarios count as red.
    pub strict: bool,
    /// Every scenario, ordered by file and line.
    pub scenarios: Vec<ScenarioRecord>,
    /// The manual's checklist (section 5), ticked from what ran.
    pub checklist: Vec<ChecklistItem>,
    /// How the drill itself went.
    #[serde(default)]
    pub conduct: ConductRecord,
    /// The command that repeats this drill.
    pub repeat_command: String,
    /// How many drills' reports are kept beside this one's, this one included; 0 keeps all.
    #[serde(default = "keep_reports_default")]
    pub keep_reports: u32,
}

const fn keep_reports_default() -> u32 {
    KEEP_REPORTS_DEFAULT
}

/// What was drilled, and on what machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TargetRecord {
    /// The name in `drill.toml`.
    pub name: String,
    /// The commit of its repository.
    pub commit: String,
    /// The input bars: `simulated:SEED` or a directory.
    pub market: String,
    /// The version of LightHunter.
    pub lighthunter: String,
    /// Operating system, architecture and cores.
    pub machine: String,
}

/// A box of the manual's checklist.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChecklistItem {
    /// Section and box, such as `1.2`.
    pub id: String,
    /// The box in English.
    pub text: String,
    /// The box as the manual has it.
    pub text_zh: String,
    /// A green scenario covered it.
    pub ticked: bool,
    /// The names of the scenarios that cover it and ran.
    pub scenarios: Vec<String>,
    /// What proves it beside the evidence of its scenarios, relative to the drill's directory.
    #[serde(default)]
    pub evidence: Vec<String>,
}
