//! One line a drill, for trends: `history.jsonl` beside the drills. Knows no renderer; a line that does not
//! parse is left alone, counted and said.

mod compare;
mod trend;

use std::{collections::BTreeMap, fs, io, path::Path};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::archive::retain;
use crate::{
    durable::{self, DurableError},
    record::{DrillRecord, Phase, ScenarioRecord, Verdict},
};

pub use compare::{Change, Comparison, Previous, Regression};
pub use trend::{PhaseTrend, Trend, TrendGroup, sparkline, trends};

/// The file of all drills.
const HISTORY: &str = "history.jsonl";

/// One drill in the history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HistoryLine {
    /// The drill's id, the name of its directory.
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
    /// Its scenarios, in the record's order.
    pub scenarios: Vec<HistoryScenario>,
}

/// One scenario in the history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HistoryScenario {
    /// The scenario's name.
    pub name: String,
    /// The outcome's name.
    pub outcome: String,
    /// Seconds from the injection to the first signal.
    pub seconds_to_detect: Option<f64>,
    /// Seconds from the start of the rollback to the fingerprint proof.
    pub seconds_to_recover: Option<f64>,
    /// Seconds of every phase; lines of records before version 2 have none.
    #[serde(default)]
    pub phases: BTreeMap<Phase, f64>,
}

impl HistoryScenario {
    fn of(scenario: &ScenarioRecord) -> Self {
        Self {
            name: scenario.name.clone(),
            outcome: scenario.outcome.name().to_owned(),
            seconds_to_detect: scenario.seconds_to_detect(),
            seconds_to_recover: scenario.seconds_to_recover(),
            phases: scenario.phases.iter().map(|phase| (phase.phase, phase.seconds)).collect(),
        }
    }

    /// Returns the seconds that a phase took.
    #[must_use]
    pub fn seconds_of(&self, phase: Phase) -> Option<f64> {
        let older = match phase {
            Phase::Detect => self.seconds_to_detect,
            Phase::Recover => self.seconds_to_recover,
            _ => None,
        };
        self.phases.get(&phase).copied().or(older)
    }
}

impl HistoryLine {
    /// Returns the line of a drill.
    #[must_use]
    pub fn of(record: &DrillRecord) -> Self {
        Self {
            id: record.id.clone(),
            started_at: record.started_at,
            seconds: record.seconds,
            verdict: record.verdict,
            target: record.target.name.clone(),
            commit: record.target.commit.clone(),
            market: record.target.market.clone(),
            control: record.control,
            scenarios: record.scenarios.iter().map(HistoryScenario::of).collect(),
        }
    }

    /// Says whether two drills can be compared: the same target with the same bars, both with faults or both
    /// without.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        (&self.target, &self.market, self.control) == (&other.target, &other.market, other.control)
    }

    fn scenario(&self, name: &str) -> Option<&HistoryScenario> {
        self.scenarios.iter().find(|scenario| scenario.name == name)
    }
}

/// The drills of a history, oldest first, and the lines that do not parse.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct History {
    /// The drills.
    pub drills: Vec<HistoryLine>,
    /// The numbers of the damaged lines, and why each does not parse.
    pub damaged: Vec<(usize, String)>,
}

impl History {
    /// Reads the history under `drills`; where there is none it is empty.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read(drills: &Path) -> Result<Self, DurableError> {
        let path = drills.join(HISTORY);
        match fs::read(&path) {
            Ok(bytes) => Ok(Self::parse(&String::from_utf8_lossy(&bytes))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(DurableError::at("read", &path)(error)),
        }
    }

    fn parse(text: &str) -> Self {
        let mut history = Self::default();
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            match serde_json::from_str(line) {
                Ok(drill) => history.drills.push(drill),
                Err(error) => history.damaged.push((index + 1, error.to_string())),
            }
        }
        history
    }

    /// Compares a drill with the ones before it that are like it.
    #[must_use]
    pub fn compare(&self, drill: &HistoryLine) -> Comparison {
        let before =
            |line: &&HistoryLine| line.is_like(drill) && line.id != drill.id && line.started_at <= drill.started_at;
        let earlier: Vec<&HistoryLine> = self.drills.iter().filter(before).collect();
        compare::compare(drill, &earlier)
    }
}

/// Adds the drill to the history in `drills` if it is not there yet, removes surplus reports and points
/// `latest` at the last drill of the history; all again after a crash between them.
pub(super) fn remember(record: &DrillRecord, drills: &Path) -> Result<(), DurableError> {
    let path = drills.join(HISTORY);
    let mut ids: Vec<String> = History::read(drills)?.drills.into_iter().map(|line| line.id).collect();
    if !ids.contains(&record.id) {
        let line = serde_json::to_string(&HistoryLine::of(record))
            .map_err(io::Error::from)
            .map_err(DurableError::at("write", &path))?;
        // What a crash tore must not tear this line too.
        let torn = fs::read(&path).is_ok_and(|bytes| !bytes.is_empty() && !bytes.ends_with(b"\n"));
        let start = if torn { "\n" } else { "" };
        durable::append(&path, &format!("{start}{line}\n"))?;
        ids.push(record.id.clone());
    }
    retain(drills, &ids, &record.id, record.keep_reports)
}

#[cfg(test)]
mod tests {
    use super::{History, HistoryLine, remember};
    use crate::{record::Phase, report::samples};
    use std::fs;

    #[test]
    fn line_reads_back_and_carries_the_times() {
        let line = HistoryLine::of(&samples::small());
        let text = serde_json::to_string(&line).expect("serialised");
        assert_eq!(serde_json::from_str::<HistoryLine>(&text).expect("parsed"), line);
        let broken = line.scenarios.iter().find(|scenario| scenario.seconds_to_detect.is_some()).expect("a fault");
        assert_eq!((broken.seconds_to_detect, broken.seconds_to_recover), (Some(0.412), Some(0.131)));
        assert_eq!(broken.seconds_of(Phase::Rerun), Some(3.1));
    }

    #[test]
    fn damaged_and_torn_lines_are_kept_counted_and_passed_over() {
        let room = tempfile::tempdir().expect("a directory");
        let path = room.path().join("history.jsonl");
        crate::durable::replace(&path, b"not a drill\n{\"id\":\"torn\",\xff").expect("written");
        remember(&samples::small(), room.path()).expect("remembered");
        let history = History::read(room.path()).expect("read");
        let numbers: Vec<usize> = history.damaged.iter().map(|(number, _)| *number).collect();
        assert_eq!((history.drills.len(), numbers), (1, vec![1, 2]));
        assert!(fs::read(&path).expect("a file").starts_with(b"not a drill\n{\"id\":\"torn\""));
    }

    #[test]
    fn line_of_an_older_lighthunter_still_has_its_times() {
        let mut value = serde_json::to_value(HistoryLine::of(&samples::small())).expect("serialised");
        for scenario in value["scenarios"].as_array_mut().expect("a list") {
            scenario.as_object_mut().expect("an object").remove("phases");
        }
        let history = History::parse(&value.to_string());
        assert_eq!(history.drills[0].scenarios[1].seconds_of(Phase::Recover), Some(0.131));
        assert_eq!(history.drills[0].scenarios[1].seconds_of(Phase::Rerun), None);
    }
}
