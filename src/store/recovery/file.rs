//! The database's file: opened, or put aside with its log and made anew where it cannot be read. Its
//! rows are brought back by `table`.

use std::path::PathBuf;

use tracing::warn;

use super::RecoveryReport;
use crate::store::{
    Engine, StoreError, StorePath, StoreSettings, Stores, WriteMode,
    database::{self, Database},
    lite::LiteStore,
    quarantine::Quarantine,
};

/// Opens the database. A DuckDB log that cannot be replayed is put aside together with its database,
/// which is then made anew and filled from Parquet.
pub(super) fn open_database(
    settings: &StoreSettings,
    quarantine: &Quarantine,
    report: &mut RecoveryReport,
) -> Result<Box<dyn Database>, StoreError> {
    let place = settings.database();
    match database::open(settings.engine, place) {
        Err(cause @ StoreError::NotADatabase { .. })
            if settings.write_mode == WriteMode::Dual && wal_path(settings).exists() =>
        {
            warn!(%cause, "the database and its log are put aside and rebuilt from Parquet");
            put_database_aside(settings, quarantine, report, "its log cannot be replayed")?;
            database::open(settings.engine, place)
        }
        opened => opened,
    }
}

/// Refuses where another process has the database; one that is damaged is nobody's.
pub(super) fn require_free(settings: &StoreSettings) -> Result<(), StoreError> {
    if !settings.database().path.exists() {
        return Ok(());
    }
    match database::open_read_only(settings.engine, settings.database()) {
        Err(busy @ StoreError::Busy { .. }) => Err(busy),
        _ => Ok(()),
    }
}

pub(super) fn wal_path(settings: &StoreSettings) -> PathBuf {
    let mut name = settings.database().path.clone().into_os_string();
    name.push(match settings.engine {
        Engine::DuckDb => ".wal",
        Engine::Sqlite => "-wal",
    });
    name.into()
}

pub(super) fn put_database_aside(
    settings: &StoreSettings,
    quarantine: &Quarantine,
    report: &mut RecoveryReport,
    reason: &str,
) -> Result<(), StoreError> {
    for path in [settings.database().path.clone(), wal_path(settings)] {
        if path.exists() {
            report.quarantined.push(quarantine.take(&path, reason)?);
        }
    }
    report.rebuilt.push(format!("{}: made anew, {reason}", settings.database().path.display()));
    Ok(())
}

/// Puts a damaged database aside and makes an empty one in its place.
pub(super) fn replace_database(
    stores: &mut Stores,
    quarantine: &Quarantine,
    report: &mut RecoveryReport,
) -> Result<(), StoreError> {
    let place = stores.settings.database().clone();
    // The handle is dropped before its file is moved: an empty one in memory takes its place.
    let idle = tempfile::tempdir().map_err(StoreError::io("make a directory for", &place.path))?;
    let idle = StorePath::new(place.key.clone(), idle.path().join("idle.sqlite"));
    stores.database = Box::new(LiteStore::open(&idle)?);
    put_database_aside(&stores.settings, quarantine, report, "damaged pages")?;
    stores.database = database::open(stores.settings.engine, &place)?;
    Ok(())
}
