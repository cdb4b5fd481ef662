//! The data layer: the files of the stores as they are, copied for a baseline, and taken back. The ledger's
//! history is never taken back: only what it acknowledges of the data.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use super::{
    LayerPrint, RollbackError, StopAt,
    baseline::{DataCopy, DataFile, DataLayer},
    object::ObjectStore,
    tree::add_files,
};
use crate::{
    clock::Clock,
    digest::Digest,
    durable::{self, DurableError},
    store::{self, DataState, Depth, Engine, Ledger, StorePath, StoreSettings, Stores},
};

/// The entry of a print that stands for what the ledger acknowledges.
const ACKNOWLEDGED: &str = "ledger: acknowledged partitions and imports";

/// Where the data layer's files are, as a baseline has it.
#[derive(Debug, Clone)]
pub(super) struct StoredFiles<'a> {
    root: &'a Path,
    layer: &'a DataLayer,
}

/// Copies the stores of the workspace at `root`: recovered, closed, and then byte by byte.
pub(super) fn copy_stores(
    root: &Path,
    settings: &StoreSettings,
    clock: &Clock,
    step: StopAt<'_>,
) -> Result<DataLayer, RollbackError> {
    let relative = |path: &StorePath| path.path.strip_prefix(root).unwrap_or(&path.path).to_path_buf();
    let mut layer = DataLayer {
        engine: engine_name(settings.engine).into(),
        database: relative(settings.database()),
        parquet: relative(&settings.parquet),
        ledger: relative(&settings.ledger),
        files: Digest::of(""),
        acknowledged: Digest::of(""),
        file_count: 0,
        bytes: 0,
        content: BTreeMap::new(),
    };
    let mut acknowledged = DataState::default();
    if settings.database().path.exists() || settings.ledger.path.exists() {
        step("recover and close the stores");
        let (stores, report) = Stores::open(settings, clock, Depth::Quick)?;
        if !report.lost.is_empty() {
            return Err(store::StoreError::Lost { what: report.lost.join(", ") }.into());
        }
        acknowledged = stores.ledger().data_state()?;
    }
    let files = StoredFiles { root, layer: &layer };
    if let Some(log) = files.logs().into_iter().find(|log| fs::metadata(log).is_ok_and(|found| found.len() > 0)) {
        return Err(RollbackError::Changing { path: log });
    }
    let present = files.present()?;
    let names: Vec<String> = present.keys().cloned().collect();
    let paths: Vec<PathBuf> = names.iter().map(|name| root.join(name)).collect();
    let objects = ObjectStore::of(root);
    let added = objects.add(&paths, step)?;
    let listed: Vec<DataFile> =
        names.into_iter().zip(added).map(|(path, (sha256, bytes))| DataFile { path, sha256, bytes }).collect();
    layer.file_count = listed.len();
    layer.bytes = listed.iter().map(|file| file.bytes).sum();
    step("list the copies");
    layer.files = objects.add_bytes(&json(&listed))?;
    layer.acknowledged = objects.add_bytes(&json(&acknowledged))?;
    layer.content = store::content_digest(settings)?;
    Ok(layer)
}

fn engine_name(engine: Engine) -> &'static str {
    match engine {
        Engine::DuckDb => "duckdb",
        Engine::Sqlite => "sqlite",
    }
}

fn json(value: &impl serde::Serialize) -> Vec<u8> {
    // Plain structures of texts and numbers always have a text form.
    serde_json::to_vec(value).unwrap_or_default()
}

impl<'a> StoredFiles<'a> {
    /// Names the files of a baseline's data layer in the workspace at `root`.
    pub(super) const fn of(root: &'a Path, layer: &'a DataLayer) -> Self {
        Self { root, layer }
    }

    /// Returns the logs that a database may have beside it.
    fn logs(&self) -> Vec<PathBuf> {
        let name = self.layer.database.file_name().unwrap_or_default().to_string_lossy();
        let beside = |suffix: &str| self.root.join(self.layer.database.with_file_name(format!("{name}{suffix}")));
        [".wal", "-wal", "-shm"].map(beside).into()
    }

    /// Returns the digest of every file that the stores have now, by path.
    fn present(&self) -> Result<BTreeMap<String, Digest>, RollbackError> {
        let mut present = BTreeMap::new();
        add_files(self.root, &self.layer.database, &mut present, &|_| false)?;
        add_files(self.root, &self.layer.parquet, &mut present, &|_| false)?;
        Ok(present)
    }

    /// Reads what the baseline kept, checked.
    pub(super) fn copy(&self) -> Result<DataCopy, RollbackError> {
        let objects = ObjectStore::of(self.root);
        let damaged = |digest: &Digest, error: &serde_json::Error| RollbackError::Damaged {
            path: objects.path(digest),
            why: error.to_string(),
        };
        let DataLayer { files, acknowledged, .. } = self.layer;
        let listed = serde_json::from_slice(&objects.bytes(files)?).map_err(|error| damaged(files, &error))?;
        let state = serde_json::from_slice(&objects.bytes(acknowledged)?);
        Ok(DataCopy { files: listed, acknowledged: state.map_err(|error| damaged(acknowledged, &error))? })
    }

