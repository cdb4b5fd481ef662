//! The check of the day's schedule: is it a session, does the plan of the day work on it and after it, did
//! what was planned before it run, and is there a scheduler at all?

use jiff::Timestamp;

use super::{
    CheckName,
    check::Findings,
    morning::Morning,
    words::{Found, Remedy},
};
use crate::{
    clock::shanghai_zone,
    config::{Job, own_command},
    market::Calendar,
    ops::scheduler::{self, Life, Missed, Occurrence},
    store::RunStatus,
    text::Note,
};

const EDIT: Remedy = Remedy::EnableJob;

pub(super) fn check(morning: &Morning<'_>, findings: &mut Findings) {
    let date = morning.date;
    if let Some(asked) = morning.options.date.filter(|asked| *asked != date) {
        findings.warn(Note::new(Found::NotASession, [&asked, &date]), Note::new(Remedy::AskDate, [&date]));
    }
    let jobs = scheduler::jobs_in_force(&morning.station.config);
    let plan = scheduler::plan_of_day(&jobs, Calendar::builtin(), date);
    if let Some(unknown) = plan.unknown_from {
        findings.warn(Note::new(Found::CalendarUnknown, [&unknown]), Remedy::Calendar);
    }
    let begin = date.to_zoned(shanghai_zone()).map_or(morning.now.timestamp(), |begin| begin.timestamp());
    if !scheduler::night_ops_gaps(&jobs, Calendar::builtin(), begin, 1).is_empty() {
        findings.warn(Note::new(Found::NoNightJob, [&date]), EDIT);
    }
    let checks = |occurrence: &Occurrence| {
        jobs.iter().any(|job| job.id == occurrence.job && own_command(&job.command) == Some("day-ops"))
    };
    if !plan.occurrences.iter().any(checks) {
        findings.warn(Note::new(Found::NoDayOpsJob, [&date]), EDIT);
    }
    missed(morning, &jobs, findings);
    let enabled = jobs.iter().filter(|job| job.enabled).count();
    if enabled > 0 {
        alive(morning, enabled, findings);
    }
    let planned: Vec<Note> = plan.occurrences.iter().map(Occurrence::note).collect();
    let planned = if planned.is_empty() { Found::NothingPlanned.into() } else { Note::joined(&planned, [", ", "；"]) };
    findings.ok(Note::new(Found::Planned, [&date, &when(morning), &planned]));
}

/// What was due since the session before began and did not run. A night that somebody else ran is there.
fn missed(morning: &Morning<'_>, jobs: &[Job], findings: &mut Findings) {
    let Some(ledger) = morning.ledger() else { return findings.not_made(Found::LedgerClosed, CheckName::Stores) };
    let since = morning.session.to_zoned(shanghai_zone()).map_or(Timestamp::MIN, |begin| begin.timestamp());
    let missed = match scheduler::missed(ledger, jobs, Calendar::builtin(), since, morning.now.timestamp()) {
        Ok(missed) => missed,
        Err(error) => return findings.failure(&error, Remedy::DataStatus),
    };
    for missed in &missed {
        let is_night = jobs.iter().any(|job| job.id == missed.job && is_full_night(job));
        let found = words(missed);
        let remedy = Note::new(Remedy::RunMissed, [&missed.job]);
        match (is_night, is_night && has_night(morning, missed)) {
            (_, true) => {}
            (true, false) => findings.fail(found, remedy),
            (false, false) => findings.warn(found, remedy),
        }
    }
}

/// Says whether a job runs the whole night, not a part of it.
fn is_full_night(job: &Job) -> bool {
    let is_part = |pair: &[String]| {
        pair.first().is_some_and(|word| word == "--mode") && pair.last().is_some_and(|mode| mode != "full")
    };
    own_command(&job.command) == Some("night-ops")
        && !job.command.windows(2).any(is_part)
        && !job.command.iter().any(|word| word.starts_with("--tasks"))
}

/// Says whether the night of a missed start was run all the same, by a person.
fn has_night(morning: &Morning<'_>, missed: &Missed) -> bool {
    let nights = morning.nights.as_deref().unwrap_or_default();
    nights.iter().any(|night| night.status == RunStatus::Success && night.as_of >= missed.trade_date)
}

fn words(missed: &Missed) -> Note {
    let shown = |at: Timestamp| at.to_zoned(shanghai_zone()).strftime("%Y-%m-%d %H:%M:%S").to_string();
    let undecided = || Note::new(Found::MissedUndecided, [&shown(missed.decided_through)]);
    let why = missed.reason.as_ref().map_or_else(undecided, Note::foreign);
    let (first, last) = (shown(missed.first), shown(missed.last));
    if missed.slots == 1 {
        Note::new(Found::Missed, [&missed.job, &last, &why])
    } else {
        Note::new(Found::MissedSeveral, [&missed.job, &missed.slots, &first, &last, &why])
    }
}

/// Whether a scheduler is there to start the `enabled` jobs.
fn alive(morning: &Morning<'_>, enabled: usize, findings: &mut Findings) {
    let shown = |at: Timestamp| at.to_zoned(shanghai_zone()).strftime("%Y-%m-%d %H:%M:%S").to_string();
    let start = Remedy::StartScheduler;
    match scheduler::life(morning.station) {
        Err(error) => findings.warn(Note::new(Found::SchedulerUnread, [&error]), start),
        Ok(Life::Never) => findings.warn(Note::new(Found::SchedulerNever, [&enabled]), start),
        Ok(Life::Ended(beat)) => {
            let at = shown(beat.ended_at.unwrap_or(beat.beat_at));
            findings.warn(Note::new(Found::SchedulerEnded, [&at, &enabled]), start);
        }
        Ok(Life::Died(beat)) => {
            findings.warn(Note::new(Found::SchedulerDead, [&beat.pid, &shown(beat.beat_at), &enabled]), start);
        }
        Ok(Life::Hangs(beat)) => findings.warn(
            Note::new(Found::SchedulerHangs, [&beat.pid, &shown(beat.beat_at), &enabled]),
            Note::new(Remedy::RestartScheduler, [&beat.pid]),
        ),
        Ok(Life::Runs(beat)) => findings.ok(Note::new(Found::SchedulerRuns, [&beat.pid, &shown(beat.started_at)])),
    }
}

fn when(morning: &Morning<'_>) -> Note {
    let today = morning.now.date();
    match (today == morning.date, morning.is_simulated) {
        (true, _) => Found::Today.into(),
        (false, true) => Found::AfterSimulated.into(),
        (false, false) => Note::new(Found::NotToday, [&today]),
    }
}
