//! What an engine's refusal to open a file means: not a database, in use, or a failure of the system.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

use super::{StoreError, StorePath};

/// Why an engine does not open a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Its content is not what the engine writes.
    NotADatabase,
    /// Another process has it.
    Busy,
    /// Anything else; the engine's own error says it.
    Failure,
}

/// An error of an engine.
pub(super) trait EngineError: std::error::Error {
    /// The engine's name.
    const ENGINE: &str;

    /// Says why a file was not opened.
    fn refusal(&self) -> Refusal;

    /// Returns the error of the stores for a step that failed.
    fn failed(self, step: &'static str, path: PathBuf) -> StoreError;
}

impl EngineError for rusqlite::Error {
    const ENGINE: &str = "SQLite";

    fn refusal(&self) -> Refusal {
        match self.sqlite_error_code() {
            Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt) => Refusal::NotADatabase,
            _ => Refusal::Failure,
        }
    }

    fn failed(self, step: &'static str, path: PathBuf) -> StoreError {
        StoreError::Sqlite { step, path, source: self }
    }
}

impl EngineError for duckdb::Error {
    const ENGINE: &str = "DuckDB";

    fn refusal(&self) -> Refusal {
        // DuckDB has no codes: its words are all there is.
        let text = self.to_string();
        let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
        if says(&["Could not set lock", "Conflicting lock", "used by another process", "different configuration"]) {
            Refusal::Busy
        } else if says(&["Permission denied", "Permission Error", "Cannot open file", "No space left", "No such file", "Read-only file"])
            // A disk that fails says nothing of what the file holds: it must not be put aside.
            || says(&["fsync failed", "Input/output error"])
        {
            Refusal::Failure
        } else {
            Refusal::NotADatabase
        }
    }

    fn failed(self, step: &'static str, path: PathBuf) -> StoreError {
        StoreError::DuckDb { step, path, source: self }
    }
}

/// Returns a function that turns an engine's refusal at `step` of opening `place` into an error.
pub(super) fn refused<E: EngineError>(place: &StorePath, step: &'static str) -> impl FnOnce(E) -> StoreError {
    let (key, path) = (place.key.clone(), place.path.clone());
    move |source| {
        let reason = source.to_string().lines().next().unwrap_or_default().to_owned();
        match source.refusal() {
            Refusal::NotADatabase if let Err(source) = read_through(&path) => {
                StoreError::Io { step: "read", path, source }
            }
            Refusal::NotADatabase => StoreError::NotADatabase { key, path, engine: E::ENGINE, reason },
            Refusal::Busy => StoreError::Busy { path, reason },
            Refusal::Failure => source.failed(step, path),
        }
    }
}

/// What an engine writes beside its file.
const BESIDE: [&str; 4] = ["", "-wal", "-journal", ".wal"];

/// Reads a database to its end. SQLite takes a disk that does not give a page for a file that is malformed, and a
/// file that only cannot be read must be neither called damaged nor put aside.
///
/// # Errors
/// When the disk does not give it.
fn read_through(path: &Path) -> io::Result<()> {
    for ending in BESIDE {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        match File::open(&name) {
            Ok(mut file) if file.metadata()?.is_file() => drop(io::copy(&mut file, &mut io::sink())?),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{StorePath, refused};
    use crate::{
        exit::{Exit, Failure},
        store::StoreError,
    };

    #[test]
    fn refusals_of_both_engines_have_the_same_classes() {
        let place = StorePath::new("storage.x", "/data/x.db");
        let duck = |words: &str| {
            let error = duckdb::Error::DuckDBFailure(duckdb::ffi::Error::new(1), Some(words.into()));
            refused(&place, "open")(error)
        };
        let lite =
            |code| refused(&place, "open")(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None));
        let cases: [(StoreError, Exit, &str); 6] = [
            (duck("IO Error: Could not set lock on file\nmore"), Exit::Busy, "is in use"),
            (duck("IO Error: Cannot open file: Permission denied"), Exit::Storage, "cannot open"),
            (duck("IO Error: not a valid DuckDB database\nmore"), Exit::Corrupt, "usable DuckDB database"),
            (lite(rusqlite::ffi::SQLITE_NOTADB), Exit::Corrupt, "usable SQLite database"),
            (lite(rusqlite::ffi::SQLITE_BUSY), Exit::Busy, "cannot open"),
            (lite(rusqlite::ffi::SQLITE_CANTOPEN), Exit::Storage, "cannot open"),
        ];
        for (error, exit, words) in cases {
            let text = error.to_string();
            assert!(error.exit() == exit && text.contains(words) && text.contains("/data/x.db"), "{text}");
        }
    }
}
