//! The last NightOps run: what its report says, what the ledger says, and which of the two is newer.

use jiff::{Timestamp, civil::Date};
use serde::Serialize;

use super::{Fact, Grade, files, place::Place};
use crate::{
    ops::night_ops::{NightOpsReport, Stage, recalled},
    store::{RunRecord, RunStatus, StageStatus},
    text::{Note, Phrase},
};

/// The job in the ledger.
const KIND: &str = "night_ops";
const PREFIX: &str = "night_ops_";

/// A stage of the last run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StageFacts {
    /// The stage.
    pub name: Note,
    /// `done`, `skipped` or `failed`.
    pub status: &'static str,
    /// Why, or what it found.
    pub reason: Note,
    /// Rows that went out.
    pub rows_out: u64,
    /// How long it took.
    pub seconds: f64,
}

/// The last run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NightOpsFacts {
    /// The run's id.
    pub run_id: String,
    /// The trading date worked for.
    pub date: Date,
    /// `running`, `success`, `failed` or `interrupted`.
    pub status: &'static str,
    /// When it started.
    pub started_at: Timestamp,
    /// How long it took.
    pub seconds: Option<f64>,
    /// The process status.
    pub exit: Option<u8>,
    /// The error that ended it.
    pub error: Option<String>,
    /// The stage that failed.
    pub failed_stage: Option<Note>,
    /// Sessions between its date and the newest that it could have worked for.
    pub sessions_behind: Option<i64>,
    /// Digest of its result.
    pub result_digest: Option<String>,
    /// The model that it made.
    pub model_id: Option<String>,
    /// Whether that model was promoted, in words.
    pub promotion: Option<Note>,
    /// Its stages in order.
    pub stages: Vec<StageFacts>,
    /// A run that is under way now.
    pub running: Option<String>,
}

pub(super) fn look(place: &Place<'_>) -> Fact<Option<NightOpsFacts>> {
    let reports = match files::newest_report::<NightOpsReport>(&place.reports(), PREFIX) {
        Ok(reports) => reports,
        Err(error) => return Fact::unreadable(place.shown(&place.reports()), &error),
    };
    let last = place.ledger.as_ref().ok().and_then(|ledger| ledger.last_run(KIND).ok().flatten());
    let running = last.as_ref().filter(|run| run.status == RunStatus::Running);
    let abandoned = running.is_some_and(|run| is_abandoned(place, &run.id));
    // A run that is under way is told beside the last one that ended: it is no result yet.
    let ended = last.as_ref().filter(|run| run.status != RunStatus::Running || abandoned);
    let (source, facts) = match (reports.newest, ended) {
        (Some(report), run)
            if run.is_none_or(|run| run.id == report.content.run_id || run.started_at <= report.content.started_at) =>
        {
            (place.shown(&report.path), of_report(report.content))
        }
        (_, Some(run)) => (place.ledger_source(), of_run(place, run, abandoned)),
        _ if reports.broken.is_empty() => {
            return absent(place, running.filter(|_| !abandoned));
        }
        _ => {
            let (path, error) = &reports.broken[0];
            return Fact::unreadable(place.shown(path), error);
        }
    };
    let fact = judged(place, source, facts, running.filter(|_| !abandoned));
    let broken = reports.broken.first().map(|(path, _)| place.shown(path));
    match broken {
        Some(path) => fact.marked(Grade::Warning, Note::new(Phrase::ReportBroken, [&path])),
        None => fact,
    }
}

fn absent(place: &Place<'_>, running: Option<&RunRecord>) -> Fact<Option<NightOpsFacts>> {
    let fact = Fact::absent(place.shown(&place.reports()), Phrase::NoNightOps);
    match running {
        Some(run) => fact.noting(Note::new(Phrase::RunningSince, [&clock_words(run.started_at)])),
        None => fact,
    }
}

