//! Recovery on start: what the ledger acknowledges is brought back into every store, what it does not
//! is put aside. May be killed at any point and run again: it changes the ledger last.

mod file;
mod report;
mod table;

use std::path::Path;

use jiff::Timestamp;
use tracing::{info, warn};

pub use report::RecoveryReport;

use super::{
    Depth, Ledger, StoreError, StoreSettings, Stores, Table, WriteMode,
    content::partitions_in,
    database::Slice,
    partition::{plain_record, read_partition, write_manifest},
    quarantine::Quarantine,
};
use crate::{
    clock::Clock,
    durable,
    exit::{Exit, Failure},
};

impl Stores {
    /// Opens the stores, makes those that are missing, and recovers.
    ///
    /// # Errors
    /// `DirectoryMissing`, `NotAFile`, `NotADatabase` with the config key; `Busy`; what the stores say.
    /// Content that is lost is no error but in the report.
    pub fn open(settings: &StoreSettings, clock: &Clock, depth: Depth) -> Result<(Self, RecoveryReport), StoreError> {
        settings.check()?;
        let mut report = RecoveryReport::default();
        let quarantine = Quarantine::new(&settings.quarantine_dir, &clock.shanghai());
        let ledger = Ledger::open(&settings.ledger)?;
        if settings.write_mode == WriteMode::Dual {
            durable::make_directory(&settings.parquet.path)?;
        }
        let database = file::open_database(settings, &quarantine, &mut report)?;
        // A process that was killed while it made the database leaves its draft beside it.
        let place = settings.database().path.parent().unwrap_or(Path::new("."));
        durable::remove_abandoned(place)?;
        let mut stores = Self { settings: settings.clone(), ledger, database, failed: false };
        report.interrupted = stores.ledger.interrupt_orphans(clock.now())?;
        report.interrupted.extend(stores.ledger.interrupt_orphan_experiments()?);
        if stores.ledger.was_created() {
            stores.adopt(clock.now(), &mut report)?;
        }
        match stores.recover(depth, clock.now(), &quarantine, &mut report) {
            Err(cause) if cause.exit() == Exit::Corrupt && settings.write_mode == WriteMode::Dual => {
                warn!(%cause, "the database is rebuilt from Parquet");
                file::replace_database(&mut stores, &quarantine, &mut report)?;
                stores.recover(depth, clock.now(), &quarantine, &mut report)?;
            }
            other => other?,
        }
        let reconciled = stores.experiments().reconcile(&quarantine)?;
        report.quarantined.extend(reconciled.quarantined);
        report.adopted.extend(reconciled.adopted.into_iter().map(|id| format!("experiment {id}")));
        if reconciled.rewritten {
            report.rebuilt.push(format!("{} from the ledger", settings.experiments.path.display()));
        }
        report.lines().iter().for_each(|line| info!(line, "recovery"));
        Ok((stores, report))
    }

    /// Makes the database anew from Parquet and the ledger. The old one is put aside with its log, never
    /// deleted, and only after every acknowledged file was read and found whole.
    ///
    /// # Errors
    /// `Conflict` where no Parquet is written; `Damaged` or `Lost` names the first file that cannot be built
    /// from, and nothing is changed then; `Busy` when another process has the database.
    pub fn rebuild(settings: &StoreSettings, clock: &Clock) -> Result<(Self, RecoveryReport), StoreError> {
        settings.check()?;
        if settings.write_mode == WriteMode::Single {
            return Err(StoreError::NoSecondStore { key: settings.database().key.clone() });
        }
        let ledger = Ledger::open(&settings.ledger)?;
        for table in Table::ALL {
            for record in ledger.partitions(table)?.values() {
                read_partition(&settings.parquet.path, record)?;
            }
        }
        drop(ledger);
        file::require_free(settings)?;
        let quarantine = Quarantine::new(&settings.quarantine_dir, &clock.shanghai());
        let mut aside = RecoveryReport::default();
        file::put_database_aside(settings, &quarantine, &mut aside, "a rebuild was asked for")?;
        let (stores, mut report) = Self::open(settings, clock, Depth::Full)?;
        report.rebuilt.splice(0..0, aside.rebuilt);
        report.quarantined.splice(0..0, aside.quarantined);
        Ok((stores, report))
    }

