//! What the daemon and a start by hand share: closing what a dead scheduler left open, and recording,
//! counting and alarming what a job came to.

use jiff::Timestamp;

use super::{
    COMPONENT, SchedulerError, Start,
    process::{self, Outcome},
};
use crate::{
    config::Job,
    ops::{alarm, station::Station},
    store::{JobRunEnd, JobRunRecord, JobRunStatus, Ledger, StoreError},
};

/// Closes the runs whose starter is gone: what is left of their processes is ended, and they are marked
/// as interrupted, so that their slots are due again as their catch-up policy has it.
///
/// # Errors
/// What the ledger says.
pub(super) fn close_orphans(station: &Station, ledger: &Ledger) -> Result<Vec<JobRunRecord>, StoreError> {
    let mut closed = Vec::new();
    for open in ledger.open_job_runs()? {
        if open.owner_is_alive {
            continue;
        }
        let seq = open.record.seq;
        if let Some(child) = open.child {
            let is_open = |run: &crate::store::OpenJobRun| run.record.seq == seq && run.child.is_some();
            process::end_group(child, || ledger.open_job_runs().is_ok_and(|runs| !runs.iter().any(is_open)));
        }
        let end = JobRunEnd {
            status: JobRunStatus::Interrupted,
            finished_at: station.clock.wall(),
            exit: None,
            error: Some("its scheduler ended early".into()),
        };
        ledger.finish_job_run(seq, &end)?;
        tracing::warn!(component = COMPONENT, job = open.record.job, seq, "closed a run whose scheduler is gone");
        closed.push(open.record);
    }
    Ok(closed)
}

/// Records how a run ended.
///
/// # Errors
/// What the ledger says.
pub(super) fn record(ledger: &Ledger, seq: i64, outcome: &Outcome, at: Timestamp) -> Result<(), StoreError> {
    let end = JobRunEnd { status: outcome.status, finished_at: at, exit: outcome.exit, error: outcome.error.clone() };
    ledger.finish_job_run(seq, &end).map(|_| ())
}

/// Says what a run came to: in the log, in the metrics, and where it failed as an alarm.
pub(super) fn announce(station: &Station, start: &Start, outcome: &Outcome) {
    let (job, slot) = (&start.job.id, start.slot);
    let failure = failure_of(station, &start.job, outcome);
    match (&failure, outcome.status) {
        (Some(failure), _) => alarm::raise(station, COMPONENT, failure),
        (None, JobRunStatus::Success) => tracing::info!(component = COMPONENT, %slot, "{job} succeeded"),
        (None, _) => {
            let what = outcome.error.as_deref().unwrap_or_default();
            tracing::warn!(component = COMPONENT, %slot, "{job}: {what}");
        }
    }
    let counted = station.metrics().run_ended(COMPONENT, failure.map(|failure| failure.to_string()).as_deref());
    if let Err(error) = counted {
        tracing::warn!(component = COMPONENT, "the run is not counted: {error}");
    }
}

/// Returns the failure that a run came to, if it failed.
pub(super) fn failure_of(station: &Station, job: &Job, outcome: &Outcome) -> Option<SchedulerError> {
    (outcome.status == JobRunStatus::Failed).then(|| SchedulerError::Job {
        job: job.id.clone(),
        what: outcome.error.clone().unwrap_or_default(),
        exit: outcome.class(),
        log: station.workspace.shown(&process::log_path(station, job)),
    })
}
