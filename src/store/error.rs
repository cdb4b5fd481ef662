//! What can go wrong in the stores, with its exit class. Says which file, which row, which key; never
//! tries again and never repairs (that is `recovery`).

use std::path::{Path, PathBuf};

use crate::{
    durable::DurableError,
    exit::{Exit, Failure},
};

/// A failure of a store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The directory of a configured path is not there; it is never made here.
    #[error("{key}: the directory {directory} does not exist, so {path} cannot be opened",
        directory = .directory.display(), path = .path.display())]
    DirectoryMissing {
        /// The config key that names the path.
        key: String,
        /// The configured path.
        path: PathBuf,
        /// Its directory.
        directory: PathBuf,
    },
    /// Something that is no file stands in the place of a file.
    #[error("{key}: {path} is not a file but {found}", path = .path.display())]
    NotAFile {
        /// The config key that names the path.
        key: String,
        /// The path.
        path: PathBuf,
        /// What is there.
        found: &'static str,
    },
    /// The file is no database of the expected kind, or a damaged one.
    #[error("{key}: {path} is not a usable {engine} database: {reason}", path = .path.display())]
    NotADatabase {
        /// The config key that names the path.
        key: String,
        /// The path.
        path: PathBuf,
        /// The engine that was asked to open it.
        engine: &'static str,
        /// What the engine said.
        reason: String,
    },
    /// Another process has the database.
    #[error("{path} is in use: {reason}", path = .path.display())]
    Busy {
        /// The database.
        path: PathBuf,
        /// What the engine said; DuckDB names the process.
        reason: String,
    },
    /// The database was written by a newer program.
    #[error("{path} has schema version {found}, this program knows {known} at most", path = .path.display())]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest known version.
        known: i64,
    },
    /// A file operation failed.
    #[error(transparent)]
    Durable(#[from] DurableError),
    /// A file could not be read.
    #[error("cannot {step} {path}: {source}", path = .path.display())]
    Io {
        /// What was being done.
        step: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not readable Parquet.
    #[error("{path} is not readable Parquet: {reason}", path = .path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// What the reader said.
        reason: String,
    },
    /// The file is not readable as delimited text.
    #[error("{path}:{line}: not readable as delimited text: {reason}", path = .path.display())]
    Delimited {
        /// The file.
        path: PathBuf,
        /// The line that was reached, from 1.
        line: u64,
        /// What the reader said.
        reason: String,
    },
    /// A file is larger than any that is read.
    #[error("{path} is refused: {what} is {found}, at most {allowed} is read", path = .path.display())]
    Limit {
        /// The file.
        path: PathBuf,
        /// What is too large.
        what: &'static str,
        /// Its size.
        found: u64,
        /// The limit.
        allowed: u64,
    },
    /// A table does not have the columns of its layout.
    #[error("{path}: column '{column}': {problem}", path = .path.display())]
    Schema {
        /// The file or table.
        path: PathBuf,
        /// The column.
        column: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A row does not hold a value that its table needs.
    #[error("{path}: row {row}: {problem}", path = .path.display())]
    Row {
        /// The file or table.
        path: PathBuf,
        /// The row, from 1.
        row: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// Bytes do not match their recorded digest.
    #[error("{path} is damaged: its digest is {found}, {expected} is recorded", path = .path.display())]
    Damaged {
        /// The file or table.
        path: PathBuf,
        /// The recorded digest.
        expected: String,
        /// The digest found.
        found: String,
    },
    /// A record of the ledger does not match its digest.
    #[error("{path}: {what} is damaged: its digest is {found}, {expected} is recorded", path = .path.display())]
    RecordDamaged {
        /// The ledger.
        path: PathBuf,
        /// The kind of record and its id.
        what: String,
        /// The recorded digest.
        expected: String,
        /// The digest found.
        found: String,
    },
    /// What the ledger acknowledges is in no store.
    #[error("{what} is acknowledged by the ledger, but no store holds it any more")]
    Lost {
        /// Table and date.
        what: String,
    },
    /// An import failed before; what reached the disk is not known until the stores are opened again.
    #[error("{path}: an import failed before, so nothing more is written", path = .path.display())]
    Poisoned {
        /// The database.
        path: PathBuf,
    },
    /// There is no second store to build the database from.
    #[error("{key}: with storage.ts.write_mode 'single' the database is the only store: nothing to build it from")]
    NoSecondStore {
        /// The key of the database.
        key: String,
    },
    /// DuckDB failed.
    #[error("DuckDB cannot {step} ({path}): {source}", path = .path.display())]
    DuckDb {
        /// What was being done.
        step: &'static str,
        /// The database.
        path: PathBuf,
        /// What it said.
        source: duckdb::Error,
    },
    /// SQLite failed.
    #[error("SQLite cannot {step} ({path}): {source}", path = .path.display())]
    Sqlite {
        /// What was being done.
        step: &'static str,
        /// The database.
        path: PathBuf,
        /// What it said.
        source: rusqlite::Error,
    },
    /// Arrow refused to build or convert a column.
    #[error("cannot convert columns of {path}: {source}", path = .path.display())]
    Arrow {
        /// The file or table.
        path: PathBuf,
        /// What it said.
        source: arrow::error::ArrowError,
    },
    /// A record cannot be written as or read from JSON.
    #[error("{path}: {source}", path = .path.display())]
    Json {
        /// The file or table.
        path: PathBuf,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// A record's id is taken by another record.
    #[error("{what} is already recorded with other content")]
    Conflict {
        /// The kind of record and its id.
        what: String,
    },
}

impl StoreError {
    /// Returns a function that turns an I/O error of `step` on `path` into this error.
    pub(crate) fn io(step: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { step, path, source }
    }

    /// Returns a function that turns an Arrow error on `path` into this error.
    pub(crate) fn arrow(path: &Path) -> impl FnOnce(arrow::error::ArrowError) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Arrow { path, source }
    }
}

impl Failure for StoreError {
    fn exit(&self) -> Exit {
        match self {
            Self::Busy { .. } => Exit::Busy,
            Self::NotADatabase { .. }
            | Self::Parquet { .. }
            | Self::Delimited { .. }
            | Self::Damaged { .. }
            | Self::RecordDamaged { .. }
            | Self::Lost { .. } => Exit::Corrupt,
            Self::Schema { .. } | Self::Row { .. } => Exit::DataRefused,
            Self::NoSecondStore { .. } => Exit::Config,
            Self::Limit { .. } => Exit::Limit,
            Self::Arrow { .. } | Self::Json { .. } | Self::Conflict { .. } => Exit::Internal,
            Self::DuckDb { source, .. } if says(source, &["Could not set lock", "Conflicting lock"]) => Exit::Busy,
            Self::DuckDb { source, .. } if says(source, &["Corrupt", "checksum"]) => Exit::Corrupt,
            Self::Sqlite { source, .. } => sqlite_exit(source),
            _ => Exit::Storage,
        }
    }

    fn remedy(&self) -> Option<String> {
        let text = match self {
            Self::DirectoryMissing { key, .. } => {
                return Some(format!(
                    "Correct {key}, or make the directory yourself if the path is meant: no command makes it."
                ));
            }
            Self::NotAFile { key, .. } => return Some(format!("Move it away, or correct {key}.")),
            Self::NotADatabase { key, engine: "DuckDB", .. } => {
                return Some(format!(
                    "Run `lighthunter data rebuild`, which puts it aside and makes it anew, or correct {key}."
                ));
            }
            Self::NotADatabase { key, .. } => {
                return Some(format!("Take the data back with `lighthunter rollback`, or correct {key}."));
            }
            Self::Busy { .. } => "Close the other program that has it open, then run the command again.",
            Self::Newer { .. } => "Use the newer program, or roll the data back together with the code.",
            Self::Durable(error) => return error.remedy(),
            Self::Parquet { .. } | Self::Delimited { .. } | Self::Schema { .. } | Self::Row { .. } => {
                "Compare the file with the layout of the input tables and deliver it again."
            }
            Self::Limit { .. } => "Split the file, one year each, say.",
            Self::Damaged { .. } => "Open the stores again by any command: what the other store holds is rebuilt.",
            Self::RecordDamaged { .. } => "Start the run anew: it does not go on from a state that cannot be trusted.",
            Self::NoSecondStore { .. } => "Import the input again, or take the data back with `lighthunter rollback`.",
            Self::Poisoned { .. } => "Run the command again: opening the stores completes the import or takes it back.",
            Self::Lost { .. } => "Import the input again (`lighthunter data import DIR`).",
            Self::DuckDb { .. } if self.exit() == Exit::Corrupt => {
                "Run `lighthunter data rebuild`, which makes the database anew from Parquet and the ledger."
            }
            Self::Sqlite { .. } if self.exit() == Exit::Corrupt => {
                "Take the data back with `lighthunter rollback`; `lighthunter doctor --read-data` says what is damaged."
            }
            Self::Io { .. } | Self::DuckDb { .. } | Self::Sqlite { .. } => {
                "Check that the disk has free space and that the files are readable and writable."
            }
            Self::Arrow { .. } | Self::Json { .. } | Self::Conflict { .. } => "Report this with the log.",
        };
        Some(text.to_owned())
    }
}

fn says(error: &duckdb::Error, words: &[&str]) -> bool {
    let text = error.to_string();
    words.iter().any(|word| text.contains(word))
}

fn sqlite_exit(error: &rusqlite::Error) -> Exit {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => Exit::Busy,
        Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => Exit::Corrupt,
        _ => Exit::Storage,
    }
}
