//! The newest drills, from `history.jsonl` beside their reports.

use std::{io::ErrorKind, path::PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Fact, Grade, files, place::Place};
use crate::{
    ops::Station,
    record::Verdict,
    text::{Note, Phrase},
};

/// Drills shown.
const DRILLS_MAX: usize = 50;
/// Drills run every night: one that is older than this says nothing of today, days.
const AGE_MAX_DAYS: i64 = 7;

/// One scenario of a drill.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DrillScenario {
    /// Its name.
    pub name: String,
    /// Its outcome.
    pub outcome: String,
    /// Seconds from the injection to the first signal.
    pub seconds_to_detect: Option<f64>,
    /// Seconds from the start of the rollback to the proof.
    pub seconds_to_recover: Option<f64>,
}

/// One drill.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DrillFacts {
    /// Its id, the name of its directory.
    pub id: String,
    /// When it started.
    pub started_at: Timestamp,
    /// How long it took, seconds.
    pub seconds: f64,
    /// Ready or not.
    pub verdict: Verdict,
    /// The target's name.
    pub target: String,
    /// The target's commit.
    pub commit: String,
    /// The input bars.
    pub market: String,
    /// A control run: nothing was broken.
    pub control: bool,
    /// Its scenarios.
    pub scenarios: Vec<DrillScenario>,
    /// Whether its `report.html` is there.
    #[serde(default)]
    pub has_report: bool,
}

/// Returns the directory of the drills' reports.
#[must_use]
pub fn drills_directory(station: &Station) -> PathBuf {
    station.reports().join("drills")
}

pub(super) fn look(place: &Place<'_>) -> Fact<Vec<DrillFacts>> {
    let directory = drills_directory(place.station);
    let path = directory.join("history.jsonl");
    let source = place.shown(&path);
    let lines = match files::last_lines::<DrillFacts>(&path) {
        Ok(lines) => lines,
        Err(error) if error.kind() == ErrorKind::NotFound => return Fact::absent(source, Phrase::NoDrills),
        Err(error) => return Fact::unreadable(source, &error),
    };
    let mut drills: Vec<DrillFacts> = lines.good.into_iter().rev().take(DRILLS_MAX).collect();
    for drill in &mut drills {
        drill.has_report = is_name(&drill.id) && directory.join(&drill.id).join("report.html").is_file();
    }
    // A control run breaks nothing, so it says nothing of the way back.
    let newest = drills.iter().find(|drill| !drill.control).or(drills.first()).cloned();
    let fact =
        Fact::of(source, drills).marked_if(lines.bad > 0, Grade::Warning, || Note::new(Phrase::BadLines, [&lines.bad]));
    let Some(newest) = newest else { return fact.marked(Grade::Unknown, Note::plain(Phrase::NoDrills)) };
    let days = place.now.duration_since(newest.started_at).as_hours() / 24;
    let red: Vec<&str> = newest
        .scenarios
        .iter()
        .filter(|scenario| is_red(&scenario.outcome))
        .map(|scenario| scenario.name.as_str())
        .collect();
    fact.dated(Some(newest.started_at), place.now)
        .marked_if(newest.verdict == Verdict::NotReady, Grade::Fail, || {
            Note::new(Phrase::DrillNotReady, [&newest.id, &red.join(", ")])
        })
        .marked_if(newest.verdict == Verdict::Ready && newest.control, Grade::Unknown, || {
            Note::plain(Phrase::OnlyControlRuns)
        })
        .marked_if(days > AGE_MAX_DAYS, Grade::Stale, || Note::new(Phrase::DaysOld, [&days]))
}

/// Says whether an outcome makes a drill NotReady.
fn is_red(outcome: &str) -> bool {
    !matches!(outcome, "Passed" | "KnownFail" | "Skipped")
}

/// Says whether an id can be the name of a directory beside the history.
fn is_name(id: &str) -> bool {
    !id.is_empty()
        && !id.starts_with('.')
        && id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}
