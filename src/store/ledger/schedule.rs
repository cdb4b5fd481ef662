//! How far each job's schedule has been decided, and which starts were passed over and why.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;

use super::{JobRunBegin, JobRunStart, Ledger, count, instant, integer, job_runs, parsed};
use crate::store::StoreError;

/// How far the schedule of a job has been decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleMark {
    /// The job's id.
    pub job: String,
    /// The schedule that it holds for, in words.
    pub schedule: String,
    /// Every slot up to and with this one has been decided.
    pub through: Timestamp,
}

/// Starts of a job that were passed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SkippedSlots {
    /// The job's id.
    pub job: String,
    /// The first of them.
    pub first: Timestamp,
    /// The last of them.
    pub last: Timestamp,
    /// How many.
    pub slots: u64,
    /// Why.
    pub reason: String,
    /// When that was decided.
    pub decided_at: Timestamp,
}

impl Ledger {
    /// Commits in one step how far a schedule is decided, what is passed over, and what starts.
    /// Nothing of it is committed where the start must not be.
    ///
    /// # Errors
    /// `Sqlite`.
    pub fn decide_schedule(
        &self,
        mark: &ScheduleMark,
        skipped: &[SkippedSlots],
        start: Option<&JobRunStart>,
    ) -> Result<Option<JobRunBegin>, StoreError> {
        self.write("decide a schedule", |transaction| {
            let begun = start.map(|start| job_runs::begin(transaction, start)).transpose()?;
            if matches!(begun, None | Some(JobRunBegin::Begun(_))) {
                put_mark(transaction, mark)?;
                skipped.iter().try_for_each(|slots| put_skipped(transaction, slots))?;
            }
            Ok(begun)
        })
    }

    /// Returns how far the schedule of a job has been decided.
    ///
    /// # Errors
    /// `Sqlite`.
    pub fn schedule_mark(&self, job: &str) -> Result<Option<ScheduleMark>, StoreError> {
        let sql = "SELECT job, schedule, through FROM schedule_marks WHERE job = ?1";
        let mark =
            |row: &Row<'_>| Ok(ScheduleMark { job: row.get(0)?, schedule: row.get(1)?, through: instant(row, 2)? });
        self.read("find a schedule", |connection| connection.query_row(sql, [job], mark).optional())
    }

    /// Forgets how far a job was decided: its schedule begins anew when it is enabled again.
    ///
    /// # Errors
    /// `Sqlite`.
    pub fn forget_schedules_but(&self, jobs: &[&str]) -> Result<(), StoreError> {
        self.write("forget schedules", |transaction| {
            let known: Vec<String> = transaction
                .prepare("SELECT job FROM schedule_marks")?
                .query_map([], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            for job in known.iter().filter(|job| !jobs.contains(&job.as_str())) {
                transaction.execute("DELETE FROM schedule_marks WHERE job = ?1", [job])?;
            }
            Ok(())
        })
    }

    /// Returns the newest starts that were passed over, newest first.
    ///
    /// # Errors
    /// `Sqlite`.
    pub fn skipped_slots(&self, job: Option<&str>, count_max: usize) -> Result<Vec<SkippedSlots>, StoreError> {
        let sql = format!(
            "SELECT job, first, last, slots, reason, decided_at FROM skipped_slots
             WHERE ?1 IS NULL OR job = ?1 ORDER BY seq DESC LIMIT {count_max}"
        );
        let skipped = |row: &Row<'_>| {
            Ok(SkippedSlots {
                job: row.get(0)?,
                first: instant(row, 1)?,
                last: instant(row, 2)?,
                slots: count(row, 3)?,
                reason: row.get(4)?,
                decided_at: parsed(row, 5)?,
            })
        };
        self.read("list skipped starts", |connection| connection.prepare(&sql)?.query_map([job], skipped)?.collect())
    }
}

fn put_mark(transaction: &Connection, mark: &ScheduleMark) -> rusqlite::Result<()> {
    transaction.execute(
        "INSERT INTO schedule_marks (job, schedule, through) VALUES (?1, ?2, ?3)
         ON CONFLICT (job) DO UPDATE SET schedule = ?2, through = ?3",
        params![mark.job, mark.schedule, mark.through.as_second()],
    )?;
    Ok(())
}

fn put_skipped(transaction: &Connection, skipped: &SkippedSlots) -> rusqlite::Result<()> {
    transaction.execute(
        "INSERT INTO skipped_slots (job, first, last, slots, reason, decided_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            skipped.job,
            skipped.first.as_second(),
            skipped.last.as_second(),
            integer(skipped.slots)?,
            skipped.reason,
            skipped.decided_at.to_string()
        ],
    )?;
    Ok(())
}
