//! The doctor: is this machine, and this workspace, fit to run LightHunter? The manual's environment
//! step. Each check is ok, warn or fail, with the remedy; nothing is changed.

mod machine;
mod place;
mod words;

use serde::Serialize;

use super::Station;
use crate::{clock::Clock, exit::Exit, text::Note};
use words::Word;

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// Fit.
    Ok,
    /// Works, with a limit that is named.
    Warn,
    /// Does not work.
    Fail,
}

/// One line of the doctor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at.
    pub name: &'static str,
    /// How it came out.
    pub grade: Grade,
    /// What was found.
    pub found: Note,
    /// What to do about it.
    pub remedy: Option<Note>,
}

impl Check {
    fn ok(name: &'static str, found: impl Into<Note>) -> Self {
        Self { name, grade: Grade::Ok, found: found.into(), remedy: None }
    }

    fn warn(name: &'static str, found: impl Into<Note>, remedy: Word) -> Self {
        Self { name, grade: Grade::Warn, found: found.into(), remedy: Some(remedy.into()) }
    }

    fn fail(name: &'static str, found: impl Into<Note>, remedy: Word) -> Self {
        Self { name, grade: Grade::Fail, found: found.into(), remedy: Some(remedy.into()) }
    }
}

/// What the doctor found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// The worst grade of all checks.
    pub grade: Grade,
    /// Every check in order.
    pub checks: Vec<Check>,
}

impl Diagnosis {
    fn of(checks: Vec<Check>) -> Self {
        let grade = checks.iter().map(|check| check.grade).max().unwrap_or(Grade::Fail);
        Self { grade, checks }
    }

    /// Returns `Negative` when a check failed.
    #[must_use]
    pub fn exit(&self) -> Exit {
        if self.grade == Grade::Fail { Exit::Negative } else { Exit::Done }
    }
}

/// Examines the machine, and the workspace where there is one.
#[must_use]
pub fn examine(station: Option<&Station>, clock: &Clock) -> Diagnosis {
    let mut checks = machine::checks(clock);
    match station {
        Some(station) => checks.extend(place::checks(&station.workspace, station.settings())),
        None => checks.push(Check::warn("workspace", Word::NoWorkspace, Word::MakeWorkspace)),
    }
    Diagnosis::of(checks)
}
