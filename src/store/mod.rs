//! The stores: SQLite ledger, DuckDB, Parquet, JSONL. The only room that names their libraries.

mod columnar;
mod delimited;
mod error;
mod experiment;
mod frame;
mod market_files;
mod parquet_file;
mod row;
mod schema;

pub use delimited::{DelimitedLimits, DelimitedReader, DelimitedRecord, row_text, unquoted};
pub use error::StoreError;
pub use experiment::{Experiment, ExperimentError, ExperimentKind, ExperimentStatus};
pub use frame::{Frame, FrameColumn};
pub use market_files::write_market;
pub use parquet_file::{read_parquet, read_parquet_checked, write_parquet};
pub use row::{ActionColumns, DailyColumns, IndexColumns, MinuteColumns, Prices, Row};
pub use schema::Table;
