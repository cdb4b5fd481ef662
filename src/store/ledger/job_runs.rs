//! Runs of scheduled jobs: each start is committed under its key, job, trading date and slot, before the
//! process starts, so that no slot is served twice, and no job overlaps itself, whoever asks.

use std::str::FromStr;

use jiff::{Timestamp, civil::Date};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::{Ledger, NotAStatus, maybe_parsed, owner, parsed};
use crate::store::StoreError;

/// How often one slot is started at most: a job that takes the machine down with it is not tried for ever.
const ATTEMPTS_MAX: i64 = 3;

/// How a run of a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobRunStatus {
    /// Its process works on it.
    Running,
    /// Ended well.
    Success,
    /// The work was done, but the bus or the HUD was down.
    Degraded,
    /// Ended with an error.
    Failed,
    /// Ended before its time, by the end of the scheduler or of the machine: its slot is not served.
    Interrupted,
}

impl JobRunStatus {
    /// Returns the word in the ledger.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Success => "success",
            Self::Degraded => "degraded",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }
}

impl FromStr for JobRunStatus {
    type Err = NotAStatus;

    fn from_str(word: &str) -> Result<Self, NotAStatus> {
        let all = [Self::Running, Self::Success, Self::Degraded, Self::Failed, Self::Interrupted];
        all.into_iter().find(|status| status.word() == word).ok_or_else(|| NotAStatus(word.into()))
    }
}

/// What is known when a job starts; job, trading date and slot are the run's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRunStart {
    /// The job's id.
    pub job: String,
    /// The trading date worked for.
    pub trade_date: Date,
    /// The instant at which the start was due, in whole seconds; of a start by hand, when it was asked for.
    pub slot: Timestamp,
    /// A person started it; the schedule's own slots know nothing of it.
    pub by_hand: bool,
    /// When it started.
    pub started_at: Timestamp,
}

/// What came of the wish to start a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobRunBegin {
    /// It is committed, under this number.
    Begun(i64),
    /// The slot is served already.
    Served,
    /// The job's last run is still under way.
    Overlaps(JobRunRecord),
}

/// What is known when a job ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRunEnd {
    /// How it ended; not `Running`.
    pub status: JobRunStatus,
    /// When it ended.
    pub finished_at: Timestamp,
    /// The process status; absent where nobody saw it.
    pub exit: Option<u8>,
    /// What went wrong, in words.
    pub error: Option<String>,
}

/// A run of a job in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JobRunRecord {
    /// Its number.
    pub seq: i64,
    /// The job's id.
    pub job: String,
    /// The trading date worked for.
    pub trade_date: Date,
    /// When the start was due.
    pub slot: Timestamp,
    /// A person started it.
    pub by_hand: bool,
    /// The how manyth start of the slot it is, from 1.
    pub attempt: u32,
    /// How it stands.
    pub status: JobRunStatus,
    /// When it started.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// The process status.
    pub exit: Option<u8>,
    /// What went wrong.
    pub error: Option<String>,
}

/// A run that the ledger shows as running, with who is still there of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenJobRun {
    /// The run.
    pub record: JobRunRecord,
    /// The process that started it still runs.
    pub owner_is_alive: bool,
    /// The number of the job's own process, where it still runs.
    pub child: Option<u32>,
}

const RUN: &str = "seq, job, trade_date, slot, by_hand, attempt, status, started_at, finished_at, exit, error";
/// What makes a slot served: a run that was not interrupted, or too many that were.
const SERVED: &str = "(status <> 'interrupted' OR attempt >= ?3)";

fn run_of(row: &Row<'_>) -> rusqlite::Result<JobRunRecord> {
    Ok(JobRunRecord {
        seq: row.get(0)?,
        job: row.get(1)?,
        trade_date: parsed(row, 2)?,
        slot: super::instant(row, 3)?,
        by_hand: row.get(4)?,
        attempt: row.get(5)?,
        status: parsed(row, 6)?,
        started_at: parsed(row, 7)?,
        finished_at: maybe_parsed(row, 8)?,
        exit: row.get(9)?,
        error: row.get(10)?,
    })
}

impl Ledger {
    /// Commits the start of a job, or says why it must not start.
    ///
    /// # Errors
    /// `Sqlite`.
    pub fn begin_job_run(&self, start: &JobRunStart) -> Result<JobRunBegin, StoreError> {
        self.write("begin a job", |transaction| begin(transaction, start))
    }

    /// Notes the process of a job, so that it can be found when its starter is gone.
    ///
    /// # Errors
    /// `Sqlite`.
    pub fn note_job_child(&self, seq: i64, process: u32) -> Result<(), StoreError> {
        self.write("note the process of a job", |transaction| {
            transaction
                .execute("UPDATE job_runs SET child = ?2 WHERE seq = ?1", params![seq, owner::name_of(process)])
                .map(|_| ())
        })
    }

