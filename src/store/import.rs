//! Imports: rows in, only those partitions written whose content changes, acknowledged last.
//!
//! Order of a commit: announce in the ledger, Parquet files under temporary names and synced, the
//! database in one transaction, names, acknowledgement. The database decides what a killed import
//! becomes: holds it the announced rows, `recovery` completes the import, else it takes it back.

use std::collections::{BTreeMap, btree_map::Entry};

use arrow::compute::concat_batches;
use arrow::util::display::array_value_to_string;
use jiff::{Timestamp, civil::Date};

use super::{
    PartitionRecord, RevisionRecord, Row, StoreError, Stores, Table, WriteMode,
    content::{Partition, by_date, digest_of, normalise, partition_of},
    database::{Slice, TableChange},
    partition::{encode, plain_record, write_manifest},
};
use crate::{digest::Digest, durable, market::MarketData};

/// Rows that are read at once to lay others over them.
const SPAN_ROWS: u64 = 500_000;

/// What an import did with one table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableImport {
    /// Rows that were handed in.
    pub rows_given: u64,
    /// Rows handed in whose key another row after it had; that one counts.
    pub duplicates: u64,
    /// Rows that are new or have other values than before.
    pub rows_changed: u64,
    /// Rows that replaced an older delivery of theirs.
    pub revisions: u64,
    /// Dates that were written.
    pub partitions_written: u64,
    /// Dates that hold exactly these rows already.
    pub partitions_unchanged: u64,
}

/// What an import did, by table; tables without rows are left out.
pub type ImportReport = BTreeMap<Table, TableImport>;

/// What an import will write.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) partitions: Vec<Partition>,
    pub(super) replaced: BTreeMap<Table, Vec<Date>>,
    pub(super) revisions: Vec<RevisionRecord>,
    pub(super) report: ImportReport,
}

impl Stores {
    /// Imports rows: of one table, date and symbol the newer row wins, other symbols stay. What is there
    /// already is not written again. Durable when this returns.
    ///
    /// # Errors
    /// What the stores say; nothing is acknowledged then, and the next opening completes or takes back.
    pub fn import(&mut self, data: &MarketData, now: Timestamp) -> Result<ImportReport, StoreError> {
        if self.failed {
            return Err(StoreError::Poisoned { path: self.database.path().into() });
        }
        let mut plan = Plan::default();
        self.plan(Table::Daily, &data.daily, &mut plan)?;
        self.plan(Table::Index, &data.index, &mut plan)?;
        self.plan(Table::Actions, &data.actions, &mut plan)?;
        self.plan(Table::Securities, &data.securities, &mut plan)?;
        self.plan(Table::MultiSource, &self.versioned(&data.source_bars)?, &mut plan)?;
        for (interval, bars) in &data.minute {
            self.plan(Table::Minute(*interval), bars, &mut plan)?;
        }
        if !plan.partitions.is_empty() {
            // After a failed write or sync nothing is known of what reached the disk.
            self.failed = true;
            self.commit(&plan, now)?;
            self.failed = false;
        }
        Ok(plan.report)
    }

    fn plan<R: Row>(&self, table: Table, given: &[R], plan: &mut Plan) -> Result<(), StoreError> {
        if given.is_empty() {
            return Ok(());
        }
        let mut rows = given.to_vec();
        let duplicates = normalise(&mut rows) as u64;
        let mut report = TableImport { rows_given: given.len() as u64, duplicates, ..TableImport::default() };
        let known = self.ledger.partitions(table)?;
        let mut touched = Vec::new();
        for (date, chunk) in by_date(&rows) {
            match known.get(&date) {
                Some(record) if record.digest == digest_of(chunk) => report.partitions_unchanged += 1,
                Some(record) => touched.push((record, chunk)),
                None => {
                    report.rows_changed += chunk.len() as u64;
                    plan.partitions.push(partition_of(table, date, chunk)?);
                }
            }
        }
        // Span by span, so that the rows that are there never stand in memory all at once.
        for span in spans(&touched) {
            self.merge(table, span, plan, &mut report)?;
        }
        report.partitions_written = plan.partitions.iter().filter(|partition| partition.table == table).count() as u64;
        plan.report.insert(table, report);
        Ok(())
    }