fn judged(
    place: &Place<'_>,
    source: String,
    mut facts: NightOpsFacts,
    running: Option<&RunRecord>,
) -> Fact<Option<NightOpsFacts>> {
    let behind = place.sessions_behind(facts.date);
    facts.sessions_behind = behind.map(|(sessions, _)| sessions);
    facts.running = running.map(|run| run.id.clone());
    let allowed = place.settings().ops.day_ops.max_night_ops_age_sessions as i64;
    let ended =
        facts.started_at + jiff::SignedDuration::try_from_secs_f64(facts.seconds.unwrap_or(0.0)).unwrap_or_default();
    let status = facts.status;
    let (stage, error) = (facts.failed_stage.clone(), facts.error.clone().unwrap_or_default());
    let mut fact = Fact::of(source, Some(facts)).dated(Some(ended), place.now);
    fact = match (status, stage) {
        ("success", _) => fact,
        ("interrupted", _) => fact.marked(Grade::Fail, Note::plain(Phrase::RunInterrupted)),
        (_, Some(stage)) => fact.marked(Grade::Fail, Note::new(Phrase::StageFailed, [&stage, &error])),
        (_, None) => fact.marked(Grade::Fail, Note::new(Phrase::RunFailed, [&error])),
    };
    fact = match behind {
        Some((sessions, due)) if sessions > allowed => {
            fact.marked(Grade::Stale, Note::new(Phrase::SessionsBehind, [&sessions, &due]))
        }
        Some(_) => fact,
        None => fact.marked(Grade::Unknown, Note::plain(Phrase::AgeUnknown)),
    };
    match running {
        Some(run) => fact.noting(Note::new(Phrase::RunningSince, [&clock_words(run.started_at)])),
        None => fact,
    }
}

fn is_abandoned(place: &Place<'_>, run: &str) -> bool {
    let abandoned = place.ledger.as_ref().ok().and_then(|ledger| ledger.abandoned_runs().ok());
    abandoned.unwrap_or_default().iter().any(|id| id == run)
}

fn clock_words(at: Timestamp) -> String {
    at.to_zoned(crate::clock::shanghai_zone()).strftime("%Y-%m-%d %H:%M").to_string()
}

fn of_report(report: NightOpsReport) -> NightOpsFacts {
    let failed = report.steps.iter().find(|step| step.status == StageStatus::Failed);
    let job = report.train_jobs.first();
    NightOpsFacts {
        date: report.date,
        status: if report.success { "success" } else { "failed" },
        started_at: report.started_at,
        seconds: Some(report.seconds),
        exit: Some(report.exit),
        failed_stage: failed.map(|step| named(step.name.name())),
        error: report.error,
        sessions_behind: None,
        result_digest: report.result_digest.map(|digest| digest.to_string()),
        model_id: job.and_then(|job| job.model_id.clone()),
        promotion: job.and_then(|job| Some(report.zh.note(job.promotion.as_deref()?))),
        stages: report
            .steps
            .iter()
            .map(|step| {
                let reason = report.zh.note(&step.reason);
                stage(step.name.name(), step.status, reason, step.rows_out, step.seconds)
            })
            .collect(),
        running: None,
        run_id: report.run_id,
    }
}

fn of_run(place: &Place<'_>, run: &RunRecord, abandoned: bool) -> NightOpsFacts {
    let stages = place.ledger.as_ref().ok().and_then(|ledger| ledger.stages(&run.id).ok()).unwrap_or_default();
    let seconds = run.finished_at.map(|end| end.duration_since(run.started_at).as_secs_f64());
    let failed = stages.iter().find(|stage| stage.status == StageStatus::Failed);
    NightOpsFacts {
        run_id: run.id.clone(),
        date: run.as_of,
        status: if abandoned { "interrupted" } else { run.status.word() },
        started_at: run.started_at,
        seconds,
        exit: run.exit,
        error: run.error.clone(),
        failed_stage: failed.map(|stage| named(&stage.name)),
        sessions_behind: None,
        result_digest: run.result_digest.map(|digest| digest.to_string()),
        model_id: None,
        promotion: None,
        stages: stages
            .into_iter()
            .map(|record| stage(&record.name, record.status, recalled(&record), record.rows_out, record.seconds))
            .collect(),
        running: None,
    }
}

fn stage(name: &str, status: StageStatus, reason: Note, rows_out: u64, seconds: f64) -> StageFacts {
    StageFacts { name: named(name), status: status.word(), reason, rows_out, seconds }
}

/// Returns a stage's name as a person reads it; in English it is the name that commands take.
fn named(stage: &str) -> Note {
    match stage.parse::<Stage>() {
        Ok(stage) => Note::in_each(|language| stage.say(language).to_owned()),
        Err(_) => Note::foreign(stage),
    }
}
