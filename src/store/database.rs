//! What the stores ask of a database, whichever engine it is. Knows no ledger.

use std::{collections::BTreeMap, fmt, path::Path};

use arrow::record_batch::RecordBatch;
use jiff::civil::Date;

use super::{Engine, StoreError, StorePath, Table, duck::DuckStore, lite::LiteStore};
use crate::{digest::Digest, market::Symbol};

/// Which rows are asked for.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Slice<'a> {
    pub(crate) from: Option<Date>,
    pub(crate) up_to: Option<Date>,
    pub(crate) symbols: Option<&'a [Symbol]>,
}

impl Slice<'_> {
    /// Returns the condition in SQL; dates and symbols are typed, so that nothing can be smuggled in.
    pub(crate) fn condition(&self, time: &str) -> String {
        let mut parts = vec!["true".to_owned()];
        parts.extend(self.from.map(|date| format!("{time} >= '{date} 00:00:00'")));
        parts.extend(self.up_to.map(|date| format!("{time} <= '{date} 23:59:59.999999'")));
        parts.extend(self.symbols.map(|symbols| {
            let names: Vec<String> = symbols.iter().map(|symbol| format!("'{symbol}'")).collect();
            if names.is_empty() { "false".into() } else { format!("symbol IN ({})", names.join(", ")) }
        }));
        parts.join(" AND ")
    }
}

/// Rows of one table that replace all rows of some dates.
#[derive(Debug)]
pub(crate) struct TableChange {
    pub(crate) table: Table,
    /// Dates whose rows are there already and go.
    pub(crate) replaced: Vec<Date>,
    pub(crate) batch: RecordBatch,
}

/// A date's rows as the engine counts them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DateSum {
    pub(crate) rows: u64,
    /// The engine's own checksum with its version; absent where it has none.
    pub(crate) sum: Option<String>,
}

/// A database that holds the tables.
pub(crate) trait Database: fmt::Debug + Send {
    /// Returns the file.
    fn path(&self) -> &Path;

    /// Writes a row, reads it back and takes it back: shows that the database can be written to.
    fn probe(&self) -> Result<(), StoreError>;

    /// Replaces rows in one transaction; durable when this returns.
    fn apply(&mut self, changes: &[TableChange]) -> Result<(), StoreError>;

    /// Returns rows, by time and symbol.
    fn read(&self, table: Table, slice: &Slice<'_>) -> Result<Vec<RecordBatch>, StoreError>;

    /// Returns the sums of all dates.
    fn sums(&self, table: Table) -> Result<BTreeMap<Date, DateSum>, StoreError>;

    /// Says whether a table is there and has a row: a database of an older version lacks tables.
    fn has_rows(&self, table: Table) -> Result<bool, StoreError>;

    /// Returns the digest of a table's content, independent of the order of its rows on disk.
    fn digest(&self, table: Table) -> Result<Digest, StoreError>;
}

/// What a probe writes: a table that no transaction ever commits.
pub(crate) const PROBE: &str = "BEGIN; CREATE TABLE lighthunter_probe (n INTEGER);
    INSERT INTO lighthunter_probe VALUES (1); SELECT n FROM lighthunter_probe; ROLLBACK;";

/// Opens the database for writing and makes it where it is missing.
pub(crate) fn open(engine: Engine, place: &StorePath) -> Result<Box<dyn Database>, StoreError> {
    Ok(match engine {
        Engine::DuckDb => Box::new(DuckStore::open(place)?),
        Engine::Sqlite => Box::new(LiteStore::open(place)?),
    })
}

/// Opens the database for reading; it must be there.
pub(crate) fn open_read_only(engine: Engine, place: &StorePath) -> Result<Box<dyn Database>, StoreError> {
    Ok(match engine {
        Engine::DuckDb => Box::new(DuckStore::open_read_only(place)?),
        Engine::Sqlite => Box::new(LiteStore::open_read_only(place)?),
    })
}

/// Returns the names of a table's columns, quoted for SQL.
pub(crate) fn column_list(table: Table) -> String {
    let names: Vec<String> = table.schema().fields().iter().map(|field| format!("\"{}\"", field.name())).collect();
    names.join(", ")
}
