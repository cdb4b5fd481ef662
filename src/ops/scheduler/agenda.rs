//! The state machine of the scheduler: told what time it is, it commits to the ledger what starts now.
//!
//! It holds no truth of its own: dropped at any moment and made again from the ledger, it goes on where
//! it was. It is driven by `now` and starts no process, so that three years pass in seconds in a test.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp, civil::Date};

use super::{
    decision::{Decision, Due},
    plan, slots,
};
use crate::{
    config::Job,
    market::Calendar,
    store::{JobRunBegin, JobRunStart, Ledger, ScheduleMark, SkippedSlots, StoreError},
};

/// How far ahead the next start is looked for, days; the longest closure of the exchanges is shorter.
const AHEAD_DAYS: i64 = 31;

/// A start that is committed: its process must start now.
#[derive(Debug, Clone, PartialEq)]
pub struct Start {
    /// The number of the run in the ledger.
    pub seq: i64,
    /// The job.
    pub job: Job,
    /// When the start was due.
    pub slot: Timestamp,
    /// What `{trade_date}` is.
    pub trade_date: Date,
}

/// What one look at the time brought.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Turn {
    /// What starts now.
    pub starts: Vec<Start>,
    /// What was passed over.
    pub skipped: Vec<SkippedSlots>,
    /// So far the clock went back since the last look.
    pub went_back: Option<SignedDuration>,
}

/// The scheduler's state.
#[derive(Debug)]
pub struct Agenda<'a> {
    calendar: &'a Calendar,
    entries: Vec<Entry>,
    running: BTreeSet<String>,
    looked_at: Timestamp,
}

#[derive(Debug)]
struct Entry {
    job: Job,
    through: Timestamp,
}

impl<'a> Agenda<'a> {
    /// Takes up the jobs where the ledger left them. A job that is new, was disabled, or has another
    /// schedule begins now: nothing of its past is due.
    ///
    /// # Errors
    /// What the ledger says.
    pub fn open(ledger: &Ledger, jobs: &[Job], calendar: &'a Calendar, now: Timestamp) -> Result<Self, StoreError> {
        let mut agenda = Self { calendar, entries: Vec::new(), running: BTreeSet::new(), looked_at: now };
        agenda.take_over(ledger, jobs, calendar, now)?;
        Ok(agenda)
    }

    /// Goes on with other jobs and another calendar; what runs goes on running.
    ///
    /// # Errors
    /// What the ledger says.
    pub fn take_over(
        &mut self,
        ledger: &Ledger,
        jobs: &[Job],
        calendar: &'a Calendar,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.calendar = calendar;
        let mut entries = Vec::new();
        for job in jobs.iter().filter(|job| job.enabled) {
            let known = ledger.schedule_mark(&job.id)?.filter(|mark| mark.schedule == job.schedule.to_string());
            let through = match known {
                // A mark in the future was made by a clock that has since been set back.
                Some(mark) if mark.through <= now => mark.through,
                _ => {
                    ledger.decide_schedule(&mark(job, now), &[], None)?;
                    now
                }
            };
            entries.push(Entry { job: job.clone(), through });
        }
        let enabled: Vec<&str> = entries.iter().map(|entry| entry.job.id.as_str()).collect();
        ledger.forget_schedules_but(&enabled)?;
        self.entries = entries;
        Ok(())
    }

    /// Decides what is due at `now`, commits it, and returns what starts.
    ///
    /// # Errors
    /// What the ledger says; jobs before the one that failed have been decided.
    pub fn turn(&mut self, ledger: &Ledger, now: Timestamp) -> Result<Turn, StoreError> {
        let back = self.looked_at.duration_since(now);
        let mut turn = Turn { went_back: back.is_positive().then_some(back), ..Turn::default() };
        for entry in &mut self.entries {
            if turn.went_back.is_some() && entry.through > now {
                // The slots up to the old time come again; those that are served stay served.
                ledger.decide_schedule(&mark(&entry.job, now), &[], None)?;
                entry.through = now;
            }
            if self.running.contains(&entry.job.id) {
                continue;
            }
            let due = Due { job: &entry.job, calendar: self.calendar, ledger, now };
            let Some(decision) = due.decide(entry.through)? else { continue };
            if let Some(start) = commit(ledger, entry, &decision, now)? {
                self.running.insert(start.job.id.clone());
                turn.starts.push(start);
            }
            if entry.through == decision.through {
                turn.skipped.extend(decision.skipped);
            }
        }
        self.looked_at = now;
        Ok(turn)
    }

