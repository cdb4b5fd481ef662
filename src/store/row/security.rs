//! Rows of `securities`.

use std::path::Path;

use arrow::{array::ArrayRef, datatypes::SchemaRef, record_batch::RecordBatch};
use jiff::civil::Date;

use super::{
    Row,
    value::{hash_key, texts, times},
};
use crate::{
    digest::Hasher,
    market::{SecurityEvent, Symbol},
    store::{
        StoreError, Table,
        columnar::{TextColumn, TimeColumn, date_micros},
    },
};

/// The columns of `securities`.
pub struct SecurityColumns {
    date: TimeColumn,
    symbol: TextColumn,
    status: TextColumn,
    name: TextColumn,
}

impl Row for SecurityEvent {
    type Columns = SecurityColumns;
    type Key = (i64, Symbol);

    fn schema() -> SchemaRef {
        Table::Securities.schema()
    }

    fn columns(origin: &Path, batch: &RecordBatch) -> Result<SecurityColumns, StoreError> {
        Ok(SecurityColumns {
            date: TimeColumn::of(origin, batch, "date")?,
            symbol: TextColumn::of(origin, batch, "symbol")?,
            status: TextColumn::of(origin, batch, "status")?,
            name: TextColumn::of(origin, batch, "name")?,
        })
    }

    fn read(columns: &SecurityColumns, row: usize) -> Result<Self, String> {
        Ok(Self {
            date: columns.date.date(row)?,
            symbol: columns.symbol.symbol(row)?,
            status: columns.status.shared(row).parse().map_err(|error| format!("{error}"))?,
            name: columns.name.shared(row),
        })
    }

    fn arrays(rows: &[Self]) -> Vec<ArrayRef> {
        vec![
            times(rows.iter().map(|event| date_micros(event.date))),
            texts(rows.iter().map(|event| event.symbol.to_string())),
            texts(rows.iter().map(|event| event.status.name())),
            texts(rows.iter().map(|event| &event.name)),
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
        hasher.text(self.status.name()).text(&self.name);
    }
}
