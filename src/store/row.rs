//! Typed rows of the tables, to Arrow batches and back. One implementation of [`Row`] a table.

use std::{path::Path, sync::Arc};

use arrow::{
    array::{ArrayRef, BooleanArray, Float64Array, Int64Array, StringArray, TimestampMicrosecondArray},
    datatypes::SchemaRef,
    record_batch::RecordBatch,
};
use jiff::civil::Date;

use super::{
    StoreError, Table,
    columnar::{FlagColumn, FloatColumn, IntColumn, TextColumn, TimeColumn, date_micros, datetime_micros},
};
use crate::{
    digest::Hasher,
    market::{CorporateAction, DailyBar, IndexBar, Interval, MinuteBar, Symbol},
};

/// A row of a table.
pub trait Row: Sized + Clone + PartialEq {
    /// The typed columns of one batch.
    type Columns;

    /// Returns the columns of the table in file order.
    fn schema() -> SchemaRef;

    /// Finds the columns in a batch; `origin` names the file in errors.
    ///
    /// # Errors
    /// `Schema` names the column that is missing or has another type.
    fn columns(origin: &Path, batch: &RecordBatch) -> Result<Self::Columns, StoreError>;

    /// Reads one row.
    ///
    /// # Errors
    /// Says which value is missing or impossible.
    fn read(columns: &Self::Columns, row: usize) -> Result<Self, String>;

    /// Returns the rows as arrays in file order.
    fn arrays(rows: &[Self]) -> Vec<ArrayRef>;

    /// Returns the trading date whose partition holds the row.
    fn trade_date(&self) -> Date;

    /// Returns the symbol.
    fn symbol(&self) -> Symbol;

    /// Returns what orders rows inside a partition and is unique there: microseconds and symbol.
    fn key(&self) -> (i64, Symbol) {
        (date_micros(self.trade_date()), self.symbol())
    }

    /// Adds every value of the row to a digest.
    fn hash(&self, hasher: &mut Hasher);

    /// Makes a batch of rows.
    ///
    /// # Errors
    /// When Arrow refuses the columns, which is a defect.
    fn to_batch(rows: &[Self]) -> Result<RecordBatch, StoreError> {
        RecordBatch::try_new(Self::schema(), Self::arrays(rows)).map_err(StoreError::arrow(Path::new("rows")))
    }

    /// Reads every row of the batches; a row that cannot be read says why and does not stop the others.
    ///
    /// # Errors
    /// `Schema` when a column is missing, unknown or of another type: then no row can be trusted.
    fn parse(origin: &Path, batches: &[RecordBatch]) -> Result<Vec<Result<Self, String>>, StoreError> {
        let known = Self::schema();
        let mut rows = Vec::with_capacity(batches.iter().map(RecordBatch::num_rows).sum());
        for batch in batches {
            let fields = batch.schema_ref().fields();
            if let Some(field) = fields.iter().find(|field| known.column_with_name(field.name()).is_none()) {
                return Err(StoreError::Schema {
                    path: origin.into(),
                    column: field.name().clone(),
                    problem: "is not a column of this table".into(),
                });
            }
            let columns = Self::columns(origin, batch)?;
            rows.extend((0..batch.num_rows()).map(|row| Self::read(&columns, row)));
        }
        Ok(rows)
    }

    /// Reads every row of the batches and stops at the first that cannot be read.
    ///
    /// # Errors
    /// `Schema` as [`Row::parse`]; `Row` names the first bad row, counted from 1.
    fn from_batches(origin: &Path, batches: &[RecordBatch]) -> Result<Vec<Self>, StoreError> {
        let rows = Self::parse(origin, batches)?.into_iter().enumerate();
        rows.map(|(index, row)| row.map_err(|problem| StoreError::Row { path: origin.into(), row: index + 1, problem }))
            .collect()
    }
}

fn times(values: impl Iterator<Item = i64>) -> ArrayRef {
    Arc::new(TimestampMicrosecondArray::from_iter_values(values))
}

