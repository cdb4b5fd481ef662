//! The logical content of partitions: typed rows sorted, made unique and digested, independent of the
//! store that holds them. Writes nothing.

use std::{collections::BTreeMap, path::Path};

use arrow::record_batch::RecordBatch;
use jiff::civil::Date;

use super::{Row, StoreError, Table};
use crate::{
    digest::{Digest, Hasher},
    market::{CorporateAction, DailyBar, IndexBar, MinuteBar, SecurityEvent, SourceBar},
};

/// The rows of one table and date.
#[derive(Debug, Clone)]
pub(crate) struct Partition {
    pub(crate) table: Table,
    pub(crate) trade_date: Date,
    pub(crate) rows: u64,
    pub(crate) digest: Digest,
    pub(crate) batch: RecordBatch,
}

/// Sorts rows by date and key; of rows with one key the last counts. Returns how many were dropped.
pub(crate) fn normalise<R: Row>(rows: &mut Vec<R>) -> usize {
    let before = rows.len();
    if rows.is_sorted_by(|a, b| a.key() < b.key()) {
        return 0;
    }
    // Stable, and reversed for the removal, so that the last of equal keys is the one that stays.
    rows.reverse();
    rows.sort_by_key(Row::key);
    rows.dedup_by(|later, first| later.key() == first.key());
    before - rows.len()
}

/// Cuts sorted rows into dates.
pub(crate) fn by_date<R: Row>(rows: &[R]) -> impl Iterator<Item = (Date, &[R])> {
    let chunks = rows.chunk_by(|a, b| a.trade_date() == b.trade_date());
    chunks.filter_map(|chunk| chunk.first().map(|row| (row.trade_date(), chunk)))
}

/// Returns the digest of sorted rows of one date.
pub(crate) fn digest_of<R: Row>(rows: &[R]) -> Digest {
    let mut hasher = Hasher::new("lighthunter.partition.1");
    hasher.int(rows.len() as i64);
    for row in rows {
        row.hash(&mut hasher);
    }
    hasher.finish()
}

/// Makes a partition of sorted rows of one date.
pub(crate) fn partition_of<R: Row>(table: Table, trade_date: Date, rows: &[R]) -> Result<Partition, StoreError> {
    Ok(Partition { table, trade_date, rows: rows.len() as u64, digest: digest_of(rows), batch: R::to_batch(rows)? })
}

/// Reads batches of a table back into partitions.
///
/// # Errors
/// When a row cannot be read: `origin` is then not what a store wrote.
pub(crate) fn partitions_in(
    table: Table,
    origin: &Path,
    batches: &[RecordBatch],
) -> Result<BTreeMap<Date, Partition>, StoreError> {
    match table {
        Table::Daily => typed::<DailyBar>(table, origin, batches),
        Table::Index => typed::<IndexBar>(table, origin, batches),
        Table::Actions => typed::<CorporateAction>(table, origin, batches),
        Table::Securities => typed::<SecurityEvent>(table, origin, batches),
        Table::Minute(_) => typed::<MinuteBar>(table, origin, batches),
        Table::MultiSource => typed::<SourceBar>(table, origin, batches),
    }
}

fn typed<R: Row>(
    table: Table,
    origin: &Path,
    batches: &[RecordBatch],
) -> Result<BTreeMap<Date, Partition>, StoreError> {
    let mut rows = R::from_batches(origin, batches)?;
    // Rows of one key are kept here: a store that holds one twice must differ from the ledger.
    if !rows.is_sorted_by_key(Row::key) {
        rows.sort_by_key(Row::key);
    }
    by_date(&rows).map(|(date, rows)| Ok((date, partition_of(table, date, rows)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::{digest_of, normalise};
    use crate::market::IndexBar;

    #[test]
    fn last_of_equal_keys_counts_and_order_does_not() {
        let bar = |day, close| IndexBar {
            date: jiff::civil::date(2020, 1, day),
            symbol: "000300.SH".parse().expect("a symbol"),
            open: 1.0,
            high: 1.0,
            low: 1.0,
            close,
            volume: None,
        };
        let mut rows = vec![bar(3, 1.0), bar(2, 2.0), bar(3, 4.0), bar(2, 2.0)];
        assert_eq!(normalise(&mut rows), 2);
        assert_eq!(rows, [bar(2, 2.0), bar(3, 4.0)]);
        assert_eq!(digest_of(&rows), digest_of(&[bar(2, 2.0), bar(3, 4.0)]));
        assert_ne!(digest_of(&rows), digest_of(&rows[..1]));
    }
}
