//! The inspection: every byte of the stores that has a record is held against it. Changes nothing, mends
//! nothing, and waits for nobody; opening the stores is what mends.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use jiff::civil::Date;

use super::{
    Damage, Engine, Experiments, Ledger, PartitionRecord, StoreError, StoreSettings, Table, WriteMode, database,
    partition::{MANIFEST, files_below, manifest_text},
    probe,
};
use crate::{
    digest::{Digest, Hasher},
    exit::{Exit, Failure},
};

/// Which part of the stores is inspected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StorePart {
    /// The ledger, row by row.
    Ledger,
    /// The database's rows against the ledger.
    Database,
    /// The Parquet files and manifests against the ledger.
    Parquet,
    /// `experiments.jsonl` against the ledger.
    Experiments,
}

/// What an inspection read, and what of it is damaged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inspection {
    /// The digest of everything that was read, by name.
    pub read: BTreeMap<String, Digest>,
    /// What is not what was written.
    pub damages: Vec<Damage>,
}

impl Inspection {
    /// Adds what another inspection found.
    pub fn extend(&mut self, other: Self) {
        self.read.extend(other.read);
        self.damages.extend(other.damages);
    }

    /// Adds a damage.
    pub fn add(&mut self, path: impl Into<PathBuf>, what: impl Into<String>) {
        self.damages.push(Damage { path: path.into(), what: what.into() });
    }

    /// Takes a value, or the damage that kept it from being read.
    ///
    /// # Errors
    /// A failure that is no sign of damage: a place that is not there, a store that is in use.
    pub fn take<T, E: Failure>(&mut self, path: &Path, found: Result<T, E>) -> Result<Option<T>, E> {
        match found {
            Ok(value) => Ok(Some(value)),
            Err(error) if matches!(error.exit(), Exit::Busy | Exit::Config | Exit::Limit) => Err(error),
            Err(error) => {
                self.add(path, error.to_string());
                Ok(None)
            }
        }
    }
}

/// Inspects one part of the stores. What was never made has nothing to be inspected.
///
/// # Errors
/// `DirectoryMissing` with the config key, `Busy` when another process writes, `Io` when a directory cannot be
/// read. What is damaged is no error.
pub fn inspect(settings: &StoreSettings, part: StorePart) -> Result<Inspection, StoreError> {
    settings.check()?;
    let mut found = Inspection::default();
    let ledger = &settings.ledger;
    if !ledger.path.exists() {
        return Ok(found);
    }
    if part == StorePart::Ledger {
        if let Some((read, damages)) = found.take(&ledger.path, Ledger::inspect(ledger))? {
            found.read.extend(read.into_iter().map(|(table, digest)| (format!("ledger {table}"), digest)));
            found.damages.extend(damages);
        }
        return Ok(found);
    }
    let Some(ledger) = found.take(&ledger.path, Ledger::open_read_only(ledger))? else { return Ok(found) };
    match part {
        StorePart::Ledger => {}
        StorePart::Database => inspect_database(settings, &ledger, &mut found)?,
        StorePart::Parquet if settings.write_mode == WriteMode::Single => {}
        StorePart::Parquet => inspect_parquet(settings, &ledger, &mut found)?,
        StorePart::Experiments => inspect_experiments(settings, &ledger, &mut found)?,
    }
    Ok(found)
}

/// Partitions by date, and the dates that are not settled.
type Acknowledged = (BTreeMap<Date, PartitionRecord>, BTreeSet<Date>);

/// Returns what the ledger acknowledges of a table, without the dates that an import under way is about to change.
fn acknowledged(
    settings: &StoreSettings,
    ledger: &Ledger,
    table: Table,
    found: &mut Inspection,
) -> Result<Option<Acknowledged>, StoreError> {
    let path = &settings.ledger.path;
    let (records, pending) = (ledger.partitions(table), ledger.pending(table));
    let (Some(mut records), Some(pending)) = (found.take(path, records)?, found.take(path, pending)?) else {
        return Ok(None);
    };
    let unsettled: BTreeSet<Date> = pending.into_keys().collect();
    records.retain(|date, _| !unsettled.contains(date));
    Ok(Some((records, unsettled)))
}

