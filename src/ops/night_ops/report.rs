//! The report of a NightOps run: `reports/night_ops_YYYYMMDD.{json,md}`. The original's fields are kept
//! (`date success steps train_jobs`), each step with its status, reason, rows, digest and seconds.

use std::{fmt::Write, path::PathBuf};

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::{
    Stage,
    words::{Word, status_words},
};
use crate::{
    digest::Digest,
    durable::DurableError,
    ops::report_files,
    store::{StageRecord, StageStatus},
    text::{Glossary, Language, Note},
    workspace::Workspace,
};

/// Returns what a stage found, from its record, which keeps it in English. A failure is an error's words, the same
/// in every language.
#[must_use]
pub fn recalled(record: &StageRecord) -> Note {
    let reason = record.reason.as_deref().unwrap_or_default();
    match record.status {
        StageStatus::Failed => Note::foreign(reason),
        StageStatus::Done | StageStatus::Skipped => Note::recalled::<Word>(reason),
    }
}

/// Notes the Chinese of what a report says.
pub(super) fn glossary(steps: &[StageReport], jobs: &[TrainJobReport]) -> Glossary {
    let promotions = jobs.iter().filter_map(|job| job.promotion.as_ref());
    Glossary::of(steps.iter().map(|step| &step.reason).chain(promotions))
}

/// One stage of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageReport {
    /// The stage.
    pub name: Stage,
    /// The original's flag: it did not fail.
    pub ok: bool,
    /// How it ended.
    pub status: StageStatus,
    /// Why it was skipped or failed, or what it found.
    pub reason: Note,
    /// Rows that came in.
    pub rows_in: u64,
    /// Rows that went out.
    pub rows_out: u64,
    /// Digest of what it made.
    pub digest: Option<Digest>,
    /// How long it took.
    pub seconds: f64,
}

impl StageReport {
    /// Takes over a stage's record; nothing where its name is not a stage's.
    #[must_use]
    pub fn of(record: &StageRecord) -> Option<Self> {
        Some(Self {
            name: record.name.parse().ok()?,
            ok: record.status != StageStatus::Failed,
            status: record.status,
            reason: recalled(record),
            rows_in: record.rows_in,
            rows_out: record.rows_out,
            digest: record.digest,
            seconds: record.seconds,
        })
    }

    /// Returns the stage's record for the ledger.
    #[must_use]
    pub fn record(&self) -> StageRecord {
        StageRecord {
            name: self.name.name().into(),
            status: self.status,
            reason: Some(self.reason.to_string()),
            rows_in: self.rows_in,
            rows_out: self.rows_out,
            digest: self.digest,
            seconds: self.seconds,
        }
    }
}

/// A training job of a run, in the original's shape.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainJobReport {
    /// The job.
    pub job_id: String,
    /// The model that it made or used.
    pub model_id: Option<String>,
    /// The experiment of the training.
    pub train_run_id: Option<String>,
    /// The experiment of the backtest.
    pub backtest_run_id: Option<String>,
    /// Why the model was not promoted, or that it was.
    pub promotion: Option<Note>,
}

/// The report of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NightOpsReport {
    /// The run's id.
    pub run_id: String,
    /// The trading date worked for.
    pub date: Date,
    /// `full`, `data`, `train` or `backtest`.
    pub mode: String,
    /// No stage failed.
    pub success: bool,
    /// The exit code.
    pub exit: u8,
    /// The error that ended the run.
    pub error: Option<String>,
    /// When it started.
    pub started_at: Timestamp,
    /// How long it took.
    pub seconds: f64,
    /// The commit of the workspace.
    pub git_commit: String,
    /// Digest of the config in force.
    pub config_digest: Digest,
    /// Digest of what went in: config, code and data.
    pub input_digest: Option<Digest>,
    /// Digest of what came out; equal inputs give an equal one.
    pub result_digest: Option<Digest>,
    /// Overrides by `--set`.
    pub overrides: Vec<String>,
    /// What recovery had to mend before the run, one line each.
    pub recovered: Vec<String>,
    /// Every stage in order.
    pub steps: Vec<StageReport>,
    /// The training jobs.
    pub train_jobs: Vec<TrainJobReport>,
    /// The sentences above in Chinese, by their English; a report of before has none.
    #[serde(default)]
    pub zh: Glossary,
}

impl NightOpsReport {
    /// Writes both forms under the workspace's reports and returns their paths; the one for people is in
    /// `language`.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, reports: &std::path::Path, language: Language) -> Result<[PathBuf; 2], DurableError> {
        let stem = format!("night_ops_{}", self.date.strftime("%Y%m%d"));
        report_files::write_pair(reports, &stem, self, ("md", self.markdown(language)))
    }

    /// Returns the report as a person reads it: verdict first.
    #[must_use]
    pub fn markdown(&self, language: Language) -> String {
        let say = |note: Note| note.say(language);
        let title = if self.success { Word::Succeeded } else { Word::Failed };
        let mut text = format!("# {}\n\n", say(Note::new(title, [&self.date])));
        if let Some(error) = &self.error {
            let _ = writeln!(text, "**{error}** {}\n", say(Note::new(Word::ExitCode, [&self.exit])));
        }
        let seconds = format!("{:.1}", self.seconds);
        let run = Note::new(Word::Run, [&self.run_id, &self.mode, &seconds, &self.git_commit]);
        let _ = writeln!(text, "{}", say(run));
        if let Some(digest) = &self.result_digest {
            let _ = writeln!(text, "{}", say(Note::new(Word::ResultDigest, [digest])));
        }
        let _ = write!(text, "\n{}\n|---|---|---:|---:|---:|---|---|\n", Word::Columns.say(language));
        for step in &self.steps {
            let status = status_words(step.status, language);
            let digest = step.digest.as_ref().map(Digest::short).unwrap_or_default();
            let remark = step.reason.say(language).replace('|', "\\|").replace('\n', " ");
            let (name, rows_in, rows_out) = (step.name.say(language), step.rows_in, step.rows_out);
            let seconds = step.seconds;
            let _ =
                writeln!(text, "| {name} | {status} | {rows_in} | {rows_out} | {seconds:.3} | {digest} | {remark} |");
        }
        for job in &self.train_jobs {
            let model = job.model_id.as_ref().map_or_else(|| Word::NoModel.into(), Note::foreign);
            let promotion = job.promotion.clone().unwrap_or_else(|| Word::NotTrained.into());
            let _ = writeln!(text, "\n{}", say(Note::new(Word::Job, [&job.job_id, &model, &promotion])));
        }
        for line in &self.recovered {
            let _ = writeln!(text, "\n{}", say(Note::new(Word::Recovered, [line])));
        }
        text
    }

    /// Returns the verdict in one line.
    #[must_use]
    pub fn verdict(&self) -> Note {
        let verdict = if self.success { Word::VerdictGood } else { Word::VerdictBad };
        Note::new(verdict, [&self.date, &format!("{:.1}", self.seconds)])
    }

    /// Returns the newest report of a workspace.
    #[must_use]
    pub fn newest(workspace: &Workspace, reports: &std::path::Path) -> Option<Self> {
        let directory = std::fs::read_dir(workspace.path(reports)).ok()?;
        let mut names: Vec<PathBuf> = directory.filter_map(|entry| Some(entry.ok()?.path())).collect();
        names.retain(|path| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            name.starts_with("night_ops_") && path.extension().is_some_and(|extension| extension == "json")
        });
        names.sort();
        serde_json::from_str(&std::fs::read_to_string(names.last()?).ok()?).ok()
    }
}
