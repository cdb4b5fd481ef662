//! Renders a drill's record for people and machines. Every renderer only reads [`DrillRecord`] and
//! returns text; [`write_all`] is the only part that touches files, through `durable`.

mod history;
mod html;
mod json;
mod junit;
mod markdown;
#[cfg(test)]
mod samples;
mod schema;
mod summary;
mod timeline;

use std::path::{Path, PathBuf};

use crate::{
    durable::{self, DurableError},
    record::DrillRecord,
};

pub use history::{HistoryLine, HistoryScenario};
pub use html::html;
pub use json::json;
pub use junit::junit;
pub use markdown::markdown;
pub use schema::schema;

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
/// which is made when it is not there; then adds the drill to `history.jsonl` beside it and points
/// `latest` at the newest drill of the history. Writing a drill again changes its report and leaves
/// the history alone.
///
/// # Errors
/// When a file cannot be written; the error names it.
pub fn write_all(record: &DrillRecord, directory: &Path) -> Result<ReportPaths, DurableError> {
    durable::make_directory(directory)?;
    let paths = ReportPaths::within(directory);
    durable::replace(&paths.record, json(record))?;
    durable::replace(&paths.markdown, markdown(record))?;
    durable::replace(&paths.html, html(record))?;
    durable::replace(&paths.junit, junit(record))?;
    if let Some(drills) = directory.parent() {
        history::remember(record, drills)?;
    }
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::{samples, write_all};
    use std::{fs, path::Path};

    #[test]
    fn report_is_written_with_history_and_latest() {
        let room = tempfile::tempdir().expect("a directory");
        let drills = room.path().join("drills");
        let (small, red) = (samples::small(), samples::red());
        write_all(&small, &drills.join(&small.id)).expect("written");
        let paths = write_all(&red, &drills.join(&red.id)).expect("written");
        for path in [&paths.record, &paths.markdown, &paths.html, &paths.junit] {
            assert!(fs::metadata(path).expect("a file").len() > 100, "{}", path.display());
        }
        assert_eq!(fs::read_link(drills.join("latest")).expect("a link"), Path::new(&red.id));
        // Rendering the older one again neither repeats its line nor makes it the newest.
        write_all(&small, &drills.join(&small.id)).expect("written");
        assert_eq!(fs::read_to_string(drills.join("history.jsonl")).expect("a file").lines().count(), 2);
        assert_eq!(fs::read_link(drills.join("latest")).expect("a link"), Path::new(&red.id));
    }

    #[test]
    fn failure_names_the_file() {
        let room = tempfile::tempdir().expect("a directory");
        crate::durable::replace(&room.path().join("drills"), "a file in the way").expect("written");
        let record = samples::small();
        let error = write_all(&record, &room.path().join("drills").join(&record.id)).expect_err("not a directory");
        assert!(error.to_string().contains(&record.id), "{error}");
    }
}
