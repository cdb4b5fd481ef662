//! What can go wrong while market data is brought in, with its exit class.

use std::path::PathBuf;

use crate::{
    durable::DurableError,
    exit::{Exit, Failure},
    store::StoreError,
};

/// A failure of a source.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The directory cannot be listed, or a file in it cannot be opened.
    #[error("cannot read {path}: {source}", path = .path.display())]
    Unreadable {
        /// The directory or file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The directory holds no file of a known table.
    #[error("{directory} holds no table: {expected} are expected, found {found}", directory = .directory.display())]
    NoTable {
        /// The directory.
        directory: PathBuf,
        /// The names that are recognised.
        expected: String,
        /// The names that are there.
        found: String,
    },
    /// A file does not have the columns of its table.
    #[error("{path}: table {table}: {problems}; expected columns {expected}; got {got}", path = .path.display())]
    Columns {
        /// The file.
        path: PathBuf,
        /// The table that its name stands for.
        table: &'static str,
        /// Every column that is missing, unknown or there twice.
        problems: String,
        /// The columns of the table.
        expected: String,
        /// The columns of the file.
        got: String,
    },
    /// The numbers of a column are not in the unit of the table.
    #[error("{path}: table {table}: column {column}: expected {expected}; got {got}", path = .path.display())]
    Units {
        /// The file.
        path: PathBuf,
        /// The table.
        table: &'static str,
        /// The column that looks wrong.
        column: &'static str,
        /// The unit and what follows from it.
        expected: &'static str,
        /// What was measured and what it looks like.
        got: String,
    },
    /// The store could not read or write a file.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The quarantine could not be written.
    #[error(transparent)]
    Durable(#[from] DurableError),
}

impl Failure for SourceError {
    fn exit(&self) -> Exit {
        match self {
            Self::Unreadable { .. } => Exit::Storage,
            // An input file has no recorded digest: one that cannot be read is refused, not corrupt.
            Self::NoTable { .. }
            | Self::Columns { .. }
            | Self::Units { .. }
            | Self::Store(StoreError::Delimited { .. } | StoreError::Parquet { .. }) => Exit::DataRefused,
            Self::Store(error) => error.exit(),
            Self::Durable(error) => error.exit(),
        }
    }

    fn remedy(&self) -> Option<String> {
        match self {
            Self::Unreadable { .. } => Some("Check that the directory exists and may be read.".into()),
            Self::NoTable { .. } => Some("Name the directory that holds the tables themselves.".into()),
            Self::Columns { got, path, .. } if got.contains("trade_date") && got.contains("code") => Some(format!(
                "This looks like a daily file of the original system: `lighthunter data inspect {} --convert DIR` names \
                 its defects and writes what `data import` takes.",
                path.display()
            )),
            Self::Columns { .. } => {
                Some("Rename, add or remove the columns so that they are those of the table.".into())
            }
            Self::Units { .. } => Some("Convert the column to the expected unit and deliver the file again.".into()),
            Self::Store(error) => error.remedy(),
            Self::Durable(error) => error.remedy(),
        }
    }
}
