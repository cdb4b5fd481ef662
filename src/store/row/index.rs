//! Rows of `index_daily`.

use std::path::Path;

use arrow::{array::ArrayRef, datatypes::SchemaRef, record_batch::RecordBatch};
use jiff::civil::Date;

use super::{
    Prices, Row,
    value::{floats, hash_key, hash_maybe_int, maybe_ints, texts, times},
};
use crate::{
    digest::Hasher,
    market::{IndexBar, Symbol},
    store::{
        StoreError, Table,
        columnar::{IntColumn, TextColumn, TimeColumn, date_micros},
    },
};

/// The columns of `index_daily`.
pub struct IndexColumns {
    date: TimeColumn,
    symbol: TextColumn,
    prices: Prices,
    volume: IntColumn,
}

impl Row for IndexBar {
    type Columns = IndexColumns;
    type Key = (i64, Symbol);

    fn schema() -> SchemaRef {
        Table::Index.schema()
    }

    fn columns(origin: &Path, batch: &RecordBatch) -> Result<IndexColumns, StoreError> {
        Ok(IndexColumns {
            date: TimeColumn::of(origin, batch, "date")?,
            symbol: TextColumn::of(origin, batch, "symbol")?,
            prices: Prices::of(origin, batch)?,
            volume: IntColumn::of(origin, batch, "volume")?,
        })
    }

    fn read(columns: &IndexColumns, row: usize) -> Result<Self, String> {
        let [open, high, low, close] = columns.prices.read(row)?;
        let (date, symbol) = (columns.date.date(row)?, columns.symbol.symbol(row)?);
        Ok(Self { date, symbol, open, high, low, close, volume: columns.volume.optional(row)? })
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
    }
}
