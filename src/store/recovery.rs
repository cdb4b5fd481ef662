//! Recovery on start: what the ledger acknowledges is brought back into every store, what it does not
//! is put aside. May be killed at any point and run again: it changes the ledger last.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use jiff::{Timestamp, civil::Date};
use tracing::{error, info, warn};

use super::{
    Depth, Engine, Ledger, PartitionRecord, StoreError, StoreSettings, Stores, Table, WriteMode,
    content::{Partition, partitions_in},
    database::{self, Database, DateSum, Slice},
    import::changes,
    partition::{MANIFEST, encode, files_below, plain_record, read_partition, write_manifest},
    quarantine::Quarantine,
};
use crate::{
    clock::Clock,
    digest::Digest,
    durable,
    exit::{Exit, Failure},
};

/// What was found wrong on start and what was done about it, as sentences.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecoveryReport {
    /// What was brought back, and from where.
    pub rebuilt: Vec<String>,
    /// Imports of a killed process that were completed or taken back.
    pub settled: Vec<String>,
    /// Files that were moved aside.
    pub quarantined: Vec<PathBuf>,
    /// Runs and experiments of dead processes.
    pub interrupted: Vec<String>,
    /// Content that a new ledger took over from the stores.
    pub adopted: Vec<String>,
    /// What was acknowledged and is in no store any more; import it again.
    pub lost: Vec<String>,
}

impl RecoveryReport {
    /// Says whether everything was as the ledger has it.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        *self == Self::default()
    }

    /// Returns all sentences, the worst first.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let moved = self.quarantined.iter().map(|path| format!("moved to {}", path.display()));
        let interrupted = self.interrupted.iter().map(|id| format!("{id} was interrupted"));
        let texts = [&self.lost, &self.rebuilt, &self.settled, &self.adopted];
        texts.into_iter().flatten().cloned().chain(moved).chain(interrupted).collect()
    }
}

