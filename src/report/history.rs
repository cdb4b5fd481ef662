//! One line a drill, for trends: `history.jsonl` beside the drills, and the link `latest`. Knows no
//! renderer; a line that does not parse is left alone and ignored.

use std::{fs, io, path::Path};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    durable::{self, DurableError},
    record::{DrillRecord, Verdict},
};

/// The file of all drills.
const HISTORY: &str = "history.jsonl";
/// The link to the newest drill's directory.
const LATEST: &str = "latest";

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
}

impl HistoryLine {
    /// Returns the line of a drill.
    #[must_use]
    pub fn of(record: &DrillRecord) -> Self {
        let scenario = |scenario: &crate::record::ScenarioRecord| HistoryScenario {
            name: scenario.name.clone(),
            outcome: scenario.outcome.name().to_owned(),
            seconds_to_detect: scenario.seconds_to_detect(),
            seconds_to_recover: scenario.seconds_to_recover(),
        };
        Self {
            id: record.id.clone(),
            started_at: record.started_at,
            seconds: record.seconds,
            verdict: record.verdict,
            target: record.target.name.clone(),
            commit: record.target.commit.clone(),
            market: record.target.market.clone(),
            control: record.control,
            scenarios: record.scenarios.iter().map(scenario).collect(),
        }
    }
}

/// Adds the drill to the history in `drills` if it is not there yet, and points `latest` at the last
/// drill of the history; both again after a crash between them.
pub(super) fn remember(record: &DrillRecord, drills: &Path) -> Result<(), DurableError> {
    let path = drills.join(HISTORY);
    let mut ids = known_ids(&path)?;
    if !ids.contains(&record.id) {
        let line = serde_json::to_string(&HistoryLine::of(record))
            .map_err(io::Error::from)
            .map_err(DurableError::at("write", &path))?;
        durable::append(&path, &format!("{line}\n"))?;
        ids.push(record.id.clone());
    }
    match ids.last() {
        Some(newest) => durable::point(&drills.join(LATEST), Path::new(newest)),
        None => Ok(()),
    }
}

/// Returns the ids of the drills in the history, oldest first.
fn known_ids(path: &Path) -> Result<Vec<String>, DurableError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(text
            .lines()
            .filter_map(|line| serde_json::from_str::<HistoryLine>(line).ok())
            .map(|line| line.id)
            .collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(DurableError::at("read", path)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::{HistoryLine, remember};
    use crate::report::samples;
    use std::fs;

    #[test]
    fn line_reads_back_and_carries_the_times() {
        let line = HistoryLine::of(&samples::small());
        let text = serde_json::to_string(&line).expect("serialised");
        assert_eq!(serde_json::from_str::<HistoryLine>(&text).expect("parsed"), line);
        let broken = line.scenarios.iter().find(|scenario| scenario.seconds_to_detect.is_some()).expect("a fault");
        assert_eq!((broken.seconds_to_detect, broken.seconds_to_recover), (Some(0.412), Some(0.131)));
    }

    #[test]
    fn foreign_line_is_kept_and_ignored() {
        let room = tempfile::tempdir().expect("a directory");
        let path = room.path().join("history.jsonl");
        crate::durable::replace(&path, "not a drill\n").expect("written");
        remember(&samples::small(), room.path()).expect("remembered");
        let text = fs::read_to_string(&path).expect("a file");
        assert!(text.starts_with("not a drill\n{\"id\":"), "{text}");
    }
}