    /// Says that the run of a job has ended and is recorded; the job may start again.
    pub fn ended(&mut self, job: &str) {
        self.running.remove(job);
    }

    /// Returns when the next start of each job is due, by the job's id; a job that runs or has none
    /// within a month is left out.
    #[must_use]
    pub fn next(&self, now: Timestamp) -> BTreeMap<&str, Timestamp> {
        let until = now + SignedDuration::from_hours(24 * AHEAD_DAYS);
        let waiting = self.entries.iter().filter(|entry| !self.running.contains(&entry.job.id));
        let next = |entry: &Entry| {
            slots::Timetable::new(&entry.job.schedule, self.calendar).next(entry.through.min(now), until)
        };
        waiting.filter_map(|entry| Some((entry.job.id.as_str(), next(entry)?))).collect()
    }

    /// Returns the jobs that cannot be planned on the day of `now`: they ask for trading days and the
    /// calendar ends before it.
    #[must_use]
    pub fn blind(&self, now: Timestamp) -> Vec<&str> {
        let unknown = self.calendar.is_session(slots::day_of(now)).is_err();
        let bound = self.entries.iter().filter(|entry| unknown && entry.job.schedule.trading_days_only());
        bound.map(|entry| entry.job.id.as_str()).collect()
    }
}

/// Commits a decision and returns the start that it brings. The entry stands still where the job's last
/// run is under way in another process: what is due then waits for its end.
fn commit(
    ledger: &Ledger,
    entry: &mut Entry,
    decision: &Decision,
    now: Timestamp,
) -> Result<Option<Start>, StoreError> {
    let reached = mark(&entry.job, decision.through);
    let start = decision.start.map(|slot| JobRunStart {
        job: entry.job.id.clone(),
        trade_date: plan::trade_date(slot),
        slot,
        by_hand: false,
        started_at: now,
    });
    let begun = ledger.decide_schedule(&reached, &decision.skipped, start.as_ref())?;
    match (begun, start) {
        (Some(JobRunBegin::Overlaps(_)), _) => return Ok(None),
        (Some(JobRunBegin::Served), _) => drop(ledger.decide_schedule(&reached, &decision.skipped, None)?),
        (Some(JobRunBegin::Begun(seq)), Some(start)) => {
            entry.through = decision.through;
            let (slot, trade_date) = (start.slot, start.trade_date);
            return Ok(Some(Start { seq, job: entry.job.clone(), slot, trade_date }));
        }
        (Some(JobRunBegin::Begun(_)) | None, _) => {}
    }
    entry.through = decision.through;
    Ok(None)
}

