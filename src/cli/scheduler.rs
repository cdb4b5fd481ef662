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
        scheduler::{self, Output},
    },
    store::Ledger,
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
    let console = session.console;
    warn_of_gaps(session, &station, &mut Vec::new());
    let ended = scheduler::run(station, &session.load_options()?, &session.global.sets, |began| {
        for run in &began.interrupted {
            console.note(format!("warning: {} of {} was interrupted and is closed", run.job, shown(run.slot)));
        }
        console.line(format!("scheduler runs {}; Ctrl-C ends it", began.jobs.join(", ")));
    })?;
    console.line(format!(
        "{} started, {} failed, {} interrupted, {} passed over",
        ended.started, ended.failed, ended.interrupted, ended.skipped
    ));
    console.document(&ended);
    Ok(ended.exit)
}

fn next(session: &Session, days: u16) -> Result<Exit, AnyFailure> {
    let station = session.station(scheduler::COMPONENT)?;
    let now = station.clock.wall();
    let jobs = scheduler::jobs_in_force(&station.config);
    let plan = scheduler::plan(&jobs, Calendar::builtin(), now, now + SignedDuration::from_hours(24 * i64::from(days)));
    for occurrence in &plan.occurrences {
        session.console.line(occurrence.to_string());
    }
    if plan.occurrences.is_empty() {
        session.console.line(format!("Nothing starts in the next {days} days."));
    }
    let mut warnings = Vec::new();
    if let Some(day) = plan.unknown_from {
        let what = format!("from {day} on the trading calendar is unknown: jobs with trading_days_only do not run");
        session.console.note(format!("warning: {what}"));
        warnings.push(what);
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
    let what = format!("no enabled job runs night-ops after the session of {}", named.join(", "));
    session.console.note(format!("warning: {what}"));
    warnings.push(what);
}

fn list(session: &Session) -> Result<Exit, AnyFailure> {
    let station = session.station(scheduler::COMPONENT)?;
    let now = station.clock.wall();
    let ledger = Ledger::open(&station.store_settings().ledger)?;
    let month = now + SignedDuration::from_hours(24 * 31);
    let mut rows = Vec::new();
    for job in scheduler::jobs_in_force(&station.config) {
        let plan = scheduler::plan(std::slice::from_ref(&job), Calendar::builtin(), now, month);
        let next = plan.occurrences.first().map(|occurrence| occurrence.first);
        let last = ledger.job_runs(Some(&job.id), 1)?.pop();
        let state = if job.enabled { "on " } else { "off" };
        session.console.line(format!("{state} {}: {}, catch-up {}", job.id, job.schedule, job.catch_up));
        session.console.line(format!("    {}", job.command.join(" ")));
        let last_words = last.as_ref().map_or_else(
            || "never ran".to_owned(),
            |run| format!("last {} {}", shown(run.started_at), run.status.word()),
        );
        let next_words = next.map_or_else(|| "no start ahead".to_owned(), |next| format!("next {}", shown(next)));
        session.console.line(format!("    {last_words}; {next_words}"));
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
    let run = scheduler::run_once(&station, id, session.global.as_of, &session.global.sets, output)?;
    let exit = run.class;
    match &run.failure {
        Some(failure) => console.failure_with(failure, Some(("run", json!(run)))),
        None => console.document(&run),
    }
    console.note(format!("{} {} for {}", run.job, run.status.word(), run.trade_date));
    Ok(exit)
}

fn shown(at: Timestamp) -> String {
    at.to_zoned(shanghai_zone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}
