//! The ledger: the one source of truth. SQLite in WAL mode with `synchronous=FULL`: what a method of
//! this room has returned from survives a kill and a power cut. Knows no bars, only their digests.

mod audit;
mod data_state;
mod experiments;
mod job_runs;
mod kill_switch;
mod owner;
mod pages;
mod partitions;
mod reader;
mod runs;
mod schedule;
mod schema;
mod seal;
mod stages;
mod trade_row;
mod trading;

use std::{fs::OpenOptions, path::PathBuf, str::FromStr, time::Duration};

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags, Row, Transaction, TransactionBehavior, types::Type};

pub use audit::{RepairRecord, RevisionRecord};
pub use data_state::DataState;
pub use job_runs::{JobRunBegin, JobRunEnd, JobRunRecord, JobRunStart, JobRunStatus, OpenJobRun};
pub use kill_switch::KillSwitchRow;
pub use pages::{Coverage, Delivery, FetchedPage, WaitingPage};
pub use partitions::PartitionRecord;
pub use runs::{RunEnd, RunRecord, RunStart, RunStatus};
pub use schedule::{ScheduleMark, SkippedSlots};
pub use stages::{StageRecord, StageStatus};
pub use trade_row::{ExecutionRow, MarkRow, OrderRow};
pub use trading::{TradeBatch, TradeState};

use super::{StoreError, StorePath, refusal::refused};

/// How long a statement waits for another process's transaction.
const BUSY_WAIT: Duration = Duration::from_secs(5);

/// The open ledger.
#[derive(Debug)]
pub struct Ledger {
    connection: Connection,
    path: PathBuf,
    created: bool,
}

impl Ledger {
    /// Opens the ledger and makes it where it is missing; its directory must be there.
    ///
    /// # Errors
    /// `DirectoryMissing`, `NotAFile`, `NotADatabase`, `Newer`, or what SQLite says.
    pub fn open(place: &StorePath) -> Result<Self, StoreError> {
        place.check_file()?;
        let created = !place.path.exists();
        if !created {
            // SQLite would open an unreadable file as an empty one only to fail later without its name.
            OpenOptions::new().read(true).write(true).open(&place.path).map_err(StoreError::io("open", &place.path))?;
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let connection = Connection::open_with_flags(&place.path, flags).map_err(refused(place, "open"))?;
        let ledger = Self { connection, path: place.path.clone(), created };
        ledger.prepare().map_err(refused(place, "prepare"))?;
        ledger.migrate()?;
        ledger.read("keep the seals of", seal::keep)?;
        Ok(ledger)
    }

    /// Says whether the ledger was made by this opening.
    #[must_use]
    pub const fn was_created(&self) -> bool {
        self.created
    }

    fn prepare(&self) -> rusqlite::Result<()> {
        self.connection.busy_timeout(BUSY_WAIT)?;
        self.connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
        self.connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;")?;
        // Reads the first pages, so that a file that is no database is seen here.
        self.connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
    }

    fn migrate(&self) -> Result<(), StoreError> {
        let known = schema::MIGRATIONS.len() as i64;
        let found = self.version()?;
        if found > known || found < 0 {
            return Err(StoreError::Newer { path: self.path.clone(), found, known });
        }
        if found == known {
            return Ok(());
        }
        let change = || {
            // Immediate, and read again inside: another process may be doing the same.
            let transaction = Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
            let found: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
            for migration in schema::MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(0)) {
                transaction.execute_batch(migration)?;
            }
            if found < known {
                seal::begin(&transaction)?;
            }
            transaction.pragma_update(None, "user_version", known)?;
            transaction.commit()
        };
        change().map_err(|source| StoreError::Sqlite { step: "migrate", path: self.path.clone(), source })
    }

    /// Returns the version of the tables.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn version(&self) -> Result<i64, StoreError> {
        self.read("read the version", |connection| connection.query_row("PRAGMA user_version", [], |row| row.get(0)))
    }

    fn read<T>(
        &self,
        step: &'static str,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        query(&self.connection).map_err(|source| StoreError::Sqlite { step, path: self.path.clone(), source })
    }

    /// Runs `change` in one transaction; it is durable when this returns.
    fn write<T>(
        &self,
        step: &'static str,
        change: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        self.transact(change).map_err(|source| StoreError::Sqlite { step, path: self.path.clone(), source })
    }

    /// As [`Ledger::write`], for a change that may refuse; a refused change leaves nothing behind.
    fn transact<T, E: From<rusqlite::Error>>(&self, change: impl FnOnce(&Connection) -> Result<T, E>) -> Result<T, E> {
        // Immediate: a transaction that reads first and writes then would not wait for another writer.
        let transaction = Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
        let value = change(&transaction)?;
        transaction.commit()?;
        Ok(value)
    }
}

