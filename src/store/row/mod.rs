//! Typed rows of the tables, to Arrow batches and back. One implementation of [`Row`] a table, each in
//! the file of its name.

mod action;
mod daily;
mod index;
mod minute;
mod prices;
mod security;
mod source;
mod value;

use std::path::Path;

use arrow::{array::ArrayRef, datatypes::SchemaRef, record_batch::RecordBatch};
use jiff::civil::Date;

pub use action::ActionColumns;
pub use daily::DailyColumns;
pub use index::IndexColumns;
pub use minute::MinuteColumns;
pub use prices::Prices;
pub use security::SecurityColumns;
pub use source::SourceColumns;

use super::StoreError;
use crate::{digest::Hasher, market::Symbol};

/// A row of a table.
pub trait Row: Sized + Clone + PartialEq {
    /// The typed columns of one batch.
    type Columns;

    /// What orders rows inside a partition and is unique there.
    type Key: Ord;

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

    /// Returns what orders the row inside its partition and is unique there.
    fn key(&self) -> Self::Key;

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
