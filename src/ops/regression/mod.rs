//! The regression runner: `smoke` in seconds, `quick` with a small NightOps; `full` adds the drill.

mod quick;
mod smoke;

use serde::Serialize;

pub use quick::quick;
pub use smoke::smoke;

/// One probe of a regression run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Probe {
    /// The room or thing that was asked.
    pub name: &'static str,
    /// It answered right.
    pub passed: bool,
    /// Its answer, or what was wrong.
    pub answer: String,
    /// How long it took, seconds.
    pub seconds: f64,
}

/// What a regression run found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Regression {
    /// `smoke`, `quick` or `full`.
    pub mode: &'static str,
    /// Every probe passed, and there was at least one.
    pub passed: bool,
    /// How long all took, seconds.
    pub seconds: f64,
    /// Every probe in order.
    pub probes: Vec<Probe>,
}

impl Regression {
    fn of(mode: &'static str, seconds: f64, probes: Vec<Probe>) -> Self {
        let passed = !probes.is_empty() && probes.iter().all(|probe| probe.passed);
        Self { mode, passed, seconds, probes }
    }
}
