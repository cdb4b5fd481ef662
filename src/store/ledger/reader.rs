//! The ledger for those who only look: opens what is there, makes nothing, migrates nothing, and waits
//! for nobody long. A page that looks every second must never be in a run's way.

use std::{path::Path, time::Duration};

use nix::sys::statvfs::{FsFlags, statvfs};
use rusqlite::{Connection, OpenFlags, Row};

use super::{Ledger, StoreError, StorePath, owner, refused, schema};

/// How long a look waits for another process's transaction.
const LOOK_WAIT: Duration = Duration::from_millis(500);

/// Opens a ledger for reading. On a file system that can only be read SQLite makes no index of the log, and must be
/// told that nobody writes; a log that a kill left there is not passed over.
fn connected(path: &Path) -> rusqlite::Result<Connection> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let connection = if is_read_only(path) && !Path::new(&log).exists() {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
        let escaped = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
        Connection::open_with_flags(format!("file:{escaped}?immutable=1"), flags)?
    } else {
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?
    };
    connection.busy_timeout(LOOK_WAIT)?;
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(connection)
}

fn is_read_only(path: &Path) -> bool {
    statvfs(path).is_ok_and(|found| found.flags().contains(FsFlags::ST_RDONLY))
}

impl Ledger {
    /// Opens the ledger for reading.
    ///
    /// # Errors
    /// `DirectoryMissing`, `NotAFile`, `NotADatabase`, `Newer`, or what SQLite says, also where there is none.
    pub fn open_read_only(place: &StorePath) -> Result<Self, StoreError> {
        place.check_file()?;
        let connection = connected(&place.path).map_err(refused(place, "open"))?;
        let ledger = Self { connection, path: place.path.clone(), created: false };
        let (found, known) = (ledger.version()?, schema::MIGRATIONS.len() as i64);
        if found > known || found < 0 {
            return Err(StoreError::Newer { path: ledger.path, found, known });
        }
        Ok(ledger)
    }

    /// Opens the ledger, for reading alone where the file system can only be read: what was recorded is shown on.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_or_look(place: &StorePath) -> Result<Self, StoreError> {
        if place.path.exists() && is_read_only(&place.path) { Self::open_read_only(place) } else { Self::open(place) }
    }

    /// Returns the ids of running runs whose process is gone: nobody has marked them as interrupted yet.
    ///
    /// # Errors
    /// `Sqlite`.
    pub fn abandoned_runs(&self) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT id, owner FROM runs WHERE status = 'running' ORDER BY seq";
        let pair = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
        let running: Vec<(String, String)> =
            self.read("list runs", |connection| connection.prepare(sql)?.query_map([], pair)?.collect())?;
        Ok(running.into_iter().filter(|(_, owner)| !owner::is_alive(owner)).map(|(id, _)| id).collect())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::{Ledger, StorePath};
    use crate::{digest::Digest, durable, store::RunStart};

    fn start(id: &str) -> RunStart {
        RunStart {
            id: id.into(),
            kind: "night_ops".into(),
            as_of: date(2025, 6, 30),
            input_digest: Digest::of("x"),
            started_at: "2025-06-30T12:00:00Z".parse().expect("a time"),
        }
    }

    #[test]
    fn a_look_makes_no_ledger_and_changes_none() {
        let room = tempfile::tempdir().expect("a directory");
        let place = StorePath::new("storage.ledger_path", room.path().join("ledger.sqlite"));
        assert!(Ledger::open_read_only(&place).is_err());
        assert!(!place.path.exists());
        let writer = Ledger::open(&place).expect("made");
        writer.begin_run(&start("a")).expect("written");
        let reader = Ledger::open_read_only(&place).expect("opened beside the writer");
        assert_eq!(reader.runs(9).expect("read").len(), 1);
        assert!(reader.begin_run(&start("b")).is_err(), "a look writes nothing");
        writer.begin_run(&start("c")).expect("the look is in nobody's way");
        assert_eq!(reader.runs(9).expect("read").len(), 2, "a look sees what came since");
        assert!(reader.abandoned_runs().expect("read").is_empty(), "this process lives");
    }

    #[test]
    fn what_is_no_ledger_is_refused() {
        let room = tempfile::tempdir().expect("a directory");
        let place = StorePath::new("storage.ledger_path", room.path().join("ledger.sqlite"));
        durable::replace(&place.path, "not a database at all, but long enough to look at").expect("written");
        let error = Ledger::open_read_only(&place).expect_err("no database");
        assert!(error.to_string().contains("ledger.sqlite"), "{error}");
    }
}