/// What recovery found and will write of one table.
#[derive(Debug, Default)]
struct TableFix {
    records: Vec<PartitionRecord>,
    lost: Vec<Date>,
}

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
        let database = open_database(settings, &quarantine, &mut report)?;
        let mut stores = Self { settings: settings.clone(), ledger, database, failed: false };
        report.interrupted = stores.ledger.interrupt_orphans(clock.now())?;
        report.interrupted.extend(stores.ledger.interrupt_orphan_experiments()?);
        if stores.ledger.was_created() {
            stores.adopt(clock.now(), &mut report)?;
        }
        match stores.recover(depth, clock.now(), &quarantine, &mut report) {
            Err(cause) if cause.exit() == Exit::Corrupt && settings.write_mode == WriteMode::Dual => {
                warn!(%cause, "the database is rebuilt from Parquet");
                stores.replace_database(&quarantine, &mut report)?;
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

    fn replace_database(&mut self, quarantine: &Quarantine, report: &mut RecoveryReport) -> Result<(), StoreError> {
        let place = self.settings.database().clone();
        // The handle is dropped before its file is moved: an empty one in memory takes its place.
        let idle = tempfile::tempdir().map_err(StoreError::io("make a directory for", &place.path))?;
        let idle = super::StorePath::new(place.key.clone(), idle.path().join("idle.sqlite"));
        self.database = Box::new(super::lite::LiteStore::open(&idle)?);
        put_database_aside(&self.settings, quarantine, report, "damaged pages")?;
        self.database = database::open(self.settings.engine, &place)?;
        Ok(())
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

    fn recover_table(
        &mut self,
        table: Table,
        depth: Depth,
        quarantine: &Quarantine,
        report: &mut RecoveryReport,
    ) -> Result<TableFix, StoreError> {
        let mut expected = self.ledger.partitions(table)?;
        let pending = self.ledger.pending(table)?;
        let sums = self.database.sums(table)?;
        let doubtful = doubtful_dates(&expected, &pending, &sums, depth);
        let held = self.held(table, &doubtful)?;
        let mut fix = TableFix::default();
        settle(table, &mut expected, &pending, &held, &mut fix, report);
        let wrong: Vec<Date> = doubtful
            .iter()
            .filter(|date| expected.contains_key(date))
            .filter(|date| held.get(date).map(|found| found.digest) != expected.get(date).map(|record| record.digest))
            .copied()
            .collect();
        // Same rows, another version's checksum: noted anew.
        let renewed = doubtful.iter().filter(|date| !wrong.contains(date)).filter_map(|date| expected.get(date));
        fix.records.extend(renewed.filter(|record| !is_sum(record, &sums)).cloned());
        let extra: Vec<Date> = sums.keys().filter(|date| !expected.contains_key(date)).copied().collect();
        let broken = self.broken_files(table, &expected, depth, quarantine, report)?;
        self.rebuild_database(table, &expected, &wrong, &extra, &mut fix, report)?;
        self.rebuild_files(table, &expected, &broken, &mut fix, report)?;
        Ok(fix)
    }

    /// Reads the rows of some dates from the database; rows that cannot be read are not held.
    fn held(&self, table: Table, dates: &BTreeSet<Date>) -> Result<BTreeMap<Date, Partition>, StoreError> {
        let (Some(first), Some(last)) = (dates.first(), dates.last()) else {
            return Ok(BTreeMap::new());
        };
        let slice = Slice { from: Some(*first), up_to: Some(*last), symbols: None };
        let batches = self.database.read(table, &slice)?;
        match partitions_in(table, self.database.path(), &batches) {
            Err(StoreError::Row { problem, .. }) => {
                warn!(%table, problem, "the database holds a row that no import wrote");
                Ok(BTreeMap::new())
            }
            found => found,
        }
    }

    /// Returns the dates whose file is not the acknowledged one; that file and all files that the
    /// ledger does not know are put aside.
    fn broken_files(
        &self,
        table: Table,
        expected: &BTreeMap<Date, PartitionRecord>,
        depth: Depth,
        quarantine: &Quarantine,
        report: &mut RecoveryReport,
    ) -> Result<Vec<Date>, StoreError> {
        if self.settings.write_mode == WriteMode::Single {
            return Ok(Vec::new());
        }
        let root = &self.settings.parquet.path;
        let directory = root.join(table.name());
        let mut unknown: BTreeSet<PathBuf> = files_below(&directory)?.into_iter().collect();
        unknown.remove(&directory.join(MANIFEST));
        let mut broken = Vec::new();
        for record in expected.values() {
            let path = root.join(&record.path);
            if record.sha256.is_some() && is_acknowledged(&path, record, depth) {
                unknown.remove(&path);
            } else {
                broken.push(record.trade_date);
            }
        }
        for path in unknown {
            report.quarantined.push(quarantine.take(&path, "not a file that the ledger acknowledges")?);
        }
        Ok(broken)
    }

    fn rebuild_database(
        &mut self,
        table: Table,
        expected: &BTreeMap<Date, PartitionRecord>,
        wrong: &[Date],
        extra: &[Date],
        fix: &mut TableFix,
        report: &mut RecoveryReport,
    ) -> Result<(), StoreError> {
        if wrong.is_empty() && extra.is_empty() {
            return Ok(());
        }
        let mut partitions = Vec::new();
        for date in wrong {
            let Some(record) = expected.get(date) else { continue };
            match read_partition(&self.settings.parquet.path, record) {
                Ok(partition) => partitions.push(partition),
                Err(cause) => {
                    error!(%table, %date, %cause, "no store holds the acknowledged rows");
                    report.lost.push(format!("{table} {date}: lost, {cause}"));
                    fix.lost.push(*date);
                }
            }
        }
        let replaced = BTreeMap::from([(table, [wrong, extra].concat())]);
        self.database.apply(&changes(&partitions, &replaced)?)?;
        if !partitions.is_empty() {
            report.rebuilt.push(format!("{table}: {} dates in the database from Parquet", partitions.len()));
        }
        if !extra.is_empty() {
            report.settled.push(format!("{table}: {} dates that were never acknowledged taken back", extra.len()));
        }
        let restored = partitions.iter().filter_map(|partition| expected.get(&partition.trade_date));
        fix.records.extend(restored.cloned());
        Ok(())
    }

    fn rebuild_files(
        &mut self,
        table: Table,
        expected: &BTreeMap<Date, PartitionRecord>,
        broken: &[Date],
        fix: &mut TableFix,
        report: &mut RecoveryReport,
    ) -> Result<(), StoreError> {
        let dates: BTreeSet<Date> = broken.iter().filter(|date| !fix.lost.contains(date)).copied().collect();
        let held = self.held(table, &dates)?;
        let mut partitions = Vec::new();
        for date in &dates {
            match (held.get(date), expected.get(date)) {
                (Some(found), Some(record)) if found.digest == record.digest => partitions.push(found.clone()),
                _ => {
                    error!(%table, %date, "no store holds the acknowledged rows");
                    report.lost.push(format!("{table} {date}: lost, neither the database nor Parquet has it"));
                    fix.lost.push(*date);
                }
            }
        }
        if partitions.is_empty() {
            return Ok(());
        }
        let root = &self.settings.parquet.path;
        let mut files = durable::Batch::new(root);
        let encoded = encode(&partitions)?;
        for partition in &encoded {
            files.stage(&root.join(&partition.record.path), &partition.bytes)?;
        }
        files.sync()?.publish()?;
        report.rebuilt.push(format!("{table}: {} Parquet files from the database", encoded.len()));
        let dates: BTreeSet<Date> = encoded.iter().map(|partition| partition.record.trade_date).collect();
        fix.records.retain(|record| !dates.contains(&record.trade_date));
        fix.records.extend(encoded.into_iter().map(|partition| partition.record));
        Ok(())
    }
}

/// Returns the dates whose rows in the database must be read to know whether they are right.
fn doubtful_dates(
    expected: &BTreeMap<Date, PartitionRecord>,
    pending: &BTreeMap<Date, PartitionRecord>,
    sums: &BTreeMap<Date, DateSum>,
    depth: Depth,
) -> BTreeSet<Date> {
    let unsure = |record: &&PartitionRecord| match sums.get(&record.trade_date) {
        Some(found) if found.rows == record.rows => match depth {
            Depth::Full => !is_sum(record, sums) || found.sum.is_none(),
            Depth::Quick => !is_sum(record, sums),
        },
        _ => true,
    };
    let doubtful = expected.values().filter(unsure).map(|record| record.trade_date);
    doubtful.chain(pending.keys().copied()).collect()
}

fn is_sum(record: &PartitionRecord, sums: &BTreeMap<Date, DateSum>) -> bool {
    sums.get(&record.trade_date).is_some_and(|found| found.sum == record.engine_sum)
}

/// Decides announced partitions: those whose rows the database holds were committed and are completed.
fn settle(
    table: Table,
    expected: &mut BTreeMap<Date, PartitionRecord>,
    pending: &BTreeMap<Date, PartitionRecord>,
    held: &BTreeMap<Date, Partition>,
    fix: &mut TableFix,
    report: &mut RecoveryReport,
) {
    let mut completed = 0;
    for (date, record) in pending {
        if held.get(date).is_some_and(|found| found.digest == record.digest) {
            expected.insert(*date, record.clone());
            fix.records.push(record.clone());
            completed += 1;
        }
    }
    if completed > 0 {
        report.settled.push(format!("{table}: an interrupted import of {completed} dates completed"));
    }
    if completed < pending.len() {
        let count = pending.len() - completed;
        report.settled.push(format!("{table}: an interrupted import of {count} dates taken back"));
    }
}

fn is_acknowledged(path: &std::path::Path, record: &PartitionRecord, depth: Depth) -> bool {
    match depth {
        Depth::Quick => fs::metadata(path).is_ok_and(|found| found.is_file() && found.len() == record.bytes),
        Depth::Full => Digest::of_file(path).is_ok_and(|found| Some(found) == record.sha256),
    }
}

/// Opens the database. A DuckDB log that cannot be replayed is put aside together with its database,
/// which is then made anew and filled from Parquet.
fn open_database(
    settings: &StoreSettings,
    quarantine: &Quarantine,
    report: &mut RecoveryReport,
) -> Result<Box<dyn Database>, StoreError> {
    let place = settings.database();
    match database::open(settings.engine, place) {
        Err(cause @ StoreError::NotADatabase { .. })
            if settings.write_mode == WriteMode::Dual && wal_path(settings).exists() =>
        {
            warn!(%cause, "the database and its log are put aside and rebuilt from Parquet");
            put_database_aside(settings, quarantine, report, "its log cannot be replayed")?;
            database::open(settings.engine, place)
        }
        opened => opened,
    }
}

fn wal_path(settings: &StoreSettings) -> PathBuf {
    let mut name = settings.database().path.clone().into_os_string();
    name.push(match settings.engine {
        Engine::DuckDb => ".wal",
        Engine::Sqlite => "-wal",
    });
    name.into()
}

fn put_database_aside(
    settings: &StoreSettings,
    quarantine: &Quarantine,
    report: &mut RecoveryReport,
    reason: &str,
) -> Result<(), StoreError> {
    for path in [settings.database().path.clone(), wal_path(settings)] {
        if path.exists() {
            report.quarantined.push(quarantine.take(&path, reason)?);
        }
    }
    report.rebuilt.push(format!("{}: made anew, {reason}", settings.database().path.display()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Depth, Engine, WriteMode, wal_path};
    use crate::{
        durable,
        exit::{Exit, Failure},
        market::MarketData,
        store::{
            Query, Table,
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
            assert_eq!(report.rebuilt.len(), 4, "four tables: {report:?}");
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
        assert_eq!(report.adopted.len(), 4, "{report:?}");
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