    /// Takes over what the database holds where there was no ledger: a ledger that was lost must not
    /// make the bars disappear.
    fn adopt(&mut self, now: Timestamp, report: &mut RecoveryReport) -> Result<(), StoreError> {
        let mut records = Vec::new();
        for table in Table::ALL {
            let batches = self.database.read(table, &Slice::default())?;
            let found = partitions_in(table, self.database.path(), &batches)?;
            if !found.is_empty() {
                report.adopted.push(format!("{table}: {} dates of the database", found.len()));
                records.extend(found.values().map(plain_record));
            }
        }
        if !records.is_empty() {
            self.put_sums(&mut records)?;
            self.ledger.acknowledge(&records, &[], now)?;
        }
        Ok(())
    }

    fn recover(
        &mut self,
        depth: Depth,
        now: Timestamp,
        quarantine: &Quarantine,
        report: &mut RecoveryReport,
    ) -> Result<(), StoreError> {
        let mut records = Vec::new();
        let mut lost = Vec::new();
        let mut announced = false;
        for table in Table::ALL {
            announced |= !self.ledger.pending(table)?.is_empty();
            let fix = self.recover_table(table, depth, quarantine, report)?;
            records.extend(fix.records);
            lost.push((table, fix.lost));
        }
        if announced || !records.is_empty() {
            self.put_sums(&mut records)?;
            self.ledger.acknowledge(&records, &[], now)?;
        }
        for (table, dates) in lost {
            if !dates.is_empty() {
                self.ledger.forget(table, &dates)?;
            }
        }
        if self.settings.write_mode == WriteMode::Dual {
            for table in Table::ALL {
                write_manifest(&self.settings.parquet.path, table, &self.ledger.partitions(table)?)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::file::wal_path;
    use crate::{
        durable,
        exit::{Exit, Failure},
        market::MarketData,
        store::{
            Depth, Engine, Query, Table, WriteMode,
            fixture::{Room, assert_sample, bar, day, now},
        },
    };

    fn dual() -> Room {
        Room::filled(Engine::DuckDb, WriteMode::Dual)
    }

    #[test]
    fn missing_and_damaged_partitions_are_rebuilt_from_the_database() {
        for engine in [Engine::DuckDb, Engine::Sqlite] {
            let room = Room::filled(engine, WriteMode::Dual);
            let whole = fs::read(room.part(2)).expect("readable");
            fs::remove_file(room.part(3)).expect("removed");
            let mut flipped = whole.clone();
            flipped[whole.len() / 2] ^= 1;
            durable::replace(&room.part(2), flipped).expect("planted");
            let (stores, report) = room.open();
            assert_eq!(report.rebuilt.len(), 1, "{report:?}");
            assert_eq!((report.quarantined.len(), report.lost.len()), (1, 0), "{report:?}");
            assert_eq!(fs::read(room.part(2)).expect("readable"), whole, "the same bytes again");
            assert_sample(&stores);
            assert_eq!(stores.daily_from_parquet(day(3)).expect("checked").len(), 2);
            drop(stores);
            assert!(room.open().1.is_clean());
        }
    }

    #[test]
    fn missing_database_is_rebuilt_from_parquet() {
        for engine in [Engine::DuckDb, Engine::Sqlite] {
            let room = Room::filled(engine, WriteMode::Dual);
            fs::remove_file(&room.settings.database().path).expect("removed");
            let _ = fs::remove_file(wal_path(&room.settings));
            let (stores, report) = room.open();
            assert_eq!(report.rebuilt.len(), 5, "five tables: {report:?}");
            assert_sample(&stores);
        }
    }

    #[test]
    fn rows_changed_behind_the_ledger_are_seen_and_restored() {
        for (engine, sql) in [
            (Engine::DuckDb, "UPDATE daily SET close = 99 WHERE symbol = '600000.SH' AND date = '2020-01-03'"),
            (Engine::DuckDb, "DELETE FROM daily WHERE date = '2020-01-03'"),
            (Engine::DuckDb, "INSERT INTO daily SELECT * REPLACE (TIMESTAMP '2020-01-09' AS date) FROM daily"),
            (Engine::Sqlite, "UPDATE daily SET close = 99 WHERE symbol = '600000.SH' AND date LIKE '2020-01-03%'"),
        ] {
            let room = Room::filled(engine, WriteMode::Dual);
            let path = &room.settings.database().path;
            match engine {
                Engine::DuckDb => duckdb::Connection::open(path).expect("open").execute_batch(sql).expect("run"),
                Engine::Sqlite => rusqlite::Connection::open(path).expect("open").execute_batch(sql).expect("run"),
            }
            let (stores, report) = room.open();
            assert!(!report.is_clean() && report.lost.is_empty(), "{sql}: {report:?}");
            assert_sample(&stores);
            drop(stores);
            assert!(room.open().1.is_clean(), "{sql}");
        }
    }

    #[test]
    fn what_no_store_holds_is_lost_and_said_so() {
        let room = Room::filled(Engine::DuckDb, WriteMode::Single);
        let sql = "DELETE FROM daily WHERE date = '2020-01-03'";
        let path = &room.settings.duckdb.path;
        duckdb::Connection::open(path).expect("open").execute_batch(sql).expect("run");
        let (mut stores, report) = room.open();
        assert_eq!(report.lost.len(), 1, "{report:?}");
        assert_eq!(stores.counts().expect("counted")[&Table::Daily], 4);
        let again = MarketData { daily: vec![bar(3, "600000.SH", 3.0)], ..MarketData::default() };
        stores.import(&again, now()).expect("the date can be imported again");
        drop(stores);
        assert!(room.open().1.is_clean());
    }

    #[test]
    fn announced_import_is_completed_or_taken_back_as_the_database_says() {
        let room = dual();
        let (mut stores, _) = room.open();
        let newer = MarketData { daily: vec![bar(6, "600000.SH", 7.0)], ..MarketData::default() };
        let old = stores.partitions(Table::Daily).expect("listed");
        stores.import(&newer, now()).expect("imported");
        let new = stores.partitions(Table::Daily).expect("listed")[&day(6)].clone();
        // As a kill between the database's commit and the acknowledgement leaves it.
        stores.ledger.acknowledge(&[old[&day(6)].clone()], &[], now()).expect("planted");
        stores.ledger.announce(std::slice::from_ref(&new)).expect("planted");
        drop(stores);
        let (stores, report) = room.open();
        assert_eq!(report.settled, ["daily: an interrupted import of 1 dates completed"], "{report:?}");
        assert_eq!(stores.partitions(Table::Daily).expect("listed")[&day(6)].digest, new.digest);
        // As a kill before the database's commit leaves it.
        let mut never = new.clone();
        never.digest = crate::digest::Digest::of("never written");
        stores.ledger.announce(&[never]).expect("planted");
        drop(stores);
        let (stores, report) = room.open();
        assert_eq!(report.settled, ["daily: an interrupted import of 1 dates taken back"], "{report:?}");
        assert_eq!(stores.daily(&Query { from: Some(day(6)), ..Query::up_to(day(6)) }).expect("read")[1].close, 7.0);
        drop(stores);
        assert!(room.open().1.is_clean());
    }

    #[test]
    fn leftovers_are_moved_and_never_deleted() {
        let room = dual();
        let stray = room.part(2).with_file_name(".lighthunter-x.tmp");
        durable::replace(&stray, "torn").expect("planted");
        durable::replace(&room.part(3).with_file_name("other.parquet"), "unknown").expect("planted");
        let (_, report) = room.try_open(Depth::Quick).expect("opened");
        assert_eq!(report.quarantined.len(), 2, "{report:?}");
        assert_eq!(room.quarantined(), 2);
        assert!(!stray.exists());
    }

    /// Returns the log that rows leave which are committed but not checkpointed.
    fn log_of_unacknowledged_rows(room: &Room) -> Vec<u8> {
        let connection = duckdb::Connection::open(&room.settings.duckdb.path).expect("open");
        let insert = "INSERT INTO daily SELECT * REPLACE (TIMESTAMP '2020-01-09' AS date) FROM daily;";
        let sql = format!("PRAGMA disable_checkpoint_on_shutdown; {}", insert.repeat(4));
        connection.execute_batch(&sql).expect("run");
        fs::read(wal_path(&room.settings)).expect("a log")
    }

    #[test]
    fn damaged_log_is_put_aside_or_harmless_and_never_gives_wrong_rows() {
        let mut aside = 0;
        for part in 0..12 {
            let room = dual();
            let mut log = log_of_unacknowledged_rows(&room);
            let at = log.len() * part / 12;
            for byte in log.iter_mut().skip(at).take(16) {
                *byte ^= 0xff;
            }
            durable::replace(&wal_path(&room.settings), log).expect("planted");
            let (stores, report) = room.open();
            assert_sample(&stores);
            assert!(report.lost.is_empty(), "{part}: {report:?}");
            aside += usize::from(report.quarantined.len() == 2);
            drop(stores);
            assert!(room.open().1.is_clean(), "{part}");
        }
        assert!(aside > 0, "no damage made the log unreplayable");
    }

    #[test]
    fn damaged_database_never_gives_wrong_rows() {
        let whole = dual();
        let bytes = fs::read(&whole.settings.duckdb.path).expect("readable");
        for at in (0..bytes.len()).step_by(bytes.len() / 23) {
            let mut flipped = bytes.clone();
            for byte in flipped.iter_mut().skip(at).take(8) {
                *byte ^= 0xff;
            }
            durable::replace(&whole.settings.duckdb.path, flipped).expect("planted");
            match whole.try_open(Depth::Full) {
                Ok((stores, _)) => assert_sample(&stores),
                Err(error) => assert_eq!(error.exit(), Exit::Corrupt, "{at}: {error}"),
            }
        }
    }

    #[test]
    fn lost_ledger_does_not_make_the_bars_disappear() {
        let room = dual();
        for suffix in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(format!("{}{suffix}", room.settings.ledger.path.display()));
        }
        let (stores, report) = room.open();
        assert_eq!(report.adopted.len(), 5, "{report:?}");
        assert_sample(&stores);
        drop(stores);
        assert!(room.open().1.is_clean());
    }

    #[test]
    fn bad_place_of_the_database_is_an_error_with_the_key() {
        for engine in [Engine::DuckDb, Engine::Sqlite] {
            let mut room = Room::new(engine, WriteMode::Dual);
            let good = room.settings.database().path.clone();
            let place = |room: &mut Room, path| match engine {
                Engine::DuckDb => room.settings.duckdb.path = path,
                Engine::Sqlite => room.settings.sqlite.path = path,
            };
            let cases = [
                (good.with_file_name("__invalid_path__/x.db"), Exit::Storage, "does not exist"),
                (room.room.path().to_path_buf(), Exit::Storage, "is not a file but a directory"),
                (good.with_file_name("notes.txt"), Exit::Corrupt, "is not a usable"),
            ];
            durable::replace(&good.with_file_name("notes.txt"), "no database ".repeat(999)).expect("planted");
            for (path, exit, words) in cases {
                place(&mut room, path);
                let error = room.try_open(Depth::Quick).map(|_| ()).expect_err("refused");
                let text = error.to_string();
                assert_eq!(error.exit(), exit, "{text}");
                assert!(text.contains(words) && text.starts_with("storage.ts."), "{text}");
                assert!(error.remedy().is_some());
            }
            assert!(!room.room.path().join("__invalid_path__").exists());
        }
    }
}
