//! The report of DayOps: `reports/day_ops_YYYYMMDD.{json,md}`, named after the trading date that is about
//! to open. Verdict first, then what is wrong with what to type, then everything that was looked at.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::{Check, Grade, words::Word};
use crate::{
    digest::Digest,
    durable::DurableError,
    ops::report_files,
    text::{Glossary, Language, Note, Speak},
};

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
    /// What the checks say in Chinese, by their English; a report of before has none.
    #[serde(default)]
    pub zh: Glossary,
}

impl DayOpsReport {
    /// Returns the name of the report of a trading date, without its ending.
    #[must_use]
    pub fn stem(date: Date) -> String {
        format!("day_ops_{}", date.strftime("%Y%m%d"))
    }

    /// Writes both forms under the workspace's reports and returns their paths; the one for people is in
    /// `language`.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, reports: &Path, language: Language) -> Result<[PathBuf; 2], DurableError> {
        report_files::write_pair(reports, &Self::stem(self.date), self, ("md", self.markdown(language)))
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
    pub fn markdown(&self, language: Language) -> String {
        let say = |note: Note| note.say(language);
        let mut text = format!("# {}\n\n", say(Note::new(Word::Title, [&self.date, &self.grade.say(language)])));
        let counts = &self.counts;
        let strict = if self.strict { Word::Strict.say(language) } else { "" };
        let all: [&dyn Speak; 7] =
            [&self.checks.len(), &counts.ok, &counts.warning, &counts.fail, &self.session, &self.exit, &strict];
        let _ = writeln!(text, "{}", say(Note::new(Word::Counts, all)));
        for grade in [Grade::Fail, Grade::Warning] {
            for check in self.checks_of(grade) {
                let (grade, name) = (grade.say(language), check.name.say(language));
                let reason = one_line(&check.reason.say(language));
                let remedy = check.remedy.as_ref().map(|remedy| remedy.say(language)).unwrap_or_default();
                let _ = match language {
                    Language::English => writeln!(text, "\n**{grade} {name}**: {reason}\n\n-> {remedy}"),
                    Language::Chinese => writeln!(text, "\n**{grade} {name}**：{reason}\n\n-> {remedy}"),
                };
            }
        }
        let _ = write!(text, "\n{}\n|---|---|---|\n", Word::Columns.say(language));
        for Check { name, grade, reason, .. } in &self.checks {
            let reason = one_line(&reason.say(language)).replace('|', "\\|");
            let _ = writeln!(text, "| {} | {} | {reason} |", name.say(language), grade.say(language));
        }
        let seconds = format!("{:.1}", self.seconds);
        let run = Note::new(Word::Run, [&self.run_id, &seconds, &self.git_commit, &self.result_digest]);
        let _ = writeln!(text, "\n{}", say(run));
        if !self.overrides.is_empty() {
            let _ = writeln!(text, "{}", say(Note::new(Word::Overridden, [&self.overrides.join(", ")])));
        }
        text
    }

    /// Returns the verdict in one line.
    #[must_use]
    pub fn verdict(&self) -> Note {
        Note::in_each(|language| {
            let (grade, counts) = (self.grade.say(language), &self.counts);
            let values: [&dyn Speak; 5] = [&self.date, &grade, &counts.ok, &counts.warning, &counts.fail];
            Note::new(Word::Verdict, values).say(language)
        })
    }
}

fn one_line(text: &str) -> String {
    text.replace('\n', " ")
}
