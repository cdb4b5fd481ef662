//! One check of DayOps: its grade, what it found, and what to type about it. Plain data.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::words::{Found, Remedy};
use crate::{exit::Failure, text::Note};

/// How a check, or a whole DayOps, came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Grade {
    /// Fit for the day.
    Ok,
    /// Fit, with something to look at first.
    Warning,
    /// Not fit.
    Fail,
}

impl Grade {
    /// Returns the grade's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Fail => "FAIL",
        }
    }

    /// Returns the grade as a number: 0 OK, 1 WARNING, 2 FAIL.
    #[must_use]
    pub const fn level(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Warning => 1,
            Self::Fail => 2,
        }
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// What DayOps looks at, in the order of its report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckName {
    /// The last NightOps ended well, for the newest completed session.
    NightOps,
    /// The stores are open and hold what the ledger acknowledges.
    Stores,
    /// The daily bars reach the newest completed session, without a gap.
    DataSessions,
    /// The newest session has as many rows and symbols as those before it.
    DataVolume,
    /// The newest session has no hard finding, and no series stands still.
    DataFindings,
    /// The upstream sources have delivered the newest session, and none is left alone.
    DataSources,
    /// A model is in force and sound.
    Model,
    /// The model predicts from the factors and for the label that the config has.
    ModelDefinitions,
    /// The model in force passed its gate and has not lost its skill.
    ModelQuality,
    /// The limits of risk are in a range in which they protect.
    RiskLimits,
    /// The strategies load and their weights are allowed.
    Strategies,
    /// No account is stopped.
    KillSwitches,
    /// What is planned for the day can run.
    Schedule,
    /// There is room on the disk.
    Disk,
    /// The clock can be right, and the market is not open yet.
    Clock,
    /// What is in force is committed.
    Config,
    /// The ports are free, or our own.
    Ports,
    /// Nothing that was reported waits for a person.
    Alerts,
}

impl CheckName {
    /// Returns the name in reports and metrics.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NightOps => "night_ops",
            Self::Stores => "stores",
            Self::DataSessions => "data_sessions",
            Self::DataVolume => "data_volume",
            Self::DataFindings => "data_findings",
            Self::DataSources => "data_sources",
            Self::Model => "model",
            Self::ModelDefinitions => "model_definitions",
            Self::ModelQuality => "model_quality",
            Self::RiskLimits => "risk_limits",
            Self::Strategies => "strategies",
            Self::KillSwitches => "kill_switches",
            Self::Schedule => "schedule",
            Self::Disk => "disk",
            Self::Clock => "clock",
            Self::Config => "config",
            Self::Ports => "ports",
            Self::Alerts => "alerts",
        }
    }
}

impl fmt::Display for CheckName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// One line of DayOps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What was looked at.
    pub name: CheckName,
    /// How it came out.
    pub grade: Grade,
    /// What was found, with figures.
    pub reason: Note,
    /// What to do about it; absent where nothing is to be done.
    pub remedy: Option<Note>,
}

/// Returns what a failure says to do about it, in its own words, else `otherwise`.
pub(super) fn remedy_of(failure: &dyn Failure, otherwise: Remedy) -> Note {
    failure.remedy().map_or_else(|| otherwise.into(), Note::foreign)
}

/// What a check has found so far.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<(Grade, Note, Option<Note>)>);

impl Findings {
    /// Notes that something is as it should be.
    pub(super) fn ok(&mut self, reason: impl Into<Note>) {
        self.0.push((Grade::Ok, reason.into(), None));
    }

    /// Notes something to look at.
    pub(super) fn warn(&mut self, reason: impl Into<Note>, remedy: impl Into<Note>) {
        self.0.push((Grade::Warning, reason.into(), Some(remedy.into())));
    }

    /// Notes what makes the day unfit.
    pub(super) fn fail(&mut self, reason: impl Into<Note>, remedy: impl Into<Note>) {
        self.0.push((Grade::Fail, reason.into(), Some(remedy.into())));
    }

    /// Notes a failure of another room as what makes the day unfit.
    pub(super) fn failure(&mut self, failure: &dyn Failure, otherwise: Remedy) {
        self.fail(Note::foreign(failure.to_string()), remedy_of(failure, otherwise));
    }

    /// Notes that the check could not be made: that is never OK.
    pub(super) fn not_made(&mut self, why: impl Into<Note>, first: CheckName) {
        self.warn(Note::new(Found::NotLookedAt, [&why.into()]), Note::new(Remedy::CheckFirst, [&first.note()]));
    }

    /// Closes the check: the worst grade, all findings with the worst first, the remedy of the worst. A
    /// check that found nothing at all was not made.
    pub(super) fn into_check(mut self, name: CheckName) -> Check {
        self.0.sort_by_key(|(grade, _, _)| std::cmp::Reverse(*grade));
        let grade = self.0.first().map_or(Grade::Fail, |(grade, _, _)| *grade);
        let remedy = self.0.first().and_then(|(_, _, remedy)| remedy.clone());
        let reasons: Vec<Note> = self.0.into_iter().map(|(_, reason, _)| reason).collect();
        let reason =
            if reasons.is_empty() { Found::NothingLookedAt.into() } else { Note::joined(&reasons, ["; ", "；"]) };
        Check { name, grade, reason, remedy }
    }
}

#[cfg(test)]
mod tests {
    use super::{CheckName, Findings, Grade, Note, Remedy};
    use crate::text::Language;

    #[test]
    fn worst_finding_gives_grade_and_remedy() {
        let mut findings = Findings::default();
        findings.ok(Note::foreign("12 rows"));
        findings.warn(Note::foreign("one is old"), Remedy::RiskShow);
        findings.fail(Note::foreign("one is gone"), Remedy::Mount);
        let check = findings.into_check(CheckName::Disk);
        assert_eq!((check.grade, check.remedy), (Grade::Fail, Some(Remedy::Mount.into())));
        assert_eq!(check.reason.say(Language::English), "one is gone; one is old; 12 rows");
    }

    #[test]
    fn check_that_looked_at_nothing_is_not_ok() {
        assert_eq!(Findings::default().into_check(CheckName::Disk).grade, Grade::Fail);
    }

    #[test]
    fn word_is_what_json_says() {
        for name in [CheckName::NightOps, CheckName::DataFindings, CheckName::KillSwitches] {
            assert_eq!(serde_json::json!(name), name.word());
        }
        assert_eq!(serde_json::json!(Grade::Warning), Grade::Warning.word());
    }
}
