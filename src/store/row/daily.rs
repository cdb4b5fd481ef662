//! Rows of `daily`.

use std::{path::Path, sync::Arc};

use arrow::{
    array::{ArrayRef, BooleanArray},
    datatypes::SchemaRef,
    record_batch::RecordBatch,
};
use jiff::civil::Date;

use super::{
    Prices, Row,
    value::{floats, hash_key, hash_maybe_float, hash_maybe_int, maybe_floats, maybe_ints, texts, times},
};
use crate::{
    digest::Hasher,
    market::{DailyBar, Symbol},
    store::{
        StoreError, Table,
        columnar::{FlagColumn, FloatColumn, IntColumn, TextColumn, TimeColumn, date_micros},
    },
};

/// The columns of `daily`.
pub struct DailyColumns {
    date: TimeColumn,
    symbol: TextColumn,
    prices: Prices,
    volume: IntColumn,
    amount: FloatColumn,
    preclose: FloatColumn,
    /// None in an input that lacks the column; the stores always have it.
    adj_factor: Option<FloatColumn>,
    suspended: FlagColumn,
    source: TextColumn,
}

impl Row for DailyBar {
    type Columns = DailyColumns;
    type Key = (i64, Symbol);

    fn schema() -> SchemaRef {
        Table::Daily.schema()
    }

    fn columns(origin: &Path, batch: &RecordBatch) -> Result<DailyColumns, StoreError> {
        Ok(DailyColumns {
            date: TimeColumn::of(origin, batch, "date")?,
            symbol: TextColumn::of(origin, batch, "symbol")?,
            prices: Prices::of(origin, batch)?,
            volume: IntColumn::of(origin, batch, "volume")?,
            amount: FloatColumn::of(origin, batch, "amount")?,
            preclose: FloatColumn::of(origin, batch, "preclose")?,
            adj_factor: batch
                .column_by_name("adj_factor")
                .map(|_| FloatColumn::of(origin, batch, "adj_factor"))
                .transpose()?,
            suspended: FlagColumn::of(origin, batch, "suspended")?,
            source: TextColumn::of(origin, batch, "source")?,
        })
    }

    fn read(columns: &DailyColumns, row: usize) -> Result<Self, String> {
        let [open, high, low, close] = columns.prices.read(row)?;
        Ok(Self {
            date: columns.date.date(row)?,
            symbol: columns.symbol.symbol(row)?,
            open,
            high,
            low,
            close,
            volume: columns.volume.optional(row)?,
            amount: columns.amount.optional(row)?,
            preclose: columns.preclose.optional(row)?,
            adj_factor: match &columns.adj_factor {
                Some(column) => column.optional(row)?.unwrap_or(f64::NAN),
                None => f64::NAN,
            },
            suspended: columns.suspended.required(row)?,
            source: columns.source.shared(row),
        })
    }

    fn arrays(rows: &[Self]) -> Vec<ArrayRef> {
        vec![
            times(rows.iter().map(|bar| date_micros(bar.date))),
            texts(rows.iter().map(|bar| bar.symbol.to_string())),
            floats(rows, |bar| bar.open),
            floats(rows, |bar| bar.high),
            floats(rows, |bar| bar.low),
            floats(rows, |bar| bar.close),
            maybe_ints(rows, |bar| bar.volume),
            maybe_floats(rows, |bar| bar.amount),
            maybe_floats(rows, |bar| bar.preclose),
            maybe_floats(rows, |bar| Some(bar.adj_factor).filter(|factor| !factor.is_nan())),
            Arc::new(rows.iter().map(|bar| Some(bar.suspended)).collect::<BooleanArray>()),
            texts(rows.iter().map(|bar| &bar.source)),
        ]
    }

    fn trade_date(&self) -> Date {
        self.date
    }

    fn symbol(&self) -> Symbol {
        self.symbol
    }

    fn key(&self) -> (i64, Symbol) {
        (date_micros(self.trade_date()), self.symbol)
    }

    fn hash(&self, hasher: &mut Hasher) {
        hash_key(hasher, self.key());
        hasher.float(self.open).float(self.high).float(self.low).float(self.close);
        hash_maybe_int(hasher, self.volume);
        hash_maybe_float(hasher, self.amount);
        hash_maybe_float(hasher, self.preclose);
        hasher.float(self.adj_factor).int(i64::from(self.suspended)).text(&self.source);
    }
}
