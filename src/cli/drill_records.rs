//! Where the drills of a workspace are, for the commands that read them again.

use std::path::{Path, PathBuf};

use super::session::Session;
use crate::{
    exit::AnyFailure,
    record::DrillRecord,
    report::{self, History, ReportError},
};

/// Returns `drills/` in the reports directory that was named, in the workspace's, or in `./reports`.
pub(super) fn drills_directory(session: &Session, reports: Option<PathBuf>) -> Result<PathBuf, AnyFailure> {
    let reports = match reports {
        Some(reports) => reports,
        None => session.workspace_here()?.map_or_else(|| "reports".into(), |workspace| workspace.path("reports")),
    };
    Ok(reports.join("drills"))
}

/// Reads the history and says which lines are damaged.
pub(super) fn history(session: &Session, drills: &Path) -> Result<History, AnyFailure> {
    let history = History::read(drills)?;
    for (line, why) in &history.damaged {
        session.console.note(format!("warning: line {line} of the history is damaged and left out: {why}"));
    }
    Ok(history)
}

/// Reads the newest drill that is a control run, or is none, and whose record is still there.
pub(super) fn newest(history: &History, drills: &Path, control: bool) -> Result<DrillRecord, ReportError> {
    let mut of_kind = history.drills.iter().rev().filter(|drill| drill.control == control);
    let found = of_kind.find_map(|drill| report::directory_of(drills, &drill.id).ok());
    let wanted = if control { "that is a control run" } else { "that is no control run" };
    let none = || ReportError::NoDrill { wanted: wanted.into(), drills: drills.into() };
    report::read_record(&found.ok_or_else(none)?)
}