    /// Records how a job ended; says whether it was open. The slot of an interrupted run is due again.
    ///
    /// # Errors
    /// `Sqlite`.
    pub fn finish_job_run(&self, seq: i64, end: &JobRunEnd) -> Result<bool, StoreError> {
        self.write("finish a job", |transaction| {
            let changed = transaction.execute(
                "UPDATE job_runs SET status = ?2, finished_at = ?3, exit = ?4, error = ?5
                 WHERE seq = ?1 AND status = 'running'",
                params![seq, end.status.word(), end.finished_at.to_string(), end.exit, end.error],
            )?;
            if changed > 0 && end.status == JobRunStatus::Interrupted {
                transaction.execute(
                    "UPDATE schedule_marks SET through = min(through, run.slot - 1) FROM job_runs AS run
                     WHERE run.seq = ?1 AND run.by_hand = 0 AND schedule_marks.job = run.job",
                    [seq],
                )?;
            }
            Ok(changed > 0)
        })
    }

    /// Says whether a slot of the schedule is served.
    ///
    /// # Errors
    /// `Sqlite`.
    pub fn is_slot_served(&self, job: &str, slot: Timestamp) -> Result<bool, StoreError> {
        self.read("find a job's slot", |connection| is_served(connection, job, slot))
    }

    /// Returns how many slots of the schedule after `after`, up to and with `until`, are served.
    ///
    /// # Errors
    /// `Sqlite`.
    pub fn served_slots(&self, job: &str, after: Timestamp, until: Timestamp) -> Result<u64, StoreError> {
        let sql = format!(
            "SELECT count(DISTINCT slot) FROM job_runs
             WHERE job = ?1 AND by_hand = 0 AND slot > ?2 AND slot <= ?4 AND {SERVED}"
        );
        self.read("count a job's slots", |connection| {
            let range = params![job, after.as_second(), ATTEMPTS_MAX, until.as_second()];
            connection.query_row(&sql, range, |row| super::count(row, 0))
        })
    }

    /// Returns the newest runs of a job, or of all, newest first.
    ///
    /// # Errors
    /// `Sqlite`.
    pub fn job_runs(&self, job: Option<&str>, count_max: usize) -> Result<Vec<JobRunRecord>, StoreError> {
        let sql =
            format!("SELECT {RUN} FROM job_runs WHERE ?1 IS NULL OR job = ?1 ORDER BY seq DESC LIMIT {count_max}");
        self.read("list jobs", |connection| connection.prepare(&sql)?.query_map([job], run_of)?.collect())
    }

    /// Returns the runs that the ledger shows as running, oldest first.
    ///
    /// # Errors
    /// `Sqlite`.
    pub fn open_job_runs(&self) -> Result<Vec<OpenJobRun>, StoreError> {
        let sql = format!("SELECT {RUN}, owner, child FROM job_runs WHERE status = 'running' ORDER BY seq");
        let open = |row: &Row<'_>| {
            let (owner, child): (String, Option<String>) = (row.get(11)?, row.get(12)?);
            let child = child.filter(|child| owner::is_alive(child));
            Ok(OpenJobRun {
                record: run_of(row)?,
                owner_is_alive: owner::is_alive(&owner),
                child: child.and_then(|child| child.split_once(':')?.0.parse().ok()),
            })
        };
        self.read("list jobs", |connection| connection.prepare(&sql)?.query_map([], open)?.collect())
    }
}

pub(super) fn begin(transaction: &Connection, start: &JobRunStart) -> rusqlite::Result<JobRunBegin> {
    let open = format!("SELECT {RUN} FROM job_runs WHERE job = ?1 AND status = 'running'");
    if let Some(run) = transaction.query_row(&open, [&start.job], run_of).optional()? {
        return Ok(JobRunBegin::Overlaps(run));
    }
    if !start.by_hand && is_served(transaction, &start.job, start.slot)? {
        return Ok(JobRunBegin::Served);
    }
    transaction.execute(
        "INSERT INTO job_runs (job, trade_date, slot, by_hand, attempt, status, owner, started_at)
         SELECT ?1, ?2, ?3, ?4, 1 + count(*), 'running', ?5, ?6
         FROM job_runs WHERE job = ?1 AND slot = ?3 AND by_hand = ?4",
        params![
            start.job,
            start.trade_date.to_string(),
            start.slot.as_second(),
            start.by_hand,
            owner::own(),
            start.started_at.to_string()
        ],
    )?;
    Ok(JobRunBegin::Begun(transaction.last_insert_rowid()))
}