    /// Lays rows over those that are there, date by date.
    fn merge<R: Row>(
        &self,
        table: Table,
        touched: &[(&PartitionRecord, &[R])],
        plan: &mut Plan,
        report: &mut TableImport,
    ) -> Result<(), StoreError> {
        let (Some((first, _)), Some((last, _))) = (touched.first(), touched.last()) else {
            return Ok(());
        };
        let slice = Slice { from: Some(first.trade_date), up_to: Some(last.trade_date), symbols: None };
        let path = self.database.path();
        let stored = R::from_batches(path, &self.database.read(table, &slice)?)?;
        let stored: BTreeMap<Date, &[R]> = by_date(&stored).collect();
        for (record, rows) in touched {
            let date = record.trade_date;
            let old = stored.get(&date).copied().unwrap_or_default();
            let found = digest_of(old);
            if found != record.digest {
                let path = path.join(format!("{table} {date}"));
                return Err(StoreError::Damaged { path, expected: record.digest.short(), found: found.short() });
            }
            let mut merged: BTreeMap<_, R> = old.iter().map(|row| (row.key(), row.clone())).collect();
            for row in *rows {
                match merged.insert(row.key(), row.clone()) {
                    // By their digests: a value that is missing equals itself.
                    Some(before)
                        if digest_of(std::slice::from_ref(&before)) == digest_of(std::slice::from_ref(row)) => {}
                    Some(before) => {
                        plan.revisions.push(revision(table, &before, row)?);
                        report.revisions += 1;
                        report.rows_changed += 1;
                    }
                    None => report.rows_changed += 1,
                }
            }
            let merged: Vec<R> = merged.into_values().collect();
            let partition = partition_of(table, date, &merged)?;
            if partition.digest == record.digest {
                report.partitions_unchanged += 1;
            } else {
                plan.partitions.push(partition);
                plan.replaced.entry(table).or_default().push(date);
            }
        }
        Ok(())
    }

    pub(super) fn commit(&mut self, plan: &Plan, now: Timestamp) -> Result<(), StoreError> {
        let dual = self.settings.write_mode == WriteMode::Dual;
        let encoded = if dual { encode(&plan.partitions)? } else { Vec::new() };
        let mut records: Vec<PartitionRecord> = if dual {
            encoded.iter().map(|partition| partition.record.clone()).collect()
        } else {
            plan.partitions.iter().map(plain_record).collect()
        };
        self.ledger.announce(&records)?;
        let root = &self.settings.parquet.path;
        let mut files = durable::Batch::new(root);
        for partition in &encoded {
            files.stage(&root.join(&partition.record.path), &partition.bytes)?;
        }
        let files = files.sync()?;
        self.database.apply(&changes(&plan.partitions, &plan.replaced)?)?;
        files.publish()?;
        self.put_sums(&mut records)?;
        self.ledger.acknowledge(&records, &plan.revisions, now)?;
        if dual {
            for table in plan.report.keys() {
                write_manifest(root, *table, &self.ledger.partitions(*table)?)?;
            }
        }
        Ok(())
    }

    /// Fills in the database's own sums, and sees that it counts the rows that were written.
    pub(super) fn put_sums(&self, records: &mut [PartitionRecord]) -> Result<(), StoreError> {
        let mut sums = BTreeMap::new();
        for record in records {
            let table = record.table;
            let known = match sums.entry(table) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(place) => place.insert(self.database.sums(table)?),
            };
            let found = known.get(&record.trade_date);
            let rows = found.map_or(0, |found| found.rows);
            if rows != record.rows {
                let path = self.database.path().join(format!("{table} {}", record.trade_date));
                let (expected, found) = (format!("{} rows", record.rows), format!("{rows} rows"));
                return Err(StoreError::Damaged { path, expected, found });
            }
            record.engine_sum = found.and_then(|found| found.sum.clone());
        }
        Ok(())
    }
}

