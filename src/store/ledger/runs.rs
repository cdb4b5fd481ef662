//! Runs: what was started, how it ended, and which one a resumed job goes on with.

use std::str::FromStr;

use jiff::{Timestamp, civil::Date};
use rusqlite::{OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::{Ledger, NotAStatus, maybe_parsed, owner, parsed};
use crate::{digest::Digest, store::StoreError};

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// Its process works on it.
    Running,
    /// Ended well.
    Success,
    /// Ended with an error.
    Failed,
    /// Its process died; it can be resumed.
    Interrupted,
}

impl RunStatus {
    /// Returns the word in the ledger.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }
}

impl FromStr for RunStatus {
    type Err = NotAStatus;

    fn from_str(word: &str) -> Result<Self, NotAStatus> {
        let all = [Self::Running, Self::Success, Self::Failed, Self::Interrupted];
        all.into_iter().find(|status| status.word() == word).ok_or_else(|| NotAStatus(word.into()))
    }
}

/// What is known when a run starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunStart {
    /// The run's id; unique.
    pub id: String,
    /// The job, such as `night_ops`.
    pub kind: String,
    /// The trading date worked for.
    pub as_of: Date,
    /// Digest of everything that the result depends on.
    pub input_digest: Digest,
    /// When it started.
    pub started_at: Timestamp,
}

/// What is known when a run ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunEnd {
    /// How it ended; not `Running`.
    pub status: RunStatus,
    /// When it ended.
    pub finished_at: Timestamp,
    /// Digest of the result; absent when it failed.
    pub result_digest: Option<Digest>,
    /// The process status.
    pub exit: u8,
    /// The error in words.
    pub error: Option<String>,
}

/// A run in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunRecord {
    /// The run's id.
    pub id: String,
    /// The job.
    pub kind: String,
    /// Job, trading date and input digest as one text.
    pub run_key: String,
    /// The trading date worked for.
    pub as_of: Date,
    /// How it stands.
    pub status: RunStatus,
    /// When it started.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Digest of the input.
    pub input_digest: Option<Digest>,
    /// Digest of the result.
    pub result_digest: Option<Digest>,
    /// The process status.
    pub exit: Option<u8>,
    /// The error in words.
    pub error: Option<String>,
}

pub(super) const RUN: &str =
    "id, kind, run_key, as_of, status, started_at, finished_at, input_digest, result_digest, exit, error";

pub(super) fn run_of(row: &Row<'_>) -> rusqlite::Result<RunRecord> {
    Ok(RunRecord {
        id: row.get(0)?,
        kind: row.get(1)?,
        run_key: row.get(2)?,
        as_of: parsed(row, 3)?,
        status: parsed(row, 4)?,
        started_at: parsed(row, 5)?,
        finished_at: maybe_parsed(row, 6)?,
        input_digest: maybe_parsed(row, 7)?,
        result_digest: maybe_parsed(row, 8)?,
        exit: row.get(9)?,
        error: row.get(10)?,
    })
}

impl Ledger {
    /// Returns the run key of a job, its trading date and its input.
    #[must_use]
    pub fn run_key(kind: &str, as_of: Date, input: &Digest) -> String {
        format!("{kind}/{as_of}/{input}")
    }

    /// Records that a run starts in this process.
    ///
    /// # Errors
    /// `Sqlite`, also when the id is taken.
    pub fn begin_run(&self, start: &RunStart) -> Result<(), StoreError> {
        let key = Self::run_key(&start.kind, start.as_of, &start.input_digest);
        self.write("begin a run", |transaction| {
            transaction.execute(
                "INSERT INTO runs (id, kind, run_key, as_of, status, owner, started_at, input_digest)
                 VALUES (?1, ?2, ?3, ?4, 'running', ?5, ?6, ?7)",
                params![
                    start.id,
                    start.kind,
                    key,
                    start.as_of.to_string(),
                    owner::own(),
                    start.started_at.to_string(),
                    start.input_digest.to_string()
                ],
            )
        })?;
        Ok(())
    }

    /// Takes up an interrupted or failed run again in this process.
    ///
    /// # Errors
    /// `Sqlite`.
    pub fn resume_run(&self, id: &str) -> Result<(), StoreError> {
        self.write("resume a run", |transaction| {
            transaction.execute(
                "UPDATE runs SET status = 'running', owner = ?2, finished_at = NULL, exit = NULL, error = NULL
                 WHERE id = ?1",
                params![id, owner::own()],
            )
        })?;
        Ok(())
    }

    /// Records how a run ended.
    ///
    /// # Errors
    /// `Sqlite`.
    pub fn finish_run(&self, id: &str, end: &RunEnd) -> Result<(), StoreError> {
        self.write("finish a run", |transaction| {
            transaction.execute(
                "UPDATE runs SET status = ?2, finished_at = ?3, result_digest = ?4, exit = ?5, error = ?6 WHERE id = ?1",
                params![
                    id,
                    end.status.word(),
                    end.finished_at.to_string(),
                    end.result_digest.map(String::from),
                    end.exit,
                    end.error
                ],
            )
        })?;
        Ok(())
    }

    /// Returns the newest run of this key if it failed or was interrupted: the one to go on with.
    ///
    /// # Errors
    /// `Sqlite`.
    pub fn resume_candidate(&self, kind: &str, as_of: Date, input: &Digest) -> Result<Option<RunRecord>, StoreError> {
        let key = Self::run_key(kind, as_of, input);
        let sql = format!("SELECT {RUN} FROM runs WHERE run_key = ?1 ORDER BY seq DESC LIMIT 1");
        let newest = self.read("find a run", |connection| connection.query_row(&sql, [key], run_of).optional())?;
        Ok(newest.filter(|run| matches!(run.status, RunStatus::Failed | RunStatus::Interrupted)))
    }

