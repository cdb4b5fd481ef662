//! Amends stored daily bars row by row: repairs by another source, and their way back. As an import, but rows can
//! also be taken out, and no date is added.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, civil::Date};

use super::{
    Row, StoreError, Stores, Table,
    content::{digest_of, partition_of},
    database::Slice,
    import::{Plan, TableImport},
};
use crate::market::{DailyBar, Symbol};

impl Stores {
    /// Puts daily bars over those of their dates and symbols and takes others out; returns how many dates were
    /// written. Every date must have bars before and after. Durable when this returns.
    ///
    /// # Errors
    /// `Damaged` when a date does not hold what the ledger says, or would be left without a bar; else what the
    /// stores say. Nothing is acknowledged then, and the next opening completes or takes back.
    pub fn amend_daily(
        &mut self,
        put: &[DailyBar],
        removed: &BTreeSet<(Date, Symbol)>,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let table = Table::Daily;
        if self.failed {
            return Err(StoreError::Poisoned { path: self.database.path().into() });
        }
        let dates: BTreeSet<Date> =
            put.iter().map(|bar| bar.date).chain(removed.iter().map(|(date, _)| *date)).collect();
        let known = self.ledger.partitions(table)?;
        let mut plan = Plan::default();
        for date in dates {
            let slice = Slice { from: Some(date), up_to: Some(date), symbols: None };
            let path = self.database.path().to_owned();
            let stored = DailyBar::from_batches(&path, &self.database.read(table, &slice)?)?;
            let found = digest_of(&stored);
            let damaged = |expected: String, found: String| {
                let path = path.join(format!("{table} {date}"));
                StoreError::Damaged { path, expected, found }
            };
            let Some(record) = known.get(&date) else {
                return Err(damaged("bars to amend".into(), "none".into()));
            };
            if found != record.digest {
                return Err(damaged(record.digest.short(), found.short()));
            }
            let mut rows: BTreeMap<_, DailyBar> = stored.into_iter().map(|bar| (bar.key(), bar)).collect();
            rows.retain(|_, bar| !removed.contains(&(bar.date, bar.symbol)));
            for bar in put.iter().filter(|bar| bar.date == date) {
                rows.insert(bar.key(), bar.clone());
            }
            let rows: Vec<DailyBar> = rows.into_values().collect();
            if rows.is_empty() {
                return Err(damaged("a bar that stays".into(), "none".into()));
            }
            let partition = partition_of(table, date, &rows)?;
            if partition.digest != record.digest {
                plan.partitions.push(partition);
                plan.replaced.entry(table).or_default().push(date);
            }
        }
        let written = plan.partitions.len();
        if written > 0 {
            plan.report.insert(table, TableImport { partitions_written: written as u64, ..TableImport::default() });
            // After a failed write or sync nothing is known of what reached the disk.
            self.failed = true;
            self.commit(&plan, now)?;
            self.failed = false;
        }
        Ok(written)
    }
}
