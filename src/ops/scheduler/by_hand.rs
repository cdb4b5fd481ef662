//! One start by hand: `scheduler run-once ID`, whatever the job's schedule says, also where it is
//! disabled. It is recorded as any run is, and it never overlaps one.

use std::time::Duration;

use jiff::{Timestamp, civil::Date};
use serde::Serialize;

use super::{
    SchedulerError, Start,
    desk::{announce, close_orphans, failure_of, record},
    plan::{jobs_in_force, trade_date},
    process::{Inherited, Launcher, Outcome, Output},
    signals::Signals,
};
use crate::{
    clock::pause,
    exit::{AnyFailure, Exit},
    ops::station::Station,
    store::{JobRunBegin, JobRunStart, JobRunStatus, Ledger},
};

/// How long is waited between two looks at the job.
const LOOK: Duration = Duration::from_millis(20);

/// What a start by hand came to.
#[derive(Debug, Serialize)]
pub struct ByHand {
    /// The number of the run in the ledger.
    pub seq: i64,
    /// The job's id.
    pub job: String,
    /// What `{trade_date}` was.
    pub trade_date: Date,
    /// How it ended.
    pub status: JobRunStatus,
    /// The process status.
    pub exit: Option<u8>,
    /// Why it failed.
    #[serde(skip)]
    pub failure: Option<SchedulerError>,
    /// The class of the process status.
    #[serde(skip)]
    pub class: Exit,
}

/// Runs the job `id` now and waits for its end. `as_of` is what `{trade_date}` becomes; the newest
/// completed session where absent.
///
/// # Errors
/// When there is no such job, its last run is under way, or the ledger cannot be written.
pub fn run_once(
    station: &Station,
    id: &str,
    as_of: Option<Date>,
    inherited: &Inherited,
    output: Output,
) -> Result<ByHand, AnyFailure> {
    let signals = Signals::listen().map_err(SchedulerError::Signals)?;
    let jobs = jobs_in_force(&station.config);
    let Some(job) = jobs.iter().find(|job| job.id == id) else {
        let known = jobs.iter().map(|job| job.id.as_str()).collect::<Vec<_>>().join(", ");
        return Err(SchedulerError::UnknownJob { id: id.into(), known }.into());
    };
    let ledger = Ledger::open(&station.store_settings().ledger)?;
    close_orphans(station, &ledger)?;
    let now = station.clock.wall();
    let slot = Timestamp::from_second(now.as_second()).unwrap_or(now);
    let trade_date = as_of.unwrap_or_else(|| trade_date(now));
    let begin = JobRunStart { job: id.into(), trade_date, slot, by_hand: true, started_at: now };
    let seq = match ledger.begin_job_run(&begin)? {
        JobRunBegin::Begun(seq) => seq,
        JobRunBegin::Overlaps(run) => {
            return Err(SchedulerError::Overlaps { job: id.into(), since: run.started_at.to_string() }.into());
        }
        // A start by hand has a slot of its own, which nothing else serves.
        JobRunBegin::Served => return Err(SchedulerError::Overlaps { job: id.into(), since: now.to_string() }.into()),
    };
    let start = Start { seq, job: job.clone(), slot, trade_date };
    let outcome = run(station, &ledger, &start, inherited, output, &signals)?;
    record(&ledger, seq, &outcome, station.clock.wall())?;
    announce(station, &start, &outcome);
    Ok(ByHand {
        seq,
        job: id.into(),
        trade_date,
        status: outcome.status,
        exit: outcome.exit,
        failure: failure_of(station, job, &outcome),
        class: outcome.class(),
    })
}

fn run(
    station: &Station,
    ledger: &Ledger,
    start: &Start,
    inherited: &Inherited,
    output: Output,
    signals: &Signals,
) -> Result<Outcome, AnyFailure> {
    let launched = Launcher::new(inherited).and_then(|launcher| launcher.start(station, start, output));
    let mut process = match launched {
        Ok(process) => process,
        Err(error) => return Ok(Outcome::failed(Exit::Config, error.to_string())),
    };
    ledger.note_job_child(start.seq, process.id())?;
    loop {
        if signals.stop().is_some() {
            process.stop();
        }
        match process.look() {
            Ok(Some(outcome)) => return Ok(outcome),
            Ok(None) => pause(LOOK),
            Err(error) => return Ok(Outcome::failed(Exit::Internal, format!("cannot be watched: {error}"))),
        }
    }
}
