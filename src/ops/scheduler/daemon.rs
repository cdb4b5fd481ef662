//! The scheduler's loop: looks at the time, starts what is due, watches it, until it is told to end.

use std::{
    fs,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use jiff::civil::Date;
use serde::Serialize;

use super::{
    Agenda, COMPONENT, SchedulerError, Start,
    desk::{announce, close_orphans, record},
    heartbeat::Pulse,
    plan::jobs_in_force,
    process::{Inherited, Launcher, Outcome, Output, Process},
    signals::Signals,
    slots,
};
use crate::{
    clock::{Stopwatch, pause},
    config::{self, Job, LoadOptions},
    exit::{AnyFailure, Exit},
    market::Calendar,
    ops::{alarm, station::Station},
    store::{JobRunRecord, Ledger, StoreError},
    workspace::Lock,
};

/// How long the loop waits between two looks at the time, its jobs and its signals.
const LOOK: Duration = Duration::from_millis(100);
/// Seconds between two looks at the config files.
const FILES_SECONDS: f64 = 2.0;

/// What the scheduler began with.
#[derive(Debug)]
pub struct Began {
    /// The jobs that it runs by schedule.
    pub jobs: Vec<String>,
    /// Runs that a scheduler which is gone left open; they are closed as interrupted.
    pub interrupted: Vec<JobRunRecord>,
}

/// What the scheduler did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Ended {
    /// Jobs started.
    pub started: u64,
    /// Runs that failed.
    pub failed: u64,
    /// Starts that were passed over.
    pub skipped: u64,
    /// Runs that were interrupted by the end; they are due again at the next start.
    pub interrupted: u64,
    /// The class to end with.
    #[serde(skip)]
    pub exit: Exit,
}

/// Runs the schedule until a signal comes. SIGTERM and SIGINT hand over: nothing starts any more, what
/// runs is told to end, and what did not reach its end is due again at the next start.
///
/// # Errors
/// When another scheduler works on the workspace, or the ledger cannot be read at the start.
pub fn run(
    mut station: Station,
    load: &LoadOptions,
    inherited: &Inherited,
    on_ready: impl FnOnce(&Began),
) -> Result<Ended, AnyFailure> {
    // Before any thread is started, so that every one of them leaves the signals alone.
    let signals = Signals::listen().map_err(SchedulerError::Signals)?;
    let _lock = Lock::take(&station.workspace, COMPONENT, COMPONENT)?;
    let ledger = Ledger::open(&station.store_settings().ledger)?;
    let interrupted = close_orphans(&station, &ledger)?;
    let jobs = jobs_in_force(&station.config);
    let agenda = Agenda::open(&ledger, &jobs, Calendar::builtin(), station.clock.wall())?;
    let enabled = jobs.iter().filter(|job| job.enabled).map(|job| job.id.clone()).collect();
    on_ready(&Began { jobs: enabled, interrupted });
    let launcher = Launcher::new(inherited)?;
    let ended = Ended { started: 0, failed: 0, skipped: 0, interrupted: 0, exit: Exit::Done };
    let pulse = Pulse::new(&station);
    let daemon =
        Daemon { ledger, agenda, launcher, at_work: Vec::new(), ended, pulse, is_failing: false, blind_on: None };
    daemon.work(&mut station, load, &signals)
}

/// A run under way, or one that has ended and is not recorded yet.
struct AtWork {
    start: Start,
    process: Process,
    outcome: Option<Outcome>,
}

struct Daemon<'a> {
    ledger: Ledger,
    agenda: Agenda<'a>,
    launcher: Launcher,
    at_work: Vec<AtWork>,
    ended: Ended,
    pulse: Pulse,
    is_failing: bool,
    blind_on: Option<Date>,
}

/// What a file looked like: another look tells whether it was changed.
type Stamp = (PathBuf, Option<(u64, SystemTime)>);

fn stamps(station: &Station) -> Vec<Stamp> {
    let stamp = |(name, _): &(String, _)| {
        let path = station.workspace.path(name);
        let found = fs::metadata(&path).ok().and_then(|found| Some((found.len(), found.modified().ok()?)));
        (path, found)
    };
    station.config.files.iter().map(stamp).collect()
}

