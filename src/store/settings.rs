//! Where the stores are, as plain values; `config` fills them in. Checks paths, opens nothing.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::StoreError;

/// The database beside Parquet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// DuckDB, in `duckdb`.
    DuckDb,
    /// SQLite, in `sqlite`.
    Sqlite,
}

/// Which stores an import writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteMode {
    /// The engine's database and Parquet.
    Dual,
    /// The engine's database only.
    Single,
}

/// How much is checked when the stores are opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// That everything is there: row counts, file sizes. Milliseconds.
    Quick,
    /// Every row and every byte against its digest. A tenth of a second per hundred thousand rows.
    Full,
}

/// An absolute path and the config key that names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorePath {
    /// The key, such as `storage.ts.duckdb_path`; errors name it.
    pub key: String,
    /// The absolute path.
    pub path: PathBuf,
}

impl StorePath {
    /// Makes a path of its key.
    pub fn new(key: impl Into<String>, path: impl Into<PathBuf>) -> Self {
        Self { key: key.into(), path: path.into() }
    }

    /// Checks that the directory is there and that nothing but a file is in the place of the file.
    ///
    /// # Errors
    /// `DirectoryMissing` or `NotAFile`, with key and path.
    pub fn check_file(&self) -> Result<(), StoreError> {
        self.check_parent()?;
        match fs::metadata(&self.path) {
            Ok(found) if found.is_dir() => Err(self.not_a_file("a directory")),
            Ok(found) if !found.is_file() => Err(self.not_a_file("a device, pipe or socket")),
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(StoreError::Io { step: "look at", path: self.path.clone(), source: error })
            }
            _ => Ok(()),
        }
    }

    /// Checks that the directory above is there.
    ///
    /// # Errors
    /// `DirectoryMissing` with key and path.
    pub fn check_parent(&self) -> Result<(), StoreError> {
        let directory = self.path.parent().unwrap_or(Path::new("/"));
        if directory.is_dir() {
            return Ok(());
        }
        Err(StoreError::DirectoryMissing {
            key: self.key.clone(),
            path: self.path.clone(),
            directory: directory.into(),
        })
    }

    fn not_a_file(&self, found: &'static str) -> StoreError {
        StoreError::NotAFile { key: self.key.clone(), path: self.path.clone(), found }
    }
}

/// Where the stores are and how they are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreSettings {
    /// The database.
    pub engine: Engine,
    /// Which stores an import writes.
    pub write_mode: WriteMode,
    /// The DuckDB file.
    pub duckdb: StorePath,
    /// The SQLite file with bars; not the ledger.
    pub sqlite: StorePath,
    /// The directory of the Parquet tables; made when its parent is there.
    pub parquet: StorePath,
    /// The ledger.
    pub ledger: StorePath,
    /// `experiments.jsonl`.
    pub experiments: StorePath,
    /// Where damaged and unknown files are moved to; made when first needed.
    pub quarantine_dir: PathBuf,
}

impl StoreSettings {
    /// Returns the file of the engine in use.
    #[must_use]
    pub fn database(&self) -> &StorePath {
        match self.engine {
            Engine::DuckDb => &self.duckdb,
            Engine::Sqlite => &self.sqlite,
        }
    }

    /// Checks every path in use; makes nothing.
    ///
    /// # Errors
    /// The first path whose directory is missing or that is no file.
    pub fn check(&self) -> Result<(), StoreError> {
        self.database().check_file()?;
        self.ledger.check_file()?;
        self.experiments.check_file()?;
        if self.write_mode == WriteMode::Dual { self.parquet.check_parent() } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::{StoreError, StorePath};
    use crate::exit::{Exit, Failure};

    #[test]
    fn missing_directory_is_named_with_its_key_and_not_made() {
        let room = tempfile::tempdir().expect("a directory");
        let place = StorePath::new("storage.ts.duckdb_path", room.path().join("__invalid_path__/x.duckdb"));
        let error = place.check_file().expect_err("refused");
        assert_eq!(error.exit(), Exit::Storage);
        let text = error.to_string();
        assert!(text.starts_with("storage.ts.duckdb_path: the directory "), "{text}");
        assert!(text.contains("__invalid_path__ does not exist"), "{text}");
        assert!(!room.path().join("__invalid_path__").exists());
    }

    #[test]
    fn directory_in_place_of_the_file_is_refused() {
        let room = tempfile::tempdir().expect("a directory");
        let error = StorePath::new("k", room.path()).check_file().expect_err("refused");
        assert!(matches!(error, StoreError::NotAFile { found: "a directory", .. }), "{error}");
    }
}