    /// Returns the newest run of a job.
    ///
    /// # Errors
    /// `Sqlite`.
    pub fn last_run(&self, kind: &str) -> Result<Option<RunRecord>, StoreError> {
        let sql = format!("SELECT {RUN} FROM runs WHERE kind = ?1 ORDER BY seq DESC LIMIT 1");
        self.read("find a run", |connection| connection.query_row(&sql, [kind], run_of).optional())
    }

    /// Returns the newest runs of a job, newest first.
    ///
    /// # Errors
    /// `Sqlite`.
    pub fn runs_of(&self, kind: &str, count_max: usize) -> Result<Vec<RunRecord>, StoreError> {
        let sql = format!("SELECT {RUN} FROM runs WHERE kind = ?1 ORDER BY seq DESC LIMIT {count_max}");
        self.read("list runs", |connection| connection.prepare(&sql)?.query_map([kind], run_of)?.collect())
    }

    /// Returns a run.
    ///
    /// # Errors
    /// `Sqlite`.
    pub fn run(&self, id: &str) -> Result<Option<RunRecord>, StoreError> {
        let sql = format!("SELECT {RUN} FROM runs WHERE id = ?1");
        self.read("find a run", |connection| connection.query_row(&sql, [id], run_of).optional())
    }

    /// Returns the newest runs of all jobs, newest first.
    ///
    /// # Errors
    /// `Sqlite`.
    pub fn runs(&self, count_max: usize) -> Result<Vec<RunRecord>, StoreError> {
        let sql = format!("SELECT {RUN} FROM runs ORDER BY seq DESC LIMIT {count_max}");
        self.read("list runs", |connection| connection.prepare(&sql)?.query_map([], run_of)?.collect())
    }

    /// Returns the runs that are marked as running, oldest first.
    ///
    /// # Errors
    /// `Sqlite`.
    pub fn running(&self) -> Result<Vec<RunRecord>, StoreError> {
        let sql = format!("SELECT {RUN} FROM runs WHERE status = 'running' ORDER BY seq");
        self.read("list runs", |connection| connection.prepare(&sql)?.query_map([], run_of)?.collect())
    }

    /// Marks runs of dead processes as interrupted and returns their ids.
    ///
    /// # Errors
    /// `Sqlite`.
    pub fn interrupt_orphans(&self, now: Timestamp) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT id, owner FROM runs WHERE status = 'running' ORDER BY seq";
        let pair = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
        let running: Vec<(String, String)> =
            self.read("list runs", |connection| connection.prepare(sql)?.query_map([], pair)?.collect())?;
        let orphans: Vec<String> =
            running.into_iter().filter(|(_, owner)| !owner::is_alive(owner)).map(|(id, _)| id).collect();
        if orphans.is_empty() {
            return Ok(orphans);
        }
        self.write("mark interrupted runs", |transaction| {
            for id in &orphans {
                transaction.execute(
                    "UPDATE runs SET status = 'interrupted', finished_at = ?2, error = 'its process ended early'
                     WHERE id = ?1",
                    params![id, now.to_string()],
                )?;
            }
            Ok(())
        })?;
        Ok(orphans)
    }
}

#[cfg(test)]
mod tests {
    use super::{Ledger, RunEnd, RunStart, RunStatus};
    use crate::{digest::Digest, store::StorePath};

    fn start(id: &str) -> RunStart {
        RunStart {
            id: id.into(),
            kind: "night_ops".into(),
            as_of: jiff::civil::date(2020, 6, 30),
            input_digest: Digest::of("input"),
            started_at: "2020-06-30T12:00:00Z".parse().expect("a timestamp"),
        }
    }

    fn ledger() -> (tempfile::TempDir, Ledger) {
        let room = tempfile::tempdir().expect("a directory");
        let ledger = Ledger::open(&StorePath::new("k", room.path().join("ledger.sqlite"))).expect("made");
        (room, ledger)
    }

    #[test]
    fn run_of_a_dead_process_can_be_resumed_by_its_key() {
        let (_room, ledger) = ledger();
        let start = start("a");
        ledger.begin_run(&start).expect("begun");
        assert!(ledger.interrupt_orphans(start.started_at).expect("scanned").is_empty(), "this process lives");
        ledger.connection.execute("UPDATE runs SET owner = '1:2@gone'", []).expect("planted");
        assert_eq!(ledger.interrupt_orphans(start.started_at).expect("scanned"), ["a"]);
        let found = ledger.resume_candidate("night_ops", start.as_of, &start.input_digest).expect("searched");
        assert_eq!(found.expect("a candidate").status, RunStatus::Interrupted);
        let other = ledger.resume_candidate("night_ops", start.as_of, &Digest::of("other")).expect("searched");
        assert!(other.is_none(), "another input is another run");
    }

    #[test]
    fn finished_run_is_the_last_and_not_a_candidate() {
        let (_room, ledger) = ledger();
        let begun = start("a");
        ledger.begin_run(&begun).expect("begun");
        let end = RunEnd {
            status: RunStatus::Success,
            finished_at: begun.started_at,
            result_digest: Some(Digest::of("result")),
            exit: 0,
            error: None,
        };
        ledger.finish_run("a", &end).expect("finished");
        let last = ledger.last_run("night_ops").expect("searched").expect("a run");
        assert_eq!((last.status, last.result_digest, last.exit), (RunStatus::Success, end.result_digest, Some(0)));
        assert!(ledger.running().expect("listed").is_empty());
        assert!(ledger.resume_candidate("night_ops", begun.as_of, &begun.input_digest).expect("searched").is_none());
    }
}
