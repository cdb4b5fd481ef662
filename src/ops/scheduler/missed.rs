//! The starts that were due and that nobody made: what the ledger says was passed over, and what no
//! scheduler has decided yet. A job that no scheduler has ever seen has missed nothing.

use jiff::{SignedDuration, Timestamp, civil::Date};

use super::{plan, slots::Timetable};
use crate::{
    config::Job,
    market::Calendar,
    store::{JobRunStatus, Ledger, StoreError},
};

/// A start that is later than this is missed, seconds: a scheduler that works is never so late.
const LATE_SECONDS_MAX: i64 = 120;
/// So many of the newest runs and passed-over starts of a job are looked through.
const NEWEST_MAX: usize = 200;

/// Starts of a job that were missed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missed {
    /// The job's id.
    pub job: String,
    /// The first of them.
    pub first: Timestamp,
    /// The last of them.
    pub last: Timestamp,
    /// How many.
    pub slots: u64,
    /// Why they were passed over; none where nobody has decided.
    pub reason: Option<String>,
    /// How far the job's schedule was decided before.
    pub decided_through: Timestamp,
    /// What `{trade_date}` was at the last of them.
    pub trade_date: Date,
}

/// Returns the starts between `since` and `now` that were missed and not made good by a later run of the
/// same job, in the order of the jobs.
///
/// # Errors
/// What the ledger says.
pub fn missed(
    ledger: &Ledger,
    jobs: &[Job],
    calendar: &Calendar,
    since: Timestamp,
    now: Timestamp,
) -> Result<Vec<Missed>, StoreError> {
    let mut found = Vec::new();
    for job in jobs.iter().filter(|job| job.enabled) {
        let mark = ledger.schedule_mark(&job.id)?.filter(|mark| mark.schedule == job.schedule.to_string());
        let Some(mark) = mark else { continue };
        let runs = ledger.job_runs(Some(&job.id), NEWEST_MAX)?;
        let is_made_good = |slot: Timestamp| {
            runs.iter().any(|run| run.slot >= slot && run.slot <= now && run.status != JobRunStatus::Interrupted)
        };
        let decided_through = mark.through;
        let of = |first, last, slots, reason| Missed {
            job: job.id.clone(),
            first,
            last,
            slots,
            reason,
            decided_through,
            trade_date: plan::trade_date(last),
        };
        let skipped = ledger.skipped_slots(Some(&job.id), NEWEST_MAX)?;
        let skipped = skipped.into_iter().rev().filter(|slots| slots.last > since && slots.last <= now);
        let skipped = skipped.filter(|slots| !is_made_good(slots.last));
        found.extend(skipped.map(|slots| of(slots.first, slots.last, slots.slots, Some(slots.reason))));
        let late = now - SignedDuration::from_secs(LATE_SECONDS_MAX);
        let pending = Timetable::new(&job.schedule, calendar).pending(mark.through.max(since), late);
        // A job under way is not missed: what is due meanwhile waits for its end.
        let is_at_work = runs.iter().any(|run| run.status == JobRunStatus::Running);
        let pending = pending.filter(|pending| !is_at_work && !is_made_good(pending.last));
        found.extend(pending.map(|pending| of(pending.first, pending.last, pending.count, None)));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{Missed, missed};
    use crate::{
        config::{self, CatchUp, Job},
        market::Calendar,
        ops::scheduler::{Agenda, jobs_in_force},
        store::{JobRunEnd, JobRunStatus, Ledger, StorePath},
    };

    fn at(text: &str) -> Timestamp {
        format!("{text}+08:00").parse().expect("a timestamp")
    }

    fn found(ledger: &Ledger, jobs: &[Job], now: &str) -> Vec<Missed> {
        missed(ledger, jobs, Calendar::builtin(), at("2025-09-29T00:00:00"), at(now)).expect("looked")
    }

    #[test]
    fn start_that_nobody_made_is_missed_until_a_later_run_makes_it_good() {
        let room = tempfile::tempdir().expect("a directory");
        let ledger = Ledger::open(&StorePath::new("k", room.path().join("ledger.sqlite"))).expect("made");
        let mut jobs = jobs_in_force(&config::shipped().expect("sound"));
        jobs.retain(|job| job.id == "night_ops_full");
        let evening = "2025-09-29T21:00:00";
        assert!(found(&ledger, &jobs, evening).is_empty(), "no scheduler has ever seen it");
        let open = |jobs: &[Job], now| Agenda::open(&ledger, jobs, Calendar::builtin(), at(now)).expect("opened");
        drop(open(&jobs, "2025-09-29T12:00:00"));
        assert!(found(&ledger, &jobs, "2025-09-29T20:31:00").is_empty(), "a minute late is not missed");
        let late = found(&ledger, &jobs, evening);
        assert_eq!((late.len(), late[0].last, late[0].slots), (1, at("2025-09-29T20:30:00"), 1));
        assert_eq!((late[0].reason.as_ref(), late[0].trade_date.to_string()), (None, "2025-09-29".to_owned()));

        // A job that skips what it is late for records why.
        jobs[0].catch_up = CatchUp::Skip;
        let mut agenda = open(&jobs, evening);
        assert!(agenda.turn(&ledger, at(evening)).expect("turned").starts.is_empty());
        let skipped = found(&ledger, &jobs, evening);
        assert_eq!((skipped.len(), skipped[0].slots), (1, 1));
        assert!(skipped[0].reason.as_ref().is_some_and(|reason| reason.contains("later than 300 s")), "{skipped:?}");

        let next = "2025-09-30T20:30:01";
        let start = agenda.turn(&ledger, at(next)).expect("turned").starts.remove(0);
        assert!(found(&ledger, &jobs, "2025-09-30T20:40:00").is_empty(), "the next one runs");
        let end = JobRunEnd { status: JobRunStatus::Interrupted, finished_at: at(next), exit: None, error: None };
        ledger.finish_job_run(start.seq, &end).expect("finished");
        assert_eq!(found(&ledger, &jobs, "2025-09-30T20:40:00").len(), 2, "what was interrupted has not run");
    }
}