fn inspect_database(settings: &StoreSettings, ledger: &Ledger, found: &mut Inspection) -> Result<(), StoreError> {
    let place = settings.database();
    let path = &place.path;
    let held = if path.exists() {
        let held = match settings.engine {
            Engine::DuckDb => probe::read_database(place).map(|probed| probed.tables),
            Engine::Sqlite => read_sqlite(settings),
        };
        let Some(held) = found.take(path, held)? else { return Ok(()) };
        held
    } else {
        BTreeMap::new()
    };
    for table in Table::ALL {
        let Some((records, unsettled)) = acknowledged(settings, ledger, table, found)? else { continue };
        let held = held.get(table.name()).cloned().unwrap_or_default();
        let mut hasher = Hasher::new("lighthunter.inspected rows.1");
        let dates: BTreeSet<Date> = records.keys().chain(held.keys()).copied().collect();
        for date in dates.difference(&unsettled) {
            let what = match (records.get(date), held.get(date)) {
                (Some(record), Some(digest)) if record.digest == *digest => {
                    hasher.text(&date.to_string()).digest(digest);
                    continue;
                }
                (Some(_), Some(_)) => "holds other rows than were acknowledged",
                (Some(_), None) => "has lost its rows",
                (None, _) => "has rows that were never acknowledged",
            };
            found.add(path, format!("{table} {date} {what}"));
        }
        found.read.insert(format!("database {table}"), hasher.finish());
    }
    Ok(())
}

fn read_sqlite(settings: &StoreSettings) -> Result<BTreeMap<String, BTreeMap<Date, Digest>>, StoreError> {
    let database = database::open_read_only(settings.engine, settings.database())?;
    let digests = |table: Table| Ok((table.name().to_owned(), probe::read_digests(database.as_ref(), table)?));
    Table::ALL.into_iter().map(digests).collect()
}

fn inspect_parquet(settings: &StoreSettings, ledger: &Ledger, found: &mut Inspection) -> Result<(), StoreError> {
    let root = &settings.parquet.path;
    for table in Table::ALL {
        let Some((records, unsettled)) = acknowledged(settings, ledger, table, found)? else { continue };
        let directory = root.join(table.name());
        let mut unknown: BTreeSet<PathBuf> = files_below(&directory)?.into_iter().collect();
        let mut hasher = Hasher::new("lighthunter.inspected files.1");
        for record in records.values() {
            let path = root.join(&record.path);
            let Some(sha256) = record.sha256 else { continue };
            unknown.remove(&path);
            match Digest::of_file(&path) {
                Ok(digest) if digest == sha256 => {
                    hasher.text(&record.path).digest(&digest);
                }
                Ok(digest) => {
                    found.add(path, format!("its digest is {}, {} is recorded", digest.short(), sha256.short()));
                }
                Err(error) => found.add(path, error.to_string()),
            }
        }
        if unsettled.is_empty() && !records.is_empty() {
            let manifest = directory.join(MANIFEST);
            let expected = manifest_text(root, table, &records)?;
            match fs::read(&manifest) {
                Ok(bytes) if bytes == expected.as_bytes() => {
                    hasher.bytes(&bytes);
                }
                Ok(_) => found.add(&manifest, "it does not say what the ledger says"),
                Err(error) => found.add(&manifest, error.to_string()),
            }
            unknown.remove(&manifest);
            for path in unknown {
                found.add(path, "the ledger does not know this file");
            }
        }
        found.read.insert(format!("parquet {table}"), hasher.finish());
    }
    Ok(())
}

fn inspect_experiments(settings: &StoreSettings, ledger: &Ledger, found: &mut Inspection) -> Result<(), StoreError> {
    let path = &settings.experiments.path;
    let experiments = Experiments::new(ledger, path);
    let Some(expected) = found.take(path, experiments.expected_bytes())? else { return Ok(()) };
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        read => read.map_err(StoreError::io("read", path))?,
    };
    if bytes != expected {
        found.add(path, "its lines are not those of the ledger");
    }
    found.read.insert("experiments.jsonl".into(), Digest::of(&bytes));
    Ok(())
}
