//! The models of a baseline: a copy of every file of each one in force, kept beside those of the data, so that a
//! model that was damaged or deleted comes back byte for byte. Who is in force is the pointers' business.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{
    RollbackError, Site, StopAt,
    baseline::{DataFile, ModelInForce, ModelLayer},
    layers::check_model,
    object::ObjectStore,
    stored::move_aside,
    tree::add_files,
};
use crate::digest::Digest;

/// The models that a baseline kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeptModels<'a> {
    root: &'a Path,
    layer: &'a ModelLayer,
}

/// Copies every file of a model; durable when this returns.
pub(super) fn keep(root: &Path, model: &Path, step: StopAt<'_>) -> Result<Vec<DataFile>, RollbackError> {
    let paths: Vec<String> = files_below(root, model)?.into_keys().collect();
    let places: Vec<PathBuf> = paths.iter().map(|path| root.join(path)).collect();
    let kept = ObjectStore::of(root).add(&places, step)?;
    let file = |(path, (sha256, bytes))| DataFile { path, sha256, bytes };
    Ok(paths.into_iter().zip(kept).map(file).collect())
}

fn files_below(root: &Path, model: &Path) -> Result<BTreeMap<String, Digest>, RollbackError> {
    let mut files = BTreeMap::new();
    add_files(root, model, &mut files, &|_| false)?;
    Ok(files)
}

impl<'a> KeptModels<'a> {
    pub(super) fn of(root: &'a Path, layer: &'a ModelLayer) -> Self {
        Self { root, layer }
    }

    fn place(&self, job: &str, model: &ModelInForce) -> PathBuf {
        self.layer.directory.join(job).join(&model.id)
    }

    /// Returns the digest of every file that a model has now, by path.
    pub(super) fn present(&self, job: &str, model: &ModelInForce) -> Result<BTreeMap<String, Digest>, RollbackError> {
        files_below(self.root, &self.place(job, model))
    }

    /// Checks that every model can come back: from whole copies, or where an older baseline kept none, as it is.
    pub(super) fn check(&self, site: Site<'_>) -> Result<(), RollbackError> {
        let objects = ObjectStore::of(self.root);
        self.layer.jobs.iter().try_for_each(|(job, model)| match model.files.as_slice() {
            [] => check_model(site, self.layer, job, model),
            files => files.iter().try_for_each(|file| objects.check(&file.sha256)),
        })
    }

    /// Checks what a rollback would need, touching nothing: of a model that is whole, no copy.
    pub(super) fn preflight(&self, site: Site<'_>) -> Result<(), RollbackError> {
        let objects = ObjectStore::of(self.root);
        for (job, model) in &self.layer.jobs {
            if model.files.is_empty() {
                check_model(site, self.layer, job, model)?;
                continue;
            }
            let present = self.present(job, model)?;
            let mut needed = model.files.iter().filter(|file| present.get(&file.path) != Some(&file.sha256));
            needed.try_for_each(|file| objects.check(&file.sha256))?;
        }
        Ok(())
    }

    /// Writes every file that is not the baseline's from its copy, and moves what the baseline does not know in a
    /// model's folder to `aside`. Returns what was done, as sentences.
    pub(super) fn restore(&self, aside: &Path, step: StopAt<'_>) -> Result<Vec<String>, RollbackError> {
        let mut done = Vec::new();
        for (job, model) in self.layer.jobs.iter().filter(|(_, model)| !model.files.is_empty()) {
            let present = self.present(job, model)?;
            let is_known = |path: &str| model.files.iter().any(|file| file.path == path);
            let strangers: Vec<&String> = present.keys().filter(|path| !is_known(path)).collect();
            for path in &strangers {
                step(&format!("move {path} aside"));
                move_aside(self.root, Path::new(path), aside)?;
            }
            let is_wrong = |file: &&DataFile| present.get(&file.path) != Some(&file.sha256);
            let wrong: Vec<(PathBuf, Digest, u64)> = model
                .files
                .iter()
                .filter(is_wrong)
                .map(|file| (self.root.join(&file.path), file.sha256, file.bytes))
                .collect();
            if !wrong.is_empty() {
                ObjectStore::of(self.root).restore(&wrong, self.root, step)?;
            }
            if !wrong.is_empty() || !strangers.is_empty() {
                let (id, count, all) = (&model.id, wrong.len(), model.files.len());
                done.push(format!("{job}/{id}: {count} of {all} files taken back, {} moved aside", strangers.len()));
            }
        }
        Ok(done)
    }
}
