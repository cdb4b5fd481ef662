//! Rows of `multi_source_daily`: the bars of `daily` by source and version.

use std::{path::Path, sync::Arc};

use arrow::{
    array::{ArrayRef, BooleanArray},
    datatypes::SchemaRef,
    record_batch::RecordBatch,
};
use jiff::{Timestamp, civil::Date};

use super::{
    Prices, Row,
    value::{floats, hash_key, hash_maybe_float, hash_maybe_int, maybe_floats, maybe_ints, texts, times},
};
use crate::{
    digest::Hasher,
    market::{DailyBar, SourceBar, Symbol},
    store::{
        StoreError, Table,
        columnar::{FlagColumn, FloatColumn, IntColumn, TextColumn, TimeColumn, date_micros},
    },
};

/// The columns of `multi_source_daily`.
pub struct SourceColumns {
    date: TimeColumn,
    symbol: TextColumn,
    source: TextColumn,
    version: IntColumn,
    prices: Prices,
    volume: IntColumn,
    amount: FloatColumn,
    preclose: FloatColumn,
    adj_factor: FloatColumn,
    suspended: FlagColumn,
    received_at: IntColumn,
}

impl Row for SourceBar {
    type Columns = SourceColumns;
    type Key = (i64, Symbol, Arc<str>, u32);

    fn schema() -> SchemaRef {
        Table::MultiSource.schema()
    }

    fn columns(origin: &Path, batch: &RecordBatch) -> Result<SourceColumns, StoreError> {
        Ok(SourceColumns {
            date: TimeColumn::of(origin, batch, "date")?,
            symbol: TextColumn::of(origin, batch, "symbol")?,
            source: TextColumn::of(origin, batch, "source")?,
            version: IntColumn::of(origin, batch, "version")?,
            prices: Prices::of(origin, batch)?,
            volume: IntColumn::of(origin, batch, "volume")?,
            amount: FloatColumn::of(origin, batch, "amount")?,
            preclose: FloatColumn::of(origin, batch, "preclose")?,
            adj_factor: FloatColumn::of(origin, batch, "adj_factor")?,
            suspended: FlagColumn::of(origin, batch, "suspended")?,
            received_at: IntColumn::of(origin, batch, "received_at")?,
        })
    }

    fn read(columns: &SourceColumns, row: usize) -> Result<Self, String> {
        let [open, high, low, close] = columns.prices.read(row)?;
        let required = |column: &IntColumn, name| column.optional(row)?.ok_or_else(|| format!("{name} is missing"));
        let version = required(&columns.version, "version")?;
        let received_at = required(&columns.received_at, "received_at")?;
        Ok(Self {
            bar: DailyBar {
                date: columns.date.date(row)?,
                symbol: columns.symbol.symbol(row)?,
                open,
                high,
                low,
                close,
                volume: columns.volume.optional(row)?,
                amount: columns.amount.optional(row)?,
                preclose: columns.preclose.optional(row)?,
                adj_factor: columns.adj_factor.optional(row)?.unwrap_or(f64::NAN),
                suspended: columns.suspended.required(row)?,
                source: columns.source.shared(row),
            },
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