/// Cuts dates into spans of at most about [`SPAN_ROWS`] rows that are there.
fn spans<'a, 't, R>(touched: &'t [(&'a PartitionRecord, &'a [R])]) -> Vec<&'t [(&'a PartitionRecord, &'a [R])]> {
    let (mut spans, mut from, mut rows) = (Vec::new(), 0, 0);
    for (place, (record, _)) in touched.iter().enumerate() {
        rows += record.rows;
        if rows > SPAN_ROWS && place > from {
            spans.extend(touched.get(from..place));
            (from, rows) = (place, record.rows);
        }
    }
    spans.extend(touched.get(from..));
    spans
}

/// Gathers partitions into one change a table.
pub(super) fn changes(
    partitions: &[Partition],
    replaced: &BTreeMap<Table, Vec<Date>>,
) -> Result<Vec<TableChange>, StoreError> {
    let mut tables: BTreeMap<Table, Vec<&Partition>> = replaced.keys().map(|table| (*table, Vec::new())).collect();
    for partition in partitions {
        tables.entry(partition.table).or_default().push(partition);
    }
    let change = |(table, partitions): (Table, Vec<&Partition>)| {
        let batches = partitions.iter().map(|partition| &partition.batch);
        let batch =
            concat_batches(&table.schema(), batches).map_err(StoreError::arrow(std::path::Path::new(table.name())))?;
        Ok(TableChange { table, replaced: replaced.get(&table).cloned().unwrap_or_default(), batch })
    };
    tables.into_iter().map(change).collect()
}

/// Writes down which values of a row changed.
fn revision<R: Row>(table: Table, old: &R, new: &R) -> Result<RevisionRecord, StoreError> {
    let (before, after) = (R::to_batch(std::slice::from_ref(old))?, R::to_batch(std::slice::from_ref(new))?);
    let (mut was, mut is) = (Vec::new(), Vec::new());
    for ((field, left), right) in before.schema_ref().fields().iter().zip(before.columns()).zip(after.columns()) {
        let text = |array| array_value_to_string(array, 0).unwrap_or_default();
        if left != right {
            was.push(format!("{}={}", field.name(), text(left)));
            is.push(format!("{}={}", field.name(), text(right)));
        }
    }
    let (trade_date, symbol) = (new.trade_date(), new.symbol());
    Ok(RevisionRecord { table, trade_date, symbol, old: was.join(" "), new: is.join(" ") })
}

/// Returns the digest that the ledger has for a table: of the dates and digests of its partitions.
pub(super) fn table_digest(records: &BTreeMap<Date, PartitionRecord>, up_to: Option<Date>) -> Digest {
    let mut hasher = crate::digest::Hasher::new("lighthunter.table.1");
    for record in records.values().filter(|record| up_to.is_none_or(|limit| record.trade_date <= limit)) {
        hasher.text(&record.trade_date.to_string()).digest(&record.digest);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use crate::{
        market::MarketData,
        store::{
            Engine, Query, StoreError, Table, WriteMode,
            fixture::{Room, assert_sample, bar, day, now, sample},
        },
    };

    const ALL: [(Engine, WriteMode); 4] = [
        (Engine::DuckDb, WriteMode::Dual),
        (Engine::DuckDb, WriteMode::Single),
        (Engine::Sqlite, WriteMode::Dual),
        (Engine::Sqlite, WriteMode::Single),
    ];

    #[test]
    fn rows_come_back_equal_and_are_not_written_twice() {
        for (engine, mode) in ALL {
            let room = Room::filled(engine, mode);
            let (mut stores, report) = room.open();
            assert!(report.is_clean(), "{engine:?} {mode:?}: {report:?}");
            assert_sample(&stores);
            let before = stores.data_digest(day(31)).expect("a digest");
            let again = stores.import(&sample(), now()).expect("imported");
            let daily = &again[&Table::Daily];
            assert_eq!((daily.partitions_written, daily.partitions_unchanged, daily.rows_changed), (0, 3, 0));
            assert_eq!(stores.data_digest(day(31)).expect("a digest"), before);
            // Files and manifests of five tables: three dates, and one each.
            assert_eq!(room.parquet_files(), if mode == WriteMode::Dual { 7 + 5 } else { 0 });
        }
    }

    #[test]
    fn newer_row_wins_is_recorded_and_leaves_other_symbols() {
        for (engine, mode) in ALL {
            let room = Room::filled(engine, mode);
            let (mut stores, _) = room.open();
            let newer = MarketData {
                daily: vec![bar(6, "600000.SH", 4.5), bar(6, "300750.SZ", 5.0), bar(2, "000001.SZ", 2.0)],
                ..MarketData::default()
            };
            let report = &stores.import(&newer, now()).expect("imported")[&Table::Daily];
            assert_eq!((report.partitions_written, report.partitions_unchanged), (1, 1), "{engine:?} {mode:?}");
            assert_eq!((report.rows_changed, report.revisions), (2, 1));
            let query = Query { from: Some(day(4)), up_to: day(31), symbols: None };
            let rows = stores.daily(&query).expect("read");
            assert_eq!(rows, [bar(6, "000001.SZ", 2.0), bar(6, "300750.SZ", 5.0), bar(6, "600000.SH", 4.5)]);
            let revisions = stores.ledger().revisions().expect("listed");
            assert_eq!(revisions.len(), 1);
            assert_eq!((revisions[0].old.as_str(), revisions[0].new.as_str()), ("close=3.0", "close=4.5"));
            drop(stores);
            assert!(room.open().1.is_clean());
        }
    }

    #[test]
    fn spans_leave_no_date_out() {
        let record = |rows| crate::store::PartitionRecord {
            table: Table::Daily,
            trade_date: day(2),
            rows,
            digest: crate::digest::Digest::of("x"),
            sha256: None,
            bytes: 0,
            path: String::new(),
            engine_sum: None,
        };
        let cases: [(&[u64], &[usize]); 5] = [
            (&[], &[0]),
            (&[1, 2, 3], &[3]),
            (&[600_000], &[1]),
            (&[400_000, 100_000, 1, 600_000, 5], &[2, 1, 1, 1]),
            (&[600_000, 600_000], &[1, 1]),
        ];
        for (rows, expected) in cases {
            let records: Vec<_> = rows.iter().map(|rows| record(*rows)).collect();
            let touched: Vec<(_, &[i32])> = records.iter().map(|record| (record, &[] as &[i32])).collect();
            let found: Vec<usize> = super::spans(&touched).iter().map(|span| span.len()).collect();
            assert_eq!(found, expected, "{rows:?}");
        }
    }

    #[test]
    fn of_rows_with_one_key_the_last_counts() {
        let room = Room::new(Engine::DuckDb, WriteMode::Dual);
        let (mut stores, _) = room.open();
        let daily = vec![bar(2, "600000.SH", 1.0), bar(2, "600000.SH", 2.0)];
        let report = stores.import(&MarketData { daily, ..MarketData::default() }, now()).expect("imported");
        assert_eq!(report[&Table::Daily].duplicates, 1);
        assert_eq!(stores.daily(&Query::up_to(day(2))).expect("read"), [bar(2, "600000.SH", 2.0)]);
    }

    #[test]
    fn failed_import_writes_nothing_more_until_opened_again() {
        let room = Room::filled(Engine::DuckDb, WriteMode::Dual);
        let (mut stores, _) = room.open();
        let blocked = room.settings.parquet.path.join("daily/trade_date=2020-01-07");
        crate::durable::replace(&blocked, "a file in place of the directory").expect("planted");
        let newer = MarketData { daily: vec![bar(7, "600000.SH", 1.0)], ..MarketData::default() };
        assert!(stores.import(&newer, now()).is_err());
        assert!(matches!(stores.import(&newer, now()), Err(StoreError::Poisoned { .. })));
        drop(stores);
        let (mut stores, report) = room.open();
        assert_eq!(report.settled.len(), 1, "{report:?}");
        assert_sample(&stores);
        stores.import(&newer, now()).expect("the obstacle is in quarantine");
        assert_eq!(stores.last_date(Table::Daily).expect("a date"), Some(day(7)));
    }
}