    /// Checks every copy of the baseline.
    pub(super) fn check(&self) -> Result<(), RollbackError> {
        let objects = ObjectStore::of(self.root);
        self.copy()?.files.iter().try_for_each(|file| objects.check(&file.sha256))
    }

    /// Checks the copies that a rollback would need, touching nothing, and that the ledger can be written.
    pub(super) fn preflight(&self, copy: &DataCopy) -> Result<(), RollbackError> {
        let objects = ObjectStore::of(self.root);
        let present = self.present()?;
        let needed = copy.files.iter().filter(|file| present.get(&file.path) != Some(&file.sha256));
        let needed: BTreeSet<Digest> = needed.map(|file| file.sha256).collect();
        needed.iter().try_for_each(|digest| objects.check(digest))?;
        if self.ledger_place().path.exists() {
            self.ledger()?.data_state()?;
        }
        Ok(())
    }

    pub(super) fn ledger_place(&self) -> StorePath {
        StorePath::new("storage.ledger_path", self.root.join(&self.layer.ledger))
    }

    pub(super) fn ledger(&self) -> Result<Ledger, RollbackError> {
        let place = self.ledger_place();
        // A rollback is where the directories of the data may be gone altogether.
        durable::make_directory(place.path.parent().unwrap_or(self.root))?;
        Ok(Ledger::open(&place)?)
    }

    /// Takes the files and what the ledger acknowledges to the baseline. What the baseline does not know is
    /// moved to `aside`, never deleted.
    pub(super) fn restore(&self, copy: &DataCopy, aside: &Path, step: StopAt<'_>) -> Result<String, RollbackError> {
        let present = self.present()?;
        let wanted: BTreeMap<&str, &DataFile> = copy.files.iter().map(|file| (file.path.as_str(), file)).collect();
        let mut strangers: Vec<PathBuf> =
            present.keys().filter(|path| !wanted.contains_key(path.as_str())).map(PathBuf::from).collect();
        let in_root = |path: PathBuf| path.strip_prefix(self.root).map(Path::to_path_buf).unwrap_or(path);
        // A log beside a database that is taken back would be replayed into it.
        strangers.extend(self.logs().into_iter().filter(|log| log.exists()).map(in_root));
        for path in &strangers {
            step(&format!("move {} aside", path.display()));
            self.move_aside(path, aside)?;
        }
        let wrong: Vec<(PathBuf, Digest, u64)> = copy
            .files
            .iter()
            .filter(|file| present.get(&file.path) != Some(&file.sha256))
            .map(|file| (self.root.join(&file.path), file.sha256, file.bytes))
            .collect();
        ObjectStore::of(self.root).restore(&wrong, self.root, step)?;
        step("take back what the ledger acknowledges");
        let ledger = self.ledger()?;
        if ledger.data_state()? != copy.acknowledged {
            ledger.set_data_state(&copy.acknowledged)?;
        }
        let moved = if strangers.is_empty() { String::new() } else { format!(", {} moved aside", strangers.len()) };
        Ok(format!("{} of {} files of the stores taken back{moved}", wrong.len(), copy.files.len()))
    }

    fn move_aside(&self, path: &Path, aside: &Path) -> Result<(), RollbackError> {
        move_aside(self.root, path, aside)?;
        let from = self.root.join(path);
        let mut directory = from.parent();
        // The directories that it leaves empty go too, but never that of the database.
        while let Some(empty) = directory.filter(|place| place.starts_with(self.root.join(&self.layer.parquet))) {
            match fs::remove_dir(empty) {
                Ok(()) => directory = empty.parent(),
                Err(error) if error.kind() == std::io::ErrorKind::DirectoryNotEmpty => break,
                Err(error) => return Err(DurableError::at("remove", empty)(error).into()),
            }
        }
        Ok(())
    }

    /// Returns the print that the baseline kept, and the one of the stores as they are.
    pub(super) fn prints(&self, copy: &DataCopy) -> Result<[LayerPrint; 2], RollbackError> {
        let mut before: BTreeMap<String, Digest> =
            copy.files.iter().map(|file| (file.path.clone(), file.sha256)).collect();
        before.insert(ACKNOWLEDGED.into(), Digest::of(json(&copy.acknowledged)));
        let mut after = self.present()?;
        for log in self.logs().into_iter().filter(|log| fs::metadata(log).is_ok_and(|found| found.len() > 0)) {
            after.insert(log.to_string_lossy().into_owned(), Digest::of("a log"));
        }
        if self.ledger_place().path.exists() {
            let state = self.ledger()?.data_state()?;
            after.insert(ACKNOWLEDGED.into(), Digest::of(json(&state)));
        }
        Ok([LayerPrint { entries: before }, LayerPrint { entries: after }])
    }
}

/// Moves a file of the root to its place below `aside`.
pub(super) fn move_aside(root: &Path, path: &Path, aside: &Path) -> Result<(), RollbackError> {
    let to = aside.join(path.strip_prefix("/").unwrap_or(path));
    durable::make_directory(to.parent().unwrap_or(aside))?;
    Ok(durable::publish_file(&root.join(path), &to)?)
}
