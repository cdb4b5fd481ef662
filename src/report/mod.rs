//! Renders a drill's record for people and machines. Every renderer only reads a [`Report`] and returns
//! text; [`write_all`] and [`write_again`] are the only parts that write files, through `durable`.

mod archive;
mod cases;
mod conduct;
mod error;
#[cfg(test)]
mod fuzz_tests;
mod history;
mod html;
mod json;
mod junit;
mod markdown;
mod matrix;
mod names;
mod phrases;
mod review;
#[cfg(test)]
mod samples;
mod scenarios;
mod schema;
mod summary;
mod timeline;
#[cfg(test)]
mod validation;
mod verdict;
mod words;

use std::{
    borrow::Cow,
    path::{Path, PathBuf},
};

use crate::{
    durable::{self, DurableError},
    record::{DrillRecord, FaultRecord, Outcome, ScenarioRecord},
    store::replace_sealed,
    text::Language,
};

pub use archive::{directory_of, read_record};
pub use error::ReportError;
pub use history::{
    Change, Comparison, History, HistoryLine, HistoryScenario, PhaseTrend, Previous, Regression, Trend, TrendGroup,
    sparkline, trends,
};
pub use html::html;
pub use json::json;
pub use junit::junit;
pub use markdown::markdown;
pub use matrix::{Cell, ControlRun, FalseAlarm, Matrix, MatrixRow};
pub use names::{outcome_named, phase_said, signal_said, verdict_said};
pub use review::{HandStep, PhaseTime, Problem, Review};
pub use scenarios::scenario_said;
pub use schema::schema;

/// What the renderers for people read.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    /// What the drill saw.
    pub record: &'a DrillRecord,
    /// What is otherwise than in the drills before.
    pub comparison: &'a Comparison,
    /// The language of the report's own words.
    pub language: Language,
}

impl Report<'_> {
    /// Returns a word of the report in its language.
    fn say(&self, words: words::Words) -> &'static str {
        words.say(self.language)
    }

    /// Returns why an outcome is what it is, in the report's language.
    fn reason(&self, outcome: &Outcome) -> Option<String> {
        outcome.reason().map(|reason| phrases::reason(reason, self.language))
    }

    /// Returns why an outcome is what it is, as short as a table can bear.
    fn reason_in_brief(&self, outcome: &Outcome) -> Option<String> {
        self.reason(outcome).map(|reason| phrases::brief(&reason))
    }

    /// Returns a scenario's name in the report's language; one of the catalogue is named by its fault.
    fn scenario_name<'s>(&self, scenario: &'s ScenarioRecord) -> Cow<'s, str> {
        match &scenario.fault {
            Some(fault) if !scenario.cases.is_empty() && scenario.name.ends_with(&fault.what) => {
                Cow::Owned(scenario.name.replace(&fault.what, self.fault_words(fault)))
            }
            _ => scenarios::scenario_said(&scenario.name, self.language),
        }
    }

    /// Returns what a fault does, in the report's language.
    fn fault_words<'f>(&self, fault: &'f FaultRecord) -> &'f str {
        phrases::fault(&fault.what, &fault.what_zh, self.language)
    }
}

/// Where the parts of a report are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportPaths {
    /// The record itself, for programs.
    pub record: PathBuf,
    /// The report for a terminal or a pull request.
    pub markdown: PathBuf,
    /// The report for a browser or paper: one file.
    pub html: PathBuf,
    /// The results for a build server.
    pub junit: PathBuf,
}

impl ReportPaths {
    /// Returns the paths of the report in a drill's directory.
    #[must_use]
    pub fn within(directory: &Path) -> Self {
        Self {
            record: directory.join("record.json"),
            markdown: directory.join("report.md"),
            html: directory.join("report.html"),
            junit: directory.join("junit.xml"),
        }
    }
}

/// Writes all forms of the report into `directory`, the drill's own (`reports/drills/<drill id>`),
/// which is made when it is not there; then adds the drill to `history.jsonl` beside it, removes the oldest
/// reports beyond those that are kept, and points `latest` at the newest drill of the history. Writing a
/// drill again changes its report and leaves the history alone.
///
/// # Errors
/// When a file cannot be written; the error names it.
pub fn write_all(record: &DrillRecord, directory: &Path, language: Language) -> Result<ReportPaths, DurableError> {
    durable::make_directory(directory)?;
    replace_sealed(&ReportPaths::within(directory).record, json(record))?;
    let paths = write_again(record, directory, language)?;
    if let Some(drills) = directory.parent() {
        history::remember(record, drills)?;
    }
    Ok(paths)
}

/// Renders a record again into its directory: everything but the record itself, which stays as it was
/// written.
///
/// # Errors
/// When the history beside the directory cannot be read or a file cannot be written.
pub fn write_again(record: &DrillRecord, directory: &Path, language: Language) -> Result<ReportPaths, DurableError> {
    let paths = ReportPaths::within(directory);
    let comparison = comparison(record, directory)?;
    let report = Report { record, comparison: &comparison, language };
    replace_sealed(&paths.markdown, markdown(&report))?;
    replace_sealed(&paths.html, html(&report))?;
    replace_sealed(&paths.junit, junit(record))?;
    Ok(paths)
}

/// Compares a drill with those before it in the history beside its directory.
///
/// # Errors
/// When the history cannot be read.
pub fn comparison(record: &DrillRecord, directory: &Path) -> Result<Comparison, DurableError> {
    let history = directory.parent().map_or_else(|| Ok(History::default()), History::read)?;
    Ok(history.compare(&HistoryLine::of(record)))
}

#[cfg(test)]
mod tests {
    use super::{samples, write_all};
    use crate::text::Language;
    use std::{fs, path::Path};

    #[test]
    fn report_is_written_with_history_and_latest() {
        let room = tempfile::tempdir().expect("a directory");
        let drills = room.path().join("drills");
        let (small, red) = (samples::small(), samples::red());
        write_all(&small, &drills.join(&small.id), Language::English).expect("written");
        let paths = write_all(&red, &drills.join(&red.id), Language::English).expect("written");
        for path in [&paths.record, &paths.markdown, &paths.html, &paths.junit] {
            assert!(fs::metadata(path).expect("a file").len() > 100, "{}", path.display());
        }
        assert_eq!(fs::read_link(drills.join("latest")).expect("a link"), Path::new(&red.id));
        // Rendering the older one again neither repeats its line nor makes it the newest.
        write_all(&small, &drills.join(&small.id), Language::English).expect("written");
        assert_eq!(fs::read_to_string(drills.join("history.jsonl")).expect("a file").lines().count(), 2);
        assert_eq!(fs::read_link(drills.join("latest")).expect("a link"), Path::new(&red.id));
    }

    #[test]
    fn failure_names_the_file() {
        let room = tempfile::tempdir().expect("a directory");
        crate::durable::replace(&room.path().join("drills"), "a file in the way").expect("written");
        let record = samples::small();
        let error = write_all(&record, &room.path().join("drills").join(&record.id), Language::English)
            .expect_err("not a directory");
        assert!(error.to_string().contains(&record.id), "{error}");
    }
}
