//! Rows of `bars_*`; one layout for every interval.

use std::path::Path;

use arrow::{array::ArrayRef, datatypes::SchemaRef, record_batch::RecordBatch};
use jiff::civil::Date;

use super::{
    Prices, Row,
    value::{floats, hash_key, hash_maybe_float, hash_maybe_int, maybe_floats, maybe_ints, texts, times},
};
use crate::{
    digest::Hasher,
    market::{Interval, MinuteBar, Symbol},
    store::{
        StoreError, Table,
        columnar::{FloatColumn, IntColumn, TextColumn, TimeColumn, datetime_micros},
    },
};

/// The columns of `bars_*`.
pub struct MinuteColumns {
    ts: TimeColumn,
    symbol: TextColumn,
    prices: Prices,
    volume: IntColumn,
    amount: FloatColumn,
    source: TextColumn,
}

impl Row for MinuteBar {
    type Columns = MinuteColumns;
    type Key = (i64, Symbol);

    fn schema() -> SchemaRef {
        Table::Minute(Interval::M1).schema()
    }

    fn columns(origin: &Path, batch: &RecordBatch) -> Result<MinuteColumns, StoreError> {
        Ok(MinuteColumns {
            ts: TimeColumn::of(origin, batch, "ts")?,
            symbol: TextColumn::of(origin, batch, "symbol")?,
            prices: Prices::of(origin, batch)?,
            volume: IntColumn::of(origin, batch, "volume")?,
            amount: FloatColumn::of(origin, batch, "amount")?,
            source: TextColumn::of(origin, batch, "source")?,
        })
    }

    fn read(columns: &MinuteColumns, row: usize) -> Result<Self, String> {
        let [open, high, low, close] = columns.prices.read(row)?;
        Ok(Self {
            ts: columns.ts.datetime(row)?,
            symbol: columns.symbol.symbol(row)?,
            open,
            high,
            low,
            close,
            volume: columns.volume.optional(row)?,
            amount: columns.amount.optional(row)?,
            source: columns.source.shared(row),
        })
    }

    fn arrays(rows: &[Self]) -> Vec<ArrayRef> {
        vec![
            times(rows.iter().map(|bar| datetime_micros(bar.ts))),
            texts(rows.iter().map(|bar| bar.symbol.to_string())),
            floats(rows, |bar| bar.open),
            floats(rows, |bar| bar.high),
            floats(rows, |bar| bar.low),
            floats(rows, |bar| bar.close),
            maybe_ints(rows, |bar| bar.volume),
            maybe_floats(rows, |bar| bar.amount),
            texts(rows.iter().map(|bar| &bar.source)),
        ]
    }

    fn trade_date(&self) -> Date {
        self.ts.date()
    }

    fn symbol(&self) -> Symbol {
        self.symbol
    }

    fn key(&self) -> (i64, Symbol) {
        (datetime_micros(self.ts), self.symbol)
    }

    fn hash(&self, hasher: &mut Hasher) {
        hash_key(hasher, self.key());
        hasher.float(self.open).float(self.high).float(self.low).float(self.close);
        hash_maybe_int(hasher, self.volume);
        hash_maybe_float(hasher, self.amount);
        hasher.text(&self.source);
    }
}