fn is_served(connection: &Connection, job: &str, slot: Timestamp) -> rusqlite::Result<bool> {
    let sql =
        format!("SELECT EXISTS (SELECT 1 FROM job_runs WHERE job = ?1 AND by_hand = 0 AND slot = ?2 AND {SERVED})");
    connection.query_row(&sql, params![job, slot.as_second(), ATTEMPTS_MAX], |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{JobRunBegin, JobRunEnd, JobRunStart, JobRunStatus, Ledger};
    use crate::store::{ScheduleMark, StorePath};

    fn ledger() -> (tempfile::TempDir, Ledger) {
        let room = tempfile::tempdir().expect("a directory");
        let ledger = Ledger::open(&StorePath::new("k", room.path().join("ledger.sqlite"))).expect("made");
        (room, ledger)
    }

    fn start(second: i64) -> JobRunStart {
        let slot = Timestamp::from_second(second).expect("an instant");
        let trade_date = jiff::civil::date(2025, 1, 2);
        JobRunStart { job: "night".into(), trade_date, slot, by_hand: false, started_at: slot }
    }

    fn end(status: JobRunStatus) -> JobRunEnd {
        JobRunEnd { status, finished_at: Timestamp::UNIX_EPOCH, exit: Some(0), error: None }
    }

    fn begun(ledger: &Ledger, start: &JobRunStart) -> i64 {
        match ledger.begin_job_run(start).expect("asked") {
            JobRunBegin::Begun(seq) => seq,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn slot_is_served_once_and_a_job_never_overlaps_itself() {
        let (_room, ledger) = ledger();
        let seq = begun(&ledger, &start(100));
        for other in [start(100), start(200), JobRunStart { by_hand: true, ..start(300) }] {
            assert!(matches!(ledger.begin_job_run(&other), Ok(JobRunBegin::Overlaps(_))), "{other:?}");
        }
        assert!(ledger.finish_job_run(seq, &end(JobRunStatus::Failed)).expect("finished"));
        assert!(!ledger.finish_job_run(seq, &end(JobRunStatus::Success)).expect("asked"), "it has ended");
        assert_eq!(ledger.begin_job_run(&start(100)).expect("asked"), JobRunBegin::Served);
        assert_eq!(ledger.job_runs(Some("night"), 9).expect("listed")[0].status, JobRunStatus::Failed);
        let by_hand = begun(&ledger, &JobRunStart { by_hand: true, ..start(200) });
        ledger.finish_job_run(by_hand, &end(JobRunStatus::Success)).expect("finished");
        assert!(!ledger.is_slot_served("night", start(200).slot).expect("asked"), "by hand is no slot");
        assert_eq!(ledger.served_slots("night", start(99).slot, start(200).slot).expect("counted"), 1);
        assert_eq!(ledger.served_slots("night", start(100).slot, start(200).slot).expect("counted"), 0);
    }

    #[test]
    fn interrupted_slot_is_tried_three_times() {
        let (_room, ledger) = ledger();
        for attempt in 1..=3 {
            let seq = begun(&ledger, &start(100));
            assert_eq!(ledger.job_runs(None, 1).expect("listed")[0].attempt, attempt);
            ledger.finish_job_run(seq, &end(JobRunStatus::Interrupted)).expect("finished");
        }
        assert_eq!(ledger.begin_job_run(&start(100)).expect("asked"), JobRunBegin::Served);
    }

    #[test]
    fn slot_of_an_interrupted_run_is_due_again() {
        let (_room, ledger) = ledger();
        let mark = |second| ScheduleMark { job: "night".into(), schedule: "s".into(), through: start(second).slot };
        let interrupt = |start: &JobRunStart| {
            ledger.decide_schedule(&mark(200), &[], None).expect("decided");
            let seq = begun(&ledger, start);
            ledger.finish_job_run(seq, &end(JobRunStatus::Interrupted)).expect("finished");
            ledger.schedule_mark("night").expect("asked").expect("kept")
        };
        assert_eq!(interrupt(&start(100)), mark(99));
        assert_eq!(interrupt(&JobRunStart { by_hand: true, ..start(150) }), mark(200), "by hand is no slot");
    }

    #[test]
    fn open_run_says_who_is_left_of_it() {
        let (_room, ledger) = ledger();
        let seq = begun(&ledger, &start(100));
        let open = ledger.open_job_runs().expect("listed");
        assert_eq!((open.len(), open[0].owner_is_alive, open[0].child), (1, true, None));
        ledger.note_job_child(seq, std::process::id()).expect("noted");
        assert_eq!(ledger.open_job_runs().expect("listed")[0].child, Some(std::process::id()));
        ledger.connection.execute("UPDATE job_runs SET owner = '1:2@gone', child = '1:2@gone'", []).expect("planted");
        let open = ledger.open_job_runs().expect("listed");
        assert_eq!((open[0].owner_is_alive, open[0].child), (false, None));
    }
}