fn texts<T: AsRef<str>>(values: impl Iterator<Item = T>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

fn floats<R>(rows: &[R], value: impl Fn(&R) -> f64) -> ArrayRef {
    Arc::new(Float64Array::from_iter_values(rows.iter().map(value)))
}

fn maybe_floats<R>(rows: &[R], value: impl Fn(&R) -> Option<f64>) -> ArrayRef {
    Arc::new(rows.iter().map(value).collect::<Float64Array>())
}

fn maybe_ints<R>(rows: &[R], value: impl Fn(&R) -> Option<i64>) -> ArrayRef {
    Arc::new(rows.iter().map(value).collect::<Int64Array>())
}

fn hash_key(hasher: &mut Hasher, (micros, symbol): (i64, Symbol)) {
    hasher.int(micros).int(i64::from(symbol.code())).int(symbol.exchange() as i64);
}

fn hash_maybe<T>(hasher: &mut Hasher, value: Option<T>, add: impl FnOnce(&mut Hasher, T)) {
    hasher.int(i64::from(value.is_some()));
    if let Some(value) = value {
        add(hasher, value);
    }
}

fn hash_maybe_float(hasher: &mut Hasher, value: Option<f64>) {
    hash_maybe(hasher, value, |hasher, value| {
        hasher.float(value);
    });
}

fn hash_maybe_int(hasher: &mut Hasher, value: Option<i64>) {
    hash_maybe(hasher, value, |hasher, value| {
        hasher.int(value);
    });
}

/// The four prices of a bar.
pub struct Prices([FloatColumn; 4]);

impl Prices {
    fn of(origin: &Path, batch: &RecordBatch) -> Result<Self, StoreError> {
        let column = |name| FloatColumn::of(origin, batch, name);
        Ok(Self([column("open")?, column("high")?, column("low")?, column("close")?]))
    }

    fn read(&self, row: usize) -> Result<[f64; 4], String> {
        let [open, high, low, close] = &self.0;
        Ok([open.required(row)?, high.required(row)?, low.required(row)?, close.required(row)?])
    }
}

/// The columns of `daily`.
pub struct DailyColumns {
    date: TimeColumn,
    symbol: TextColumn,
    prices: Prices,
    volume: IntColumn,
    amount: FloatColumn,
    preclose: FloatColumn,
    adj_factor: FloatColumn,
    suspended: FlagColumn,
    source: TextColumn,
}

impl Row for DailyBar {
    type Columns = DailyColumns;

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
            adj_factor: FloatColumn::of(origin, batch, "adj_factor")?,
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
            adj_factor: columns.adj_factor.required(row)?,
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
            floats(rows, |bar| bar.adj_factor),
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

    fn hash(&self, hasher: &mut Hasher) {
        hash_key(hasher, self.key());
        hasher.float(self.open).float(self.high).float(self.low).float(self.close);
        hash_maybe_int(hasher, self.volume);
        hash_maybe_float(hasher, self.amount);
        hash_maybe_float(hasher, self.preclose);
        hasher.float(self.adj_factor).int(i64::from(self.suspended)).text(&self.source);
    }
}

/// The columns of `index_daily`.
pub struct IndexColumns {
    date: TimeColumn,
    symbol: TextColumn,
    prices: Prices,
    volume: IntColumn,
}

impl Row for IndexBar {
    type Columns = IndexColumns;

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

    fn hash(&self, hasher: &mut Hasher) {
        hash_key(hasher, self.key());
        hasher.float(self.open).float(self.high).float(self.low).float(self.close);
        hash_maybe_int(hasher, self.volume);
    }
}

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

/// The columns of `corporate_actions`.
pub struct ActionColumns {
    symbol: TextColumn,
    ex_date: TimeColumn,
    amounts: [FloatColumn; 4],
}

impl Row for CorporateAction {
    type Columns = ActionColumns;

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

    fn hash(&self, hasher: &mut Hasher) {
        hash_key(hasher, self.key());
        hasher.float(self.cash_per_10).float(self.bonus_per_10).float(self.rights_per_10).float(self.rights_price);
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::Row;
    use crate::{
        market::{CorporateAction, DailyBar, IndexBar, MinuteBar},
        store::{StoreError, read_parquet},
    };

    fn real(file: &str) -> Option<PathBuf> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/visible").join(file);
        if !path.is_file() {
            eprintln!("skipped: {} not present", path.display());
            return None;
        }
        Some(path)
    }

    fn rows<R: Row>(file: &str) -> Option<Vec<R>> {
        let path = real(file)?;
        Some(R::from_batches(&path, &read_parquet(&path).expect("readable")).expect("the layout's columns"))
    }

    #[test]
    fn real_files_have_the_layout() {
        if let Some(bars) = rows::<DailyBar>("daily_2017_2020.parquet") {
            assert_eq!(bars.len(), 120_809);
            assert_eq!((bars[0].date, bars[0].symbol.code()), (jiff::civil::date(2017, 1, 3), 157));
            assert_eq!((bars[0].close, bars[0].volume, bars[0].amount), (4.54, Some(39_280_187), None));
        }
        assert!(rows::<IndexBar>("index_daily_2017_2020.parquet").is_none_or(|bars| bars.len() == 1948));
        assert!(rows::<CorporateAction>("corporate_actions_2005_2020.parquet").is_none_or(|rows| rows.len() == 1353));
        assert!(rows::<MinuteBar>("bars_60m.parquet").is_none_or(|bars| bars.len() == 2880));
    }

    #[test]
    fn file_of_another_table_is_refused_by_column() {
        let Some(path) = real("index_daily_2017_2020.parquet") else { return };
        let batches = read_parquet(&path).expect("readable");
        match DailyBar::from_batches(&path, &batches) {
            Err(StoreError::Schema { column, .. }) => assert_eq!(column, "amount"),
            other => panic!("not refused: {:?}", other.map(|rows| rows.len())),
        }
    }
}
