//! `lighthunter scheduler`: runs jobs by `config/jobs.yaml`, and shows what runs when.

use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::session::Session;
use crate::{
    clock::shanghai_zone,
    exit::{AnyFailure, Exit},
    market::Calendar,
    ops::{
        Station,
        scheduler::{self, Inherited, Output, Word},
    },
    store::Ledger,
    text::Note,
};

/// So many of the next sessions are looked at for one whose night no job serves.
const SESSIONS_WATCHED: usize = 5;
/// So many sessions without a night are named.
const GAPS_SHOWN_MAX: usize = 5;

/// Run jobs by their schedule, or show what runs when
#[derive(Debug, Args)]
pub(super) struct SchedulerArgs {
    #[command(subcommand)]
    command: SchedulerCommand,
}

#[derive(Debug, Subcommand)]
enum SchedulerCommand {
    /// Run until SIGTERM or Ctrl-C; changed config is taken over, at once on SIGHUP
    Run,
    /// Show every job with its schedule, its last run and its next start
    List,
    /// Show what starts in the next days
    Next {
        /// How many days
        #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=366))]
        days: u16,
    },
    /// Run one job now and wait for it; ends with the job's exit code
    RunOnce {
        /// The job's id
        id: String,
    },
    /// Become a job's program (started by the scheduler itself)
    #[command(hide = true)]
    Launch {
        /// The scheduler's process number
        #[arg(long)]
        scheduler: u32,
        /// The program and its arguments
        #[arg(last = true, required = true)]
        line: Vec<String>,
    },
}

pub(super) fn run(session: &Session, args: &SchedulerArgs) -> Result<Exit, AnyFailure> {
    match &args.command {
        SchedulerCommand::Run => work(session),
        SchedulerCommand::List => list(session),
        SchedulerCommand::Next { days } => next(session, *days),
        SchedulerCommand::RunOnce { id } => run_once(session, id),
        SchedulerCommand::Launch { scheduler, line } => {
            let (program, arguments) = line.split_first().map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
            Err(scheduler::launch(*scheduler, program, arguments).into())
        }
    }
}

fn work(session: &Session) -> Result<Exit, AnyFailure> {
    let station = session.station(scheduler::COMPONENT)?;
    let (console, language) = (session.console, session.global.lang);
    warn_of_gaps(session, &station, &mut Vec::new());
    let ended = scheduler::run(station, &session.load_options()?, &inherited(session), |began| {
        for run in &began.interrupted {
            console.note(Note::new(Word::WasInterrupted, [&run.job, &shown(run.slot)]).say(language));
        }
        console.line(Note::new(Word::Runs, [&began.jobs.join(", ")]).say(language));
    })?;
    let counts = Note::new(Word::Ended, [&ended.started, &ended.failed, &ended.interrupted, &ended.skipped]);
    console.line(counts.say(language));
    console.document(&ended);
    Ok(ended.exit)
}

fn next(session: &Session, days: u16) -> Result<Exit, AnyFailure> {
    let station = session.station(scheduler::COMPONENT)?;
    let (now, language) = (station.clock.wall(), session.global.lang);
    let jobs = scheduler::jobs_in_force(&station.config);
    let plan = scheduler::plan(&jobs, Calendar::builtin(), now, now + SignedDuration::from_hours(24 * i64::from(days)));
    for occurrence in &plan.occurrences {
        session.console.line(occurrence.note().say(language));
    }
    if plan.occurrences.is_empty() {
        session.console.line(Note::new(Word::NothingStarts, [&days]).say(language));
    }
    let mut warnings = Vec::new();
    if let Some(day) = plan.unknown_from {
        let what = Note::new(Word::CalendarEnds, [&day]);
        session.console.note(Note::new(Word::Warning, [&what]).say(language));
        warnings.push(what.to_string());
    }
    warn_of_gaps(session, &station, &mut warnings);
    session.console.document(&json!({
        "from": now, "days": days, "occurrences": plan.occurrences, "unknown_from": plan.unknown_from,
        "warnings": warnings,
    }));
    Ok(Exit::Done)
}

/// Warns of sessions after which NightOps does not run.
fn warn_of_gaps(session: &Session, station: &Station, warnings: &mut Vec<String>) {
    let jobs = scheduler::jobs_in_force(&station.config);
    let gaps = scheduler::night_ops_gaps(&jobs, Calendar::builtin(), station.clock.wall(), SESSIONS_WATCHED);
    if gaps.is_empty() {
        return;
    }
    let named: Vec<String> = gaps.iter().take(GAPS_SHOWN_MAX).map(ToString::to_string).collect();
    let what = Note::new(Word::NightGaps, [&named.join(", ")]);
    session.console.note(Note::new(Word::Warning, [&what]).say(session.global.lang));
    warnings.push(what.to_string());
}

fn list(session: &Session) -> Result<Exit, AnyFailure> {
    let station = session.station(scheduler::COMPONENT)?;
    let (now, language) = (station.clock.wall(), session.global.lang);
    let ledger = Ledger::open(&station.store_settings().ledger)?;
    let month = now + SignedDuration::from_hours(24 * 31);
    let mut rows = Vec::new();
    for job in scheduler::jobs_in_force(&station.config) {
        let plan = scheduler::plan(std::slice::from_ref(&job), Calendar::builtin(), now, month);
        let next = plan.occurrences.iter().find(|occurrence| !occurrence.assumed).map(|occurrence| occurrence.first);
        let last = ledger.job_runs(Some(&job.id), 1)?.pop();
        let state = if job.enabled { Word::On } else { Word::Off }.say(language);
        let line = Note::new(Word::JobLine, [&state, &job.id, &job.schedule, &job.catch_up]);
        session.console.line(line.say(language));
        session.console.line(format!("    {}", job.command.join(" ")));
        let last_words = last.as_ref().map_or_else(
            || Word::NeverRan.into(),
            |run| Note::new(Word::Last, [&shown(run.started_at), &run.status.word()]),
        );
        let next_words = next.map_or_else(|| Word::NoNext.into(), |next| Note::new(Word::Next, [&shown(next)]));
        let both = Note::joined(&[last_words, next_words], ["; ", "；"]);
        session.console.line(format!("    {}", both.say(language)));
        rows.push(json!({
            "id": job.id, "description": job.description, "enabled": job.enabled, "mode": job.schedule.mode(),
            "schedule": job.schedule.to_string(), "catch_up": job.catch_up, "command": job.command,
            "timeout_sec": job.timeout_sec, "last": last, "next": next,
        }));
    }
    session.console.document(&json!({ "jobs": rows }));
    Ok(Exit::Done)
}

fn run_once(session: &Session, id: &str) -> Result<Exit, AnyFailure> {
    let station = session.station(scheduler::COMPONENT)?;
    let console = session.console;
    let output = if console.is_json() { Output::Log } else { Output::Inherited };
    let run = scheduler::run_once(&station, id, session.global.as_of, &inherited(session), output)?;
    let exit = run.class;
    match &run.failure {
        Some(failure) => console.failure_with(failure, Some(("run", json!(run)))),
        None => console.document(&run),
    }
    console.note(Note::new(Word::RunOf, [&run.job, &run.status.word(), &run.trade_date]).say(session.global.lang));
    Ok(exit)
}

fn inherited(session: &Session) -> Inherited {
    Inherited { overrides: session.global.sets.clone(), language: session.global.lang }
}

fn shown(at: Timestamp) -> String {
    at.to_zoned(shanghai_zone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}
