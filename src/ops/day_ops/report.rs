//! The report of DayOps: `reports/day_ops_YYYYMMDD.{json,md}`, named after the trading date that is about
//! to open. Verdict first, then what is wrong with what to type, then everything that was looked at.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::{Check, Grade};
use crate::{digest::Digest, durable::DurableError, ops::report_files};

/// How many checks came out how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GradeCounts {
    /// Checks that are OK.
    pub ok: usize,
    /// Checks with a warning.
    pub warning: usize,
    /// Checks that failed.
    pub fail: usize,
}

impl GradeCounts {
    pub(super) fn of(checks: &[Check]) -> Self {
        let count = |grade| checks.iter().filter(|check| check.grade == grade).count();
        Self { ok: count(Grade::Ok), warning: count(Grade::Warning), fail: count(Grade::Fail) }
    }
}

/// The report of a DayOps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DayOpsReport {
    /// The run in the ledger.
    pub run_id: String,
    /// The trading date that is about to open.
    pub date: Date,
    /// The newest session that was complete before it: the one whose data were looked at.
    pub session: Date,
    /// The worst grade of all checks.
    pub grade: Grade,
    /// Whether a warning counted as a failure.
    pub strict: bool,
    /// The exit code.
    pub exit: u8,
    /// How many checks came out how.
    pub counts: GradeCounts,
    /// Every check in order.
    pub checks: Vec<Check>,
    /// When it started.
    pub started_at: Timestamp,
    /// How long it took.
    pub seconds: f64,
    /// The commit of the workspace.
    pub git_commit: String,
    /// Digest of the config in force.
    pub config_digest: Digest,
    /// Digest of config, scripts, bars, the last night and the model.
    pub input_digest: Digest,
    /// Digest of the grades of all checks.
    pub result_digest: Digest,
    /// Overrides by `--set`.
    pub overrides: Vec<String>,
}

impl DayOpsReport {
    /// Returns the name of the report of a trading date, without its ending.
    #[must_use]
    pub fn stem(date: Date) -> String {
        format!("day_ops_{}", date.strftime("%Y%m%d"))
    }

    /// Writes both forms under the workspace's reports and returns their paths.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, reports: &Path) -> Result<[PathBuf; 2], DurableError> {
        report_files::write_pair(reports, &Self::stem(self.date), self, ("md", self.markdown()))
    }

    /// Returns the report of the latest trading date among those under `reports`; none where there is no
    /// report that can be read.
    #[must_use]
    pub fn newest(reports: &Path) -> Option<Self> {
        let directory = std::fs::read_dir(reports).ok()?;
        let mut names: Vec<PathBuf> = directory.filter_map(|entry| Some(entry.ok()?.path())).collect();
        names.retain(|path| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            name.starts_with("day_ops_") && path.extension().is_some_and(|extension| extension == "json")
        });
        names.sort();
        names.iter().rev().find_map(|path| serde_json::from_slice(&std::fs::read(path).ok()?).ok())
    }

    /// Returns the checks of a grade, in order.
    pub fn checks_of(&self, grade: Grade) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(move |check| check.grade == grade)
    }

    /// Returns the report as a person reads it.
    #[must_use]
    pub fn markdown(&self) -> String {
        let counts = &self.counts;
        let mut text = format!("# DayOps {}: {}\n\n", self.date, self.grade);
        let _ = writeln!(
            text,
            "{} checks: {} OK, {} WARNING, {} FAIL; the data are of the session {}. Exit code {}{}.",
            self.checks.len(),
            counts.ok,
            counts.warning,
            counts.fail,
            self.session,
            self.exit,
            if self.strict { ", a warning counts as a failure" } else { "" }
        );
        for grade in [Grade::Fail, Grade::Warning] {
            for check in self.checks_of(grade) {
                let remedy = check.remedy.as_deref().unwrap_or_default();
                let _ = writeln!(text, "\n**{grade} {}**: {}\n\n-> {remedy}", check.name, one_line(&check.reason));
            }
        }
        text.push_str("\n| check | grade | found |\n|---|---|---|\n");
        for Check { name, grade, reason, .. } in &self.checks {
            let _ = writeln!(text, "| {name} | {grade} | {} |", one_line(reason).replace('|', "\\|"));
        }
        let _ = writeln!(
            text,
            "\nRun `{}`, {:.1} s, commit `{}`, result digest `{}`.",
            self.run_id, self.seconds, self.git_commit, self.result_digest
        );
        if !self.overrides.is_empty() {
            let _ = writeln!(text, "Overridden for this run: {}.", self.overrides.join(", "));
        }
        text
    }
}

fn one_line(text: &str) -> String {
    text.replace('\n', " ")
}
