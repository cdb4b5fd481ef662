//! The regression runner: `smoke` in seconds, `quick` with a small NightOps. `full` adds the drill, which
//! drives the system from above: who may call both adds it by [`Regression::deepened`].

mod quick;
mod smoke;
mod words;

use serde::Serialize;

use crate::text::Note;
use words::Word;

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
    pub answer: Note,
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
    /// Returns what a deeper run found: these probes and one more.
    #[must_use]
    pub fn deepened(mut self, mode: &'static str, probe: Probe) -> Self {
        self.probes.push(probe);
        let seconds = self.probes.iter().map(|probe| probe.seconds).sum();
        Self::of(mode, seconds, self.probes)
    }

    /// Returns the names of the probes that failed.
    #[must_use]
    pub fn failed(&self) -> Vec<&'static str> {
        self.probes.iter().filter(|probe| !probe.passed).map(|probe| probe.name).collect()
    }

    /// Returns the verdict in one line, with the parts that failed.
    #[must_use]
    pub fn verdict(&self) -> Note {
        let seconds = format!("{:.3}", self.seconds);
        match self.failed() {
            failed if self.passed && failed.is_empty() => Note::new(Word::Passed, [&self.mode, &seconds]),
            failed => Note::new(Word::Failed, [&self.mode, &seconds, &failed.join(", ")]),
        }
    }

    fn of(mode: &'static str, seconds: f64, probes: Vec<Probe>) -> Self {
        let passed = !probes.is_empty() && probes.iter().all(|probe| probe.passed);
        Self { mode, passed, seconds, probes }
    }
}