/// Reads a column that holds a count.
fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let value: i64 = row.get(column)?;
    u64::try_from(value).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, value))
}

/// Reads a column that holds an instant in whole seconds.
fn instant(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    let second: i64 = row.get(column)?;
    Timestamp::from_second(second).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, second))
}

/// A word that is no status.
#[derive(Debug, thiserror::Error)]
#[error("'{0}' is not a status")]
pub struct NotAStatus(String);

/// Returns a number as a column holds it.
fn integer(value: u64) -> rusqlite::Result<i64> {
    i64::try_from(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

/// Reads a column that holds the text form of a value.
fn parsed<T>(row: &Row<'_>, column: usize) -> rusqlite::Result<T>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let text: String = row.get(column)?;
    text.parse().map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

/// As [`parsed`], for a column that may be empty.
fn maybe_parsed<T>(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<T>>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let text: Option<String> = row.get(column)?;
    let parse = |text: String| text.parse::<T>();
    text.map(parse)
        .transpose()
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

#[cfg(test)]
mod tests {
    use super::{Ledger, StoreError, StorePath, TradeBatch, schema};
    use crate::exit::{Exit, Failure};

    #[test]
    fn new_ledger_is_migrated_once() {
        let room = tempfile::tempdir().expect("a directory");
        let place = StorePath::new("k", room.path().join("ledger.sqlite"));
        assert!(Ledger::open(&place).expect("made").was_created());
        let again = Ledger::open(&place).expect("opened");
        assert!(!again.was_created());
        assert_eq!(again.version().expect("a version"), schema::MIGRATIONS.len() as i64);
    }

    #[test]
    fn ledger_of_version_1_is_migrated_and_keeps_its_rows() {
        let room = tempfile::tempdir().expect("a directory");
        let place = StorePath::new("k", room.path().join("ledger.sqlite"));
        let old = rusqlite::Connection::open(&place.path).expect("made");
        old.execute_batch(schema::MIGRATIONS[0]).expect("version 1");
        old.execute_batch(
            "PRAGMA user_version = 1;
             INSERT INTO runs (id, kind, run_key, as_of, status, owner, started_at)
             VALUES ('old', 'night_ops', 'night_ops/2025-01-02/x', '2025-01-02', 'success', 'o', '2025-01-02T01:00:00Z');
             INSERT INTO stages VALUES ('old', 1, 'collect', 'done', NULL, 3, 2, NULL, 0.5);
             INSERT INTO experiments (id, status, owner) VALUES ('e', 'running', 'o');",
        )
        .expect("filled");
        drop(old);
        let ledger = Ledger::open(&place).expect("migrated");
        assert_eq!(ledger.version().expect("a version"), schema::MIGRATIONS.len() as i64);
        assert_eq!(ledger.run("old").expect("searched").expect("kept").kind, "night_ops");
        assert_eq!(ledger.stages("old").expect("listed").len(), 1);
        assert_eq!(ledger.running_experiments().expect("listed"), ["e"]);
        let batch = TradeBatch { run_id: "old".into(), step: 1, state: "{}".into(), ..TradeBatch::default() };
        ledger.commit_trading(&batch).expect("the new tables are there");
        assert_eq!(Ledger::open(&place).expect("opened").trade_state("old").expect("read").expect("kept").step, 1);
    }

    #[test]
    fn ledger_of_a_newer_program_is_refused() {
        let room = tempfile::tempdir().expect("a directory");
        let place = StorePath::new("k", room.path().join("ledger.sqlite"));
        let ledger = Ledger::open(&place).expect("made");
        ledger.connection.pragma_update(None, "user_version", 99).expect("set");
        drop(ledger);
        assert!(matches!(Ledger::open(&place), Err(StoreError::Newer { found: 99, .. })));
    }

    #[test]
    fn file_that_is_no_database_is_corruption() {
        let room = tempfile::tempdir().expect("a directory");
        let place = StorePath::new("storage.ledger_path", room.path().join("ledger.sqlite"));
        crate::durable::replace(&place.path, "not a database at all, but long enough to have a header".repeat(9))
            .expect("written");
        let error = Ledger::open(&place).expect_err("refused");
        assert_eq!(error.exit(), Exit::Corrupt, "{error}");
        assert!(error.to_string().contains("storage.ledger_path"), "{error}");
    }
}
