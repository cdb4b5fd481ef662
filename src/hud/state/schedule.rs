//! What the scheduler does, from its word in the ledger: when each job starts next, how its last run
//! ended, and what was due and did not start. A job that failed or was missed is never shown as good.

use std::{fs, os::unix::fs::MetadataExt as _};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{Fact, Grade, place::Place};
use crate::{
    clock::shanghai_zone,
    config::Job,
    market::Calendar,
    ops::scheduler::{self, jobs_in_force, plan},
    store::{JobRunRecord, JobRunStatus, Ledger, SkippedSlots, StoreError},
    text::{Note, Phrase},
};

/// How far ahead the next start is looked for, and how far back a missed one, days.
const SPAN_DAYS: i64 = 31;
/// A start that is later than this is missed, seconds: the scheduler looks at the time many times a second.
const LATE_SECONDS: i64 = 120;

/// A job of the scheduler.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JobFacts {
    /// Its id.
    pub job: String,
    /// What it is for.
    pub description: String,
    /// When it starts, in words.
    pub schedule: String,
    /// Whether the scheduler runs it.
    pub enabled: bool,
    /// Its next start; none of a job without a schedule, or where the calendar ends.
    pub next: Option<Timestamp>,
    /// The first start that was due and has not begun.
    pub overdue: Option<Timestamp>,
    /// Its newest run.
    pub last: Option<JobRunRecord>,
    /// The starts after that run that were passed over.
    pub passed_over: Option<SkippedSlots>,
}

/// The scheduler.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ScheduleFacts {
    /// Whether a scheduler works on this workspace now.
    pub runs: bool,
    /// The jobs, in the order of the config.
    pub jobs: Vec<JobFacts>,
}

impl JobFacts {
    /// Returns how the job stands.
    #[must_use]
    pub fn grade(&self) -> Grade {
        let late = self.overdue.is_some() || self.passed_over.is_some();
        match self.last.as_ref().map(|run| run.status) {
            _ if !self.enabled => Grade::Unknown,
            Some(JobRunStatus::Failed) => Grade::Fail,
            Some(JobRunStatus::Interrupted | JobRunStatus::Degraded) => Grade::Warning,
            _ if late => Grade::Warning,
            Some(JobRunStatus::Success | JobRunStatus::Running) => Grade::Ok,
            None => Grade::Unknown,
        }
    }
}

pub(super) fn look(place: &Place<'_>) -> Fact<ScheduleFacts> {
    let jobs = jobs_in_force(&place.station.config);
    let source = place.ledger_source();
    let found = match &place.ledger {
        Ok(ledger) => jobs.iter().map(|job| of(place, ledger, job)).collect::<Result<Vec<_>, _>>(),
        Err(_) if place.has_no_ledger() => Ok(jobs.iter().map(|job| planned(job, place.now)).collect()),
        Err(error) => return Fact::unreadable(source, error),
    };
    match found {
        Ok(jobs) => judged(place, source, ScheduleFacts { runs: is_running(place), jobs }),
        Err(error) => Fact::unreadable(source, &error),
    }
}

/// What is known of a job without a ledger: its plan.
fn planned(job: &Job, now: Timestamp) -> JobFacts {
    let ahead =
        plan(std::slice::from_ref(job), Calendar::builtin(), now, now + SignedDuration::from_hours(24 * SPAN_DAYS));
    JobFacts {
        job: job.id.clone(),
        description: job.description.clone(),
        schedule: job.schedule.to_string(),
        enabled: job.enabled,
        next: ahead.occurrences.first().map(|start| start.first),
        overdue: None,
        last: None,
        passed_over: None,
    }
}

fn of(place: &Place<'_>, ledger: &Ledger, job: &Job) -> Result<JobFacts, StoreError> {
    let mut facts = planned(job, place.now);
    facts.last = ledger.job_runs(Some(&job.id), 1)?.pop();
    if let Some(run) = facts.last.as_mut().filter(|run| run.status == JobRunStatus::Running) {
        let open = ledger.open_job_runs()?.into_iter().find(|open| open.record.seq == run.seq);
        if open.is_some_and(|open| !open.owner_is_alive && open.child.is_none()) {
            run.status = JobRunStatus::Interrupted;
        }
    }
    let reached = facts.last.as_ref().map_or(Timestamp::MIN, |run| run.slot);
    facts.passed_over = ledger.skipped_slots(Some(&job.id), 1)?.pop().filter(|skipped| skipped.last > reached);
    facts.overdue = overdue(ledger, job, &facts, place.now)?;
    Ok(facts)
}

