//! Stages of runs: what is done, and what a resumed run need not do again.

use std::str::FromStr;

use rusqlite::{Row, params};
use serde::{Deserialize, Serialize};

use super::{Ledger, NotAStatus, count, maybe_parsed, parsed};
use crate::{digest::Digest, store::StoreError};

/// How a stage ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StageStatus {
    /// Did its work.
    Done,
    /// Had nothing to do, for a stated reason.
    Skipped,
    /// Ended with an error.
    Failed,
}

impl StageStatus {
    /// Returns the word in the ledger.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
        }
    }
}

impl FromStr for StageStatus {
    type Err = NotAStatus;

    fn from_str(word: &str) -> Result<Self, NotAStatus> {
        let all = [Self::Done, Self::Skipped, Self::Failed];
        all.into_iter().find(|status| status.word() == word).ok_or_else(|| NotAStatus(word.into()))
    }
}

/// A stage of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageRecord {
    /// The stage's name.
    pub name: String,
    /// How it ended.
    pub status: StageStatus,
    /// Why it was skipped or failed.
    pub reason: Option<String>,
    /// Rows that came in.
    pub rows_in: u64,
    /// Rows that went out.
    pub rows_out: u64,
    /// Digest of what it made.
    pub digest: Option<Digest>,
    /// How long it took.
    pub seconds: f64,
}

fn stage_of(row: &Row<'_>) -> rusqlite::Result<StageRecord> {
    Ok(StageRecord {
        name: row.get(0)?,
        status: parsed(row, 1)?,
        reason: row.get(2)?,
        rows_in: count(row, 3)?,
        rows_out: count(row, 4)?,
        digest: maybe_parsed(row, 5)?,
        seconds: row.get(6)?,
    })
}

impl Ledger {
    /// Records a stage of a run; of one name the last counts.
    ///
    /// # Errors
    /// `Sqlite`, also when the run is unknown.
    pub fn put_stage(&self, run: &str, stage: &StageRecord) -> Result<(), StoreError> {
        self.write("record a stage", |transaction| {
            transaction.execute(
                "INSERT INTO stages (run_id, seq, name, status, reason, rows_in, rows_out, digest, seconds)
                 VALUES (?1, (SELECT count(*) FROM stages WHERE run_id = ?1), ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                 ON CONFLICT (run_id, name) DO UPDATE SET status = ?3, reason = ?4, rows_in = ?5, rows_out = ?6,
                 digest = ?7, seconds = ?8",
                params![
                    run,
                    stage.name,
                    stage.status.word(),
                    stage.reason,
                    stage.rows_in as i64,
                    stage.rows_out as i64,
                    stage.digest.map(String::from),
                    stage.seconds
                ],
            )
        })?;
        Ok(())
    }

    /// Returns the stages of a run, in the order in which they were first recorded.
    ///
    /// # Errors
    /// `Sqlite`.
    pub fn stages(&self, run: &str) -> Result<Vec<StageRecord>, StoreError> {
        let sql = "SELECT name, status, reason, rows_in, rows_out, digest, seconds FROM stages
                   WHERE run_id = ?1 ORDER BY seq";
        self.read("list stages", |connection| connection.prepare(sql)?.query_map([run], stage_of)?.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::{Ledger, StageRecord, StageStatus};
    use crate::{
        digest::Digest,
        store::{RunStart, StorePath},
    };

    #[test]
    fn stage_keeps_its_place_when_it_is_recorded_again() {
        let room = tempfile::tempdir().expect("a directory");
        let ledger = Ledger::open(&StorePath::new("k", room.path().join("ledger.sqlite"))).expect("made");
        let run = RunStart {
            id: "a".into(),
            kind: "night_ops".into(),
            as_of: jiff::civil::date(2020, 6, 30),
            input_digest: Digest::of("input"),
            started_at: "2020-06-30T12:00:00Z".parse().expect("a timestamp"),
        };
        ledger.begin_run(&run).expect("begun");
        let stage = |name: &str, status| StageRecord {
            name: name.into(),
            status,
            reason: None,
            rows_in: 1,
            rows_out: 2,
            digest: Some(Digest::of(name)),
            seconds: 0.5,
        };
        for (name, status) in
            [("collect", StageStatus::Failed), ("repair", StageStatus::Skipped), ("collect", StageStatus::Done)]
        {
            ledger.put_stage("a", &stage(name, status)).expect("recorded");
        }
        let stages = ledger.stages("a").expect("listed");
        assert_eq!(stages, [stage("collect", StageStatus::Done), stage("repair", StageStatus::Skipped)]);
        assert!(ledger.put_stage("unknown", &stages[0]).is_err());
    }
}