impl Daemon<'_> {
    fn work(mut self, station: &mut Station, load: &LoadOptions, signals: &Signals) -> Result<Ended, AnyFailure> {
        // Nothing is known of the files yet: one that was changed since it was read is seen by the first look.
        let mut files = Vec::new();
        let mut looked = Stopwatch::start();
        loop {
            if let Some(signal) = signals.stop() {
                tracing::info!(component = COMPONENT, signal, "the scheduler is told to end");
                return self.hand_over(station, signal);
            }
            let is_asked = signals.take_reload();
            if is_asked || looked.seconds() > FILES_SECONDS {
                looked = Stopwatch::start();
                let found = stamps(station);
                if is_asked || found != files {
                    files = found;
                    self.reload(station, load);
                }
            }
            self.reap(station);
            self.pulse.beat(station);
            let turned = self.turn(station);
            self.note(station, turned);
            pause(LOOK);
        }
    }

    /// Reads the jobs again; config that is wrong leaves those in force.
    fn reload(&mut self, station: &mut Station, load: &LoadOptions) {
        match config::load_all(&station.workspace, load) {
            Ok(config) if config.digest == station.config.digest => {}
            Ok(config) => {
                station.config = config;
                if let Err(error) = Calendar::adopt(&station.settings().market.closures) {
                    alarm::raise(station, COMPONENT, &error);
                }
                let jobs: Vec<Job> = jobs_in_force(&station.config);
                let now = station.clock.wall();
                let taken = self.agenda.take_over(&self.ledger, &jobs, Calendar::builtin(), now);
                tracing::info!(component = COMPONENT, "the config has changed and is in force");
                self.note(station, taken);
            }
            Err(errors) => alarm::raise(station, COMPONENT, &errors),
        }
    }

    /// Starts what is due.
    fn turn(&mut self, station: &Station) -> Result<(), StoreError> {
        let now = station.clock.wall();
        let turn = self.agenda.turn(&self.ledger, now)?;
        if let Some(back) = turn.went_back.filter(|back| back.as_secs() > 0) {
            let seconds = back.as_secs();
            tracing::warn!(component = COMPONENT, seconds, "the clock went back; what was served stays served");
        }
        for skipped in &turn.skipped {
            let (job, slots) = (&skipped.job, skipped.slots);
            self.ended.skipped += slots;
            tracing::warn!(component = COMPONENT, first = %skipped.first, last = %skipped.last, "{job}: {slots} passed over: {}", skipped.reason);
        }
        for start in turn.starts {
            self.begin(station, start)?;
        }
        let today = slots::day_of(now);
        let blind = self.agenda.blind(now).join(", ");
        if !blind.is_empty() && self.blind_on != Some(today) {
            self.blind_on = Some(today);
            alarm::raise(station, COMPONENT, &SchedulerError::Blind { jobs: blind });
        }
        Ok(())
    }

    fn begin(&mut self, station: &Station, start: Start) -> Result<(), StoreError> {
        let (job, seq) = (start.job.id.clone(), start.seq);
        self.ended.started += 1;
        match self.launcher.start(station, &start, Output::Log) {
            Ok(process) => {
                let child = process.id();
                tracing::info!(component = COMPONENT, slot = %start.slot, seq, child, "{job} starts");
                self.at_work.push(AtWork { start, process, outcome: None });
                self.ledger.note_job_child(seq, child)
            }
            Err(error) => {
                let outcome = Outcome::failed(Exit::Config, error.to_string());
                self.ended.failed += 1;
                announce(station, &start, &outcome);
                record(&self.ledger, seq, &outcome, station.clock.wall())?;
                self.agenda.ended(&job);
                Ok(())
            }
        }
    }

    /// Takes in the jobs that have ended. One that cannot be recorded is kept and tried again.
    fn reap(&mut self, station: &Station) {
        let mut left = Vec::new();
        for mut run in std::mem::take(&mut self.at_work) {
            if run.outcome.is_none() {
                let unseen = |error| Some(Outcome::failed(Exit::Internal, format!("cannot be watched: {error}")));
                run.outcome = run.process.look().unwrap_or_else(unseen);
                if let Some(outcome) = &run.outcome {
                    self.ended.failed += u64::from(outcome.status == crate::store::JobRunStatus::Failed);
                    self.ended.interrupted += u64::from(outcome.status == crate::store::JobRunStatus::Interrupted);
                    announce(station, &run.start, outcome);
                }
            }
            let Some(outcome) = &run.outcome else {
                left.push(run);
                continue;
            };
            let recorded = record(&self.ledger, run.start.seq, outcome, station.clock.wall());
            if recorded.is_ok() {
                self.agenda.ended(&run.start.job.id);
            } else {
                left.push(run);
            }
            self.note(station, recorded);
        }
        self.at_work = left;
    }

    /// Raises the alarm for the first failure of the ledger in a row, and goes on: what is not committed
    /// does not start.
    fn note(&mut self, station: &Station, result: Result<(), StoreError>) {
        match result {
            Ok(()) => self.is_failing = false,
            Err(error) if self.is_failing => tracing::debug!(component = COMPONENT, "still: {error}"),
            Err(error) => {
                self.is_failing = true;
                alarm::raise(station, COMPONENT, &error);
            }
        }
    }

    /// Ends what runs and returns when the last job is gone and recorded.
    fn hand_over(mut self, station: &Station, signal: u8) -> Result<Ended, AnyFailure> {
        for run in &mut self.at_work {
            run.process.stop();
        }
        while self.at_work.iter().any(|run| run.outcome.is_none()) {
            self.reap(station);
            pause(LOOK);
        }
        for run in &self.at_work {
            // The last chance to record it; else the next scheduler finds it open and closes it.
            let Some(outcome) = &run.outcome else { continue };
            record(&self.ledger, run.start.seq, outcome, station.clock.wall())?;
        }
        self.pulse.end(station);
        Ok(Ended { exit: Exit::Signal(signal), ..self.ended })
    }
}
