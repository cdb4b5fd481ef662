//! Rows of `corporate_actions`.

use std::path::Path;

use arrow::{array::ArrayRef, datatypes::SchemaRef, record_batch::RecordBatch};
use jiff::civil::Date;

use super::{
    Row,
    value::{floats, hash_key, texts, times},
};
use crate::{
    digest::Hasher,
    market::{CorporateAction, Symbol},
    store::{
        StoreError, Table,
        columnar::{FloatColumn, TextColumn, TimeColumn, date_micros},
    },
};

/// The columns of `corporate_actions`.
pub struct ActionColumns {
    symbol: TextColumn,
    ex_date: TimeColumn,
    amounts: [FloatColumn; 4],
}

impl Row for CorporateAction {
    type Columns = ActionColumns;
    type Key = (i64, Symbol);

    fn schema() -> SchemaRef {
        Table::Actions.schema()
    }

    fn columns(origin: &Path, batch: &RecordBatch) -> Result<ActionColumns, StoreError> {
        let amount = |name| FloatColumn::of(origin, batch, name);
        Ok(ActionColumns {
            symbol: TextColumn::of(origin, batch, "symbol")?,
            ex_date: TimeColumn::of(origin, batch, "ex_date")?,
            amounts: [
                amount("cash_per_10")?,
                amount("bonus_per_10")?,
                amount("rights_per_10")?,
                amount("rights_price")?,
            ],
        })
    }

    fn read(columns: &ActionColumns, row: usize) -> Result<Self, String> {
        let [cash, bonus, rights, price] = &columns.amounts;
        Ok(Self {
            symbol: columns.symbol.symbol(row)?,
            ex_date: columns.ex_date.date(row)?,
            cash_per_10: cash.required(row)?,
            bonus_per_10: bonus.required(row)?,
            rights_per_10: rights.required(row)?,
            rights_price: price.required(row)?,
        })
    }

    fn arrays(rows: &[Self]) -> Vec<ArrayRef> {
        vec![
            texts(rows.iter().map(|action| action.symbol.to_string())),
            times(rows.iter().map(|action| date_micros(action.ex_date))),
            floats(rows, |action| action.cash_per_10),
            floats(rows, |action| action.bonus_per_10),
            floats(rows, |action| action.rights_per_10),
            floats(rows, |action| action.rights_price),
        ]
    }

    fn trade_date(&self) -> Date {
        self.ex_date
    }

    fn symbol(&self) -> Symbol {
        self.symbol
    }

    fn key(&self) -> (i64, Symbol) {
        (date_micros(self.trade_date()), self.symbol)
    }

    fn hash(&self, hasher: &mut Hasher) {
        hash_key(hasher, self.key());
        hasher.float(self.cash_per_10).float(self.bonus_per_10).float(self.rights_per_10).float(self.rights_price);
    }
}
