//! Recovery of one table: its rows in the database and its Parquet files against the ledger, each
//! rebuilt from the other. What neither holds is lost and said so.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use jiff::civil::Date;
use tracing::{error, warn};

use super::RecoveryReport;
use crate::{
    digest::Digest,
    durable,
    store::{
        Depth, PartitionRecord, StoreError, Stores, Table, WriteMode,
        content::{Partition, partitions_in},
        database::{DateSum, Slice},
        import::changes,
        partition::{MANIFEST, encode, files_below, read_partition},
        quarantine::Quarantine,
    },
};

/// What recovery found and will write of one table.
#[derive(Debug, Default)]
pub(super) struct TableFix {
    pub(super) records: Vec<PartitionRecord>,
    pub(super) lost: Vec<Date>,
}

impl Stores {
    pub(super) fn recover_table(
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
            // What a killed import had not yet named holds nothing that was acknowledged, and is no find.
            if durable::is_temporary(&path) {
                durable::remove_abandoned(path.parent().unwrap_or(&directory))?;
                if !path.exists() {
                    continue;
                }
            }
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

fn is_acknowledged(path: &Path, record: &PartitionRecord, depth: Depth) -> bool {
    match depth {
        Depth::Quick => fs::metadata(path).is_ok_and(|found| found.is_file() && found.len() == record.bytes),
        Depth::Full => Digest::of_file(path).is_ok_and(|found| Some(found) == record.sha256),
    }
}
