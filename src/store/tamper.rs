//! What a drill does to stores from outside: a database that another process holds, a table that holds other rows.
//! Nothing of the system itself calls it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::StoreError;
use crate::durable;

/// A database that this process holds against all others, until it is dropped.
#[derive(Debug)]
pub enum HeldDatabase {
    /// A `DuckDB` file that is open for writing.
    DuckDb(duckdb::Connection),
    /// A `SQLite` file with a write transaction.
    Sqlite(rusqlite::Connection),
}

impl HeldDatabase {
    /// Opens a `DuckDB` file for writing.
    ///
    /// # Errors
    /// `DuckDb` when it cannot be opened.
    pub fn duckdb(path: &Path) -> Result<Self, StoreError> {
        let failed = |source| StoreError::DuckDb { step: "open", path: path.into(), source };
        duckdb::Connection::open(path).map(Self::DuckDb).map_err(failed)
    }

    /// Begins a write transaction in a `SQLite` file.
    ///
    /// # Errors
    /// `Sqlite` when it cannot.
    pub fn sqlite(path: &Path) -> Result<Self, StoreError> {
        let failed = |source| StoreError::Sqlite { step: "hold", path: path.into(), source };
        let database = rusqlite::Connection::open(path).map_err(failed)?;
        database.execute_batch("BEGIN IMMEDIATE").map_err(failed)?;
        Ok(Self::Sqlite(database))
    }
}

/// Runs statements in a `SQLite` file, without the system's own care for it.
///
/// # Errors
/// `Sqlite` when one fails.
pub fn run_sqlite(path: &Path, statements: &[String]) -> Result<(), StoreError> {
    let failed = |source| StoreError::Sqlite { step: "run statements", path: path.into(), source };
    let database = rusqlite::Connection::open(path).map_err(failed)?;
    statements.iter().try_for_each(|statement| database.execute_batch(statement)).map_err(failed)
}

/// Runs statements in a `DuckDB` file, without the system's own care for it.
///
/// # Errors
/// `DuckDb` when one fails.
pub fn run_duckdb(path: &Path, statements: &[String]) -> Result<(), StoreError> {
    let failed = |step| move |source| StoreError::DuckDb { step, path: path.into(), source };
    let database = duckdb::Connection::open(path).map_err(failed("open"))?;
    statements.iter().try_for_each(|statement| database.execute_batch(statement)).map_err(failed("run statements"))
}

/// Reads a Parquet file into the table `t`, runs the statements over it and writes what `t` holds then.
///
/// # Errors
/// `DuckDb` when a statement fails, `Io` when the file cannot be written.
pub fn rewrite_parquet(path: &Path, statements: &[String]) -> Result<(), StoreError> {
    let failed = |step| move |source| StoreError::DuckDb { step, path: path.into(), source };
    let database = duckdb::Connection::open_in_memory().map_err(failed("open a database in memory"))?;
    let quoted = |path: &Path| path.to_string_lossy().replace('\'', "''");
    let fresh = PathBuf::from(format!("{}.new", path.display()));
    let run = |sql: &str| database.execute_batch(sql).map_err(failed("run statements"));
    run(&format!("CREATE TABLE t AS SELECT * FROM read_parquet('{}')", quoted(path)))?;
    statements.iter().try_for_each(|statement| run(statement))?;
    run(&format!("COPY t TO '{}' (FORMAT parquet)", quoted(&fresh)))?;
    let bytes = fs::read(&fresh).map_err(StoreError::io("read", &fresh))?;
    durable::remove_file(&fresh)?;
    Ok(durable::replace(path, bytes)?)
}
