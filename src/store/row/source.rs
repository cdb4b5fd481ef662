//! Rows of `multi_source_daily`: the bars of `daily` by source and version.

use std::{path::Path, sync::Arc};

use arrow::{
    array::{ArrayRef, BooleanArray},
    datatypes::SchemaRef,
    record_batch::RecordBatch,
};
use jiff::{Timestamp, civil::Date};

use super::{
    DailyColumns, Row,
    value::{floats, hash_key, hash_maybe_float, hash_maybe_int, maybe_floats, maybe_ints, texts, times},
};
use crate::{
    digest::Hasher,
    market::{DailyBar, SourceBar, Symbol},
    store::{
        StoreError, Table,
        columnar::{FloatColumn, IntColumn, date_micros},
    },
};

/// The columns of `multi_source_daily`: those of `daily`, and which delivery it was.
pub struct SourceColumns {
    bar: DailyColumns,
    version: IntColumn,
    received_at: IntColumn,
}

impl Row for SourceBar {
    type Columns = SourceColumns;
    type Key = (i64, Symbol, Arc<str>, u32);

    fn schema() -> SchemaRef {
        Table::MultiSource.schema()
    }

    fn columns(origin: &Path, batch: &RecordBatch) -> Result<SourceColumns, StoreError> {
        // An input may lack the factor; this table may not.
        FloatColumn::of(origin, batch, "adj_factor")?;
        Ok(SourceColumns {
            bar: DailyBar::columns(origin, batch)?,
            version: IntColumn::of(origin, batch, "version")?,
            received_at: IntColumn::of(origin, batch, "received_at")?,
        })
    }

    fn read(columns: &SourceColumns, row: usize) -> Result<Self, String> {
        let required = |column: &IntColumn, name| column.optional(row)?.ok_or_else(|| format!("{name} is missing"));
        let version = required(&columns.version, "version")?;
        let received_at = required(&columns.received_at, "received_at")?;
        Ok(Self {
            bar: DailyBar::read(&columns.bar, row)?,
            version: u32::try_from(version).map_err(|_| format!("version {version} is not a version"))?,
            received_at: Timestamp::from_microsecond(received_at)
                .map_err(|error| format!("received_at {received_at}: {error}"))?,
        })
    }

    fn arrays(rows: &[Self]) -> Vec<ArrayRef> {
        vec![
            times(rows.iter().map(|row| date_micros(row.bar.date))),
            texts(rows.iter().map(|row| row.bar.symbol.to_string())),
            texts(rows.iter().map(|row| &row.bar.source)),
            maybe_ints(rows, |row| Some(i64::from(row.version))),
            floats(rows, |row| row.bar.open),
            floats(rows, |row| row.bar.high),
            floats(rows, |row| row.bar.low),
            floats(rows, |row| row.bar.close),
            maybe_ints(rows, |row| row.bar.volume),
            maybe_floats(rows, |row| row.bar.amount),
            maybe_floats(rows, |row| row.bar.preclose),
            maybe_floats(rows, |row| Some(row.bar.adj_factor).filter(|factor| !factor.is_nan())),
            Arc::new(rows.iter().map(|row| Some(row.bar.suspended)).collect::<BooleanArray>()),
            maybe_ints(rows, |row| Some(row.received_at.as_microsecond())),
        ]
    }

    fn trade_date(&self) -> Date {
        self.bar.date
    }

    fn symbol(&self) -> Symbol {
        self.bar.symbol
    }

    fn key(&self) -> Self::Key {
        (date_micros(self.bar.date), self.bar.symbol, Arc::clone(&self.bar.source), self.version)
    }

    fn hash(&self, hasher: &mut Hasher) {
        let bar = &self.bar;
        hash_key(hasher, (date_micros(bar.date), bar.symbol));
        hasher.text(&bar.source).int(i64::from(self.version)).int(self.received_at.as_microsecond());
        hasher.float(bar.open).float(bar.high).float(bar.low).float(bar.close);
        hash_maybe_int(hasher, bar.volume);
        hash_maybe_float(hasher, bar.amount);
        hash_maybe_float(hasher, bar.preclose);
        hasher.float(bar.adj_factor).int(i64::from(bar.suspended));
    }
}