fn mark(job: &Job, through: Timestamp) -> ScheduleMark {
    ScheduleMark { job: job.id.clone(), schedule: job.schedule.to_string(), through }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::Agenda;
    use crate::{
        config::{self, CatchUp, Job, Schedule},
        market::Calendar,
        ops::scheduler::jobs_in_force,
        store::{JobRunBegin, JobRunEnd, JobRunStart, JobRunStatus, Ledger, StorePath},
    };

    fn at(text: &str) -> Timestamp {
        format!("{text}+08:00").parse().expect("a timestamp")
    }

    fn night(catch_up: CatchUp) -> Vec<Job> {
        let mut jobs = jobs_in_force(&config::shipped().expect("sound"));
        jobs.retain(|job| job.id == "night_ops_full");
        jobs[0].catch_up = catch_up;
        jobs
    }

    fn ledger() -> (tempfile::TempDir, Ledger) {
        let room = tempfile::tempdir().expect("a directory");
        let ledger = Ledger::open(&StorePath::new("k", room.path().join("ledger.sqlite"))).expect("made");
        (room, ledger)
    }

    fn open<'a>(ledger: &Ledger, jobs: &[Job], now: &str) -> Agenda<'a> {
        Agenda::open(ledger, jobs, Calendar::builtin(), at(now)).expect("opened")
    }

    fn slots(agenda: &mut Agenda<'_>, ledger: &Ledger, now: &str) -> Vec<Timestamp> {
        agenda.turn(ledger, at(now)).expect("turned").starts.iter().map(|start| start.slot).collect()
    }

    #[test]
    fn first_start_in_the_evening_launches_nothing_of_the_day() {
        let (_room, ledger) = ledger();
        let mut agenda = open(&ledger, &jobs_in_force(&config::shipped().expect("sound")), "2025-09-30T22:00:00");
        assert!(slots(&mut agenda, &ledger, "2025-09-30T22:00:00").is_empty());
        assert!(slots(&mut agenda, &ledger, "2025-10-08T23:59:59").is_empty(), "the holiday has no start");
    }

    #[test]
    fn restart_catches_up_and_a_changed_schedule_begins_anew() {
        let (_room, ledger) = ledger();
        let mut jobs = night(CatchUp::Once);
        drop(open(&ledger, &jobs, "2025-09-25T12:00:00"));
        let mut agenda = open(&ledger, &jobs, "2025-10-03T12:00:00");
        assert_eq!(slots(&mut agenda, &ledger, "2025-10-03T12:00:00"), [at("2025-09-30T20:30:00")]);
        let skipped = ledger.skipped_slots(None, 9).expect("listed");
        assert_eq!((skipped.len(), skipped[0].slots, skipped[0].first), (1, 3, at("2025-09-25T20:30:00")));
        if let Schedule::Daily { time, .. } = &mut jobs[0].schedule {
            *time = jiff::civil::time(21, 0, 0, 0);
        }
        let mut agenda = open(&ledger, &jobs, "2025-10-09T20:59:00");
        assert!(slots(&mut agenda, &ledger, "2025-10-09T20:59:00").is_empty(), "nothing of its past is due");
    }

    #[test]
    fn all_catches_up_a_month_and_passes_over_what_is_older() {
        let (_room, ledger) = ledger();
        let jobs = night(CatchUp::All);
        drop(open(&ledger, &jobs, "2025-06-01T12:00:00"));
        let now = "2025-08-31T12:00:00";
        let mut agenda = open(&ledger, &jobs, now);
        let mut served = Vec::new();
        loop {
            let turn = agenda.turn(&ledger, at(now)).expect("turned");
            let Some(start) = turn.starts.first() else { break };
            let end = JobRunEnd { status: JobRunStatus::Failed, finished_at: at(now), exit: Some(1), error: None };
            ledger.finish_job_run(start.seq, &end).expect("finished");
            agenda.ended(&start.job.id);
            served.push(start.slot);
        }
        assert_eq!((served.first(), served.len()), (Some(&at("2025-07-31T20:30:00")), 22));
        assert_eq!(ledger.skipped_slots(None, 9).expect("listed")[0].slots, 42, "June and July but its last session");
    }

    #[test]
    fn what_another_process_runs_is_waited_for_and_a_clock_that_goes_back_doubles_nothing() {
        let (_room, ledger) = ledger();
        let jobs = night(CatchUp::Once);
        let mut agenda = open(&ledger, &jobs, "2025-09-29T20:29:00");
        let (slot, due) = (at("2025-09-29T20:30:00"), "2025-09-29T20:30:01");
        let by_hand = JobRunStart {
            job: "night_ops_full".into(),
            trade_date: jiff::civil::date(2025, 9, 29),
            slot,
            by_hand: true,
            started_at: slot,
        };
        let JobRunBegin::Begun(seq) = ledger.begin_job_run(&by_hand).expect("begun") else { panic!("not begun") };
        let end = JobRunEnd { status: JobRunStatus::Success, finished_at: slot, exit: Some(0), error: None };
        assert!(slots(&mut agenda, &ledger, due).is_empty(), "it overlaps");
        ledger.finish_job_run(seq, &end).expect("finished");
        assert_eq!(slots(&mut agenda, &ledger, due), [slot], "by hand serves no slot");
        let running = ledger.job_runs(None, 1).expect("listed")[0].seq;
        ledger.finish_job_run(running, &end).expect("finished");
        agenda.ended("night_ops_full");
        let turn = agenda.turn(&ledger, at("2025-09-29T20:00:00")).expect("turned");
        assert_eq!((turn.starts.len(), turn.went_back), (0, Some(SignedDuration::from_secs(1_801))));
        assert!(slots(&mut agenda, &ledger, due).is_empty(), "served");
        drop(agenda);
        let mut agenda = open(&ledger, &jobs, "2025-09-29T20:00:00");
        assert!(slots(&mut agenda, &ledger, due).is_empty(), "served, also after a restart");
    }
}
