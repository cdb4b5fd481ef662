//! Writes tables as files of the input layout, for the simulated market. Reads nothing.

use std::path::{Path, PathBuf};

use super::{Row, StoreError, Table, parquet_file::write_parquet};
use crate::{durable, market::MarketData};

/// Writes every table of `data` that has rows as `<table>.parquet` under `directory`, which is made
/// where it is missing. Returns the files, in order of the tables.
///
/// # Errors
/// Names the file that could not be written.
pub fn write_market(directory: &Path, data: &MarketData) -> Result<Vec<PathBuf>, StoreError> {
    durable::make_directory(directory)?;
    let mut files = Vec::new();
    write(directory, Table::Daily, &data.daily, &mut files)?;
    write(directory, Table::Index, &data.index, &mut files)?;
    write(directory, Table::Actions, &data.actions, &mut files)?;
    for (interval, bars) in &data.minute {
        write(directory, Table::Minute(*interval), bars, &mut files)?;
    }
    write(directory, Table::Securities, &data.securities, &mut files)?;
    Ok(files)
}

fn write<R: Row>(directory: &Path, table: Table, rows: &[R], files: &mut Vec<PathBuf>) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let path = directory.join(format!("{table}.parquet"));
    write_parquet(&path, &[R::to_batch(rows)?])?;
    files.push(path);
    Ok(())
}