/// Finds the first start that is decided by nobody. A run under way holds back what is due after it, and a
/// schedule that no scheduler has seen yet owes nothing.
fn overdue(ledger: &Ledger, job: &Job, facts: &JobFacts, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
    let mark = ledger.schedule_mark(&job.id)?.filter(|mark| mark.schedule == job.schedule.to_string());
    let works = facts.last.as_ref().is_some_and(|run| run.status == JobRunStatus::Running);
    let Some(mark) = mark.filter(|_| job.enabled && !works) else { return Ok(None) };
    let since = mark.through.max(now - SignedDuration::from_hours(24 * SPAN_DAYS)) + SignedDuration::from_secs(1);
    let due = now - SignedDuration::from_secs(LATE_SECONDS);
    let missed = plan(std::slice::from_ref(job), Calendar::builtin(), since, due.max(since));
    Ok(missed.occurrences.first().map(|start| start.first))
}

fn judged(place: &Place<'_>, source: String, facts: ScheduleFacts) -> Fact<ScheduleFacts> {
    let when = |run: &JobRunRecord| run.finished_at.unwrap_or(run.started_at);
    let at = facts.jobs.iter().filter_map(|job| job.last.as_ref().map(when)).max();
    let runs = facts.runs;
    let notes: Vec<(Grade, Note)> = facts.jobs.iter().filter(|job| job.enabled).flat_map(notes_of).collect();
    let fact = Fact::of(source, facts).dated(at, place.now);
    let fact = notes.into_iter().fold(fact, |fact, (grade, note)| fact.marked(grade, note));
    fact.marked_if(!runs, Grade::Unknown, || Note::plain(Phrase::SchedulerSilent))
}

/// Says what speaks against a job.
fn notes_of(job: &JobFacts) -> Vec<(Grade, Note)> {
    let name = &job.job;
    let mut notes = Vec::new();
    if let Some(run) = &job.last {
        let ended = clock_words(run.finished_at.unwrap_or(run.started_at));
        let error = run.error.clone().unwrap_or_default();
        match run.status {
            JobRunStatus::Failed => notes.push((Grade::Fail, Note::new(Phrase::JobFailed, [name, &ended, &error]))),
            JobRunStatus::Interrupted => {
                notes.push((Grade::Warning, Note::new(Phrase::JobInterrupted, [name, &ended])));
            }
            JobRunStatus::Degraded => notes.push((Grade::Warning, Note::new(Phrase::JobDegraded, [name, &ended]))),
            JobRunStatus::Success | JobRunStatus::Running => {}
        }
    }
    if let Some(due) = job.overdue {
        notes.push((Grade::Warning, Note::new(Phrase::JobOverdue, [name, &clock_words(due)])));
    }
    if let Some(skipped) = &job.passed_over {
        let last = clock_words(skipped.last);
        notes.push((
            Grade::Warning,
            Note::new(Phrase::StartsPassedOver, [name, &skipped.slots, &last, &skipped.reason]),
        ));
    }
    notes
}

fn clock_words(at: Timestamp) -> String {
    at.to_zoned(shanghai_zone()).strftime("%Y-%m-%d %H:%M").to_string()
}

/// Says whether a scheduler holds its lock, by the kernel's list: taking the lock to try it would keep a
/// scheduler out that starts at that moment.
fn is_running(place: &Place<'_>) -> bool {
    let lock = place.station.workspace.path(format!("cache/locks/{}.lock", scheduler::COMPONENT));
    let Ok(file) = fs::metadata(lock) else { return false };
    let ending = format!(":{}", file.ino());
    let locks = fs::read_to_string("/proc/locks").unwrap_or_default();
    locks.lines().any(|line| line.contains("FLOCK") && line.split_whitespace().any(|word| word.ends_with(&ending)))
}
