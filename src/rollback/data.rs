//! The data layer of a fingerprint: what the stores hold, row by row, whatever file holds it.

use std::{collections::BTreeMap, path::Path};

use super::{RollbackError, tree::add_files};
use crate::{
    config::{self, LoadOptions, Settings, settings},
    digest::{Digest, Hasher},
    store::{Engine, StorePath, StoreSettings, WriteMode, content_digest},
    workspace::Workspace,
};

/// The content of the stores, and the digest of the bytes that held it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DataPrint {
    /// Content by store and table.
    pub(super) entries: BTreeMap<String, Digest>,
    /// The bytes of the files that it was read from.
    pub(super) bytes: Digest,
}

/// What names stores whose rows could not be read.
pub(super) const UNREADABLE: &str = "unreadable stores";

/// Returns the content of the stores. Where `known` has the content of the same bytes, the rows are
/// not read again: a proof must not take longer than the rollback it proves.
pub(super) fn content(
    root: &Path,
    known: impl FnOnce(&Digest) -> Option<BTreeMap<String, Digest>>,
) -> Result<DataPrint, RollbackError> {
    let stores = store_settings(root);
    let mut files = BTreeMap::new();
    match &stores {
        Some(stores) => add_store_files(root, stores, &mut files)?,
        None => add_files(root, Path::new("data"), &mut files, &|path| path == Path::new("data/raw"))?,
    }
    let mut hasher = Hasher::new("store bytes");
    // The same files hold other content where another engine reads them, or none of ours.
    let reading = stores.as_ref().map_or(["files", ""], |stores| {
        let engine = match stores.engine {
            Engine::DuckDb => "duckdb",
            Engine::Sqlite => "sqlite",
        };
        let mode = match stores.write_mode {
            WriteMode::Dual => "dual",
            WriteMode::Single => "single",
        };
        [engine, mode]
    });
    for word in reading {
        hasher.text(word);
    }
    for (name, digest) in &files {
        hasher.text(name).digest(digest);
    }
    let bytes = hasher.finish();
    if let Some(entries) = known(&bytes) {
        return Ok(DataPrint { entries, bytes });
    }
    let entries = match stores.map(|stores| content_digest(&stores)) {
        Some(Ok(entries)) => entries,
        // Stores that cannot be read count by their files; the words keep this state apart.
        Some(Err(error)) => {
            files.insert(UNREADABLE.into(), Digest::of(error.to_string()));
            files
        }
        None => files,
    };
    Ok(DataPrint { entries, bytes })
}

fn add_store_files(
    root: &Path,
    stores: &StoreSettings,
    into: &mut BTreeMap<String, Digest>,
) -> Result<(), RollbackError> {
    let database = stores.database().path.clone();
    let name = database.file_name().unwrap_or_default().to_string_lossy().into_owned();
    // What is not yet in the database, or is to be taken back out of it, counts with it.
    let logs = [".wal", "-wal", "-journal"].map(|ending| database.with_file_name(format!("{name}{ending}")));
    for path in logs.into_iter().chain([database, stores.parquet.path.clone()]) {
        // A store outside the root is named by its whole path.
        let relative = path.strip_prefix(root).unwrap_or(&path);
        add_files(root, relative, into, &|_| false)?;
    }
    Ok(())
}

/// Returns where the stores of a LightHunter workspace are; `None` for any other repository, and where
/// the config does not say.
fn store_settings(root: &Path) -> Option<StoreSettings> {
    let workspace = Workspace::open(root).ok()?;
    let config = config::load_all(&workspace, &LoadOptions::default()).ok()?;
    Some(stores_of(root, &config.loaded.settings))
}

/// Returns where the stores of the workspace at `root` are, as its settings have it.
#[must_use]
pub fn stores_of(root: &Path, settings: &Settings) -> StoreSettings {
    let (storage, paths) = (&settings.storage, &settings.paths);
    let place = |key: &str, relative: &Path| StorePath::new(key, root.join(relative));
    StoreSettings {
        engine: match storage.ts.engine {
            settings::Engine::Duckdb => Engine::DuckDb,
            settings::Engine::Sqlite => Engine::Sqlite,
        },
        write_mode: match storage.ts.write_mode {
            settings::WriteMode::Dual => WriteMode::Dual,
            settings::WriteMode::Single => WriteMode::Single,
        },
        duckdb: place("storage.ts.duckdb_path", &storage.ts.duckdb_path),
        sqlite: place("storage.ts.sqlite_path", &storage.ts.sqlite_path),
        parquet: place("storage.ts.parquet_dir", &storage.ts.parquet_dir),
        ledger: place("storage.ledger_path", &storage.ledger_path),
        experiments: place("paths.experiments_dir", &paths.experiments_dir.join("experiments.jsonl")),
        quarantine_dir: root.join("data/quarantine"),
    }
}
