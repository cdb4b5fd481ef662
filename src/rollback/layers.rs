//! The layers of a workspace as a baseline sees them: what each holds now against what was recorded, and
//! the checks before anything is touched.

use std::{collections::BTreeMap, path::Path};

use super::{
    Baseline, LayerPrint, RollbackError, Site,
    baseline::{DataCopy, ModelInForce, ModelLayer},
    create::digest_at,
    kept_models::KeptModels,
    proof::layer_proof,
    stored::StoredFiles,
    tree::digest_of,
};
use crate::{
    digest::Digest,
    record::{Layer, LayerProof},
    vault::{Scope, Vault},
};

/// The layers that a rollback can take back, in the order in which it does.
pub const LAYERS: [Layer; 4] = [Layer::Code, Layer::Config, Layer::Models, Layer::Data];

/// Where the config is; every other tracked file is code.
const CONFIG: &str = "config";

/// Returns which tracked files the layers are; none where neither is code or config.
pub(super) fn scope_of(layers: &[Layer]) -> Option<Scope<'static>> {
    match (layers.contains(&Layer::Code), layers.contains(&Layer::Config)) {
        (true, true) => Some(Scope::All),
        (true, false) => Some(Scope::NotBelow(CONFIG)),
        (false, true) => Some(Scope::Below(CONFIG)),
        (false, false) => None,
    }
}

/// Returns the digest of every tracked config file's bytes.
pub(super) fn config_files(vault: &Vault) -> Result<BTreeMap<String, Digest>, RollbackError> {
    let mut files = BTreeMap::new();
    for entry in vault.index_entries()?.into_iter().filter(|entry| Scope::Below(CONFIG).has(&entry.path)) {
        let path = vault.root().join(&entry.path);
        if path.symlink_metadata().is_ok_and(|found| !found.is_dir()) {
            files.insert(entry.path, digest_of(&path)?);
        }
    }
    Ok(files)
}

/// Returns the digest of a model's manifest.
pub(super) fn manifest_of(models: &Path, job: &str, id: &str) -> Result<Digest, RollbackError> {
    digest_at(&models.join(job).join(id).join("MANIFEST.json"))
}

/// Checks that the tags of a baseline name the commit that it recorded.
pub(super) fn check_tags(vault: &Vault, baseline: &Baseline) -> Result<(), RollbackError> {
    for tag in [&baseline.code.tag, &baseline.config.tag] {
        let found = vault.resolve(&format!("refs/tags/{tag}"))?;
        if found != baseline.code.commit {
            return Err(RollbackError::Moved {
                name: baseline.name.clone(),
                tag: tag.clone(),
                found,
                recorded: baseline.code.commit.clone(),
            });
        }
    }
    Ok(())
}

/// Checks that a model of a baseline is there, whole, and the one that was recorded.
pub(super) fn check_model(
    site: Site<'_>,
    layer: &ModelLayer,
    job: &str,
    model: &ModelInForce,
) -> Result<(), RollbackError> {
    let models = site.workspace.path(&layer.directory);
    site.models.check(&models, job, &model.id).map_err(RollbackError::Models)?;
    let found = manifest_of(&models, job, &model.id)?;
    if found == model.manifest {
        return Ok(());
    }
    let why = format!("its digest is {found}, {} is recorded", model.manifest);
    Err(RollbackError::Damaged { path: models.join(job).join(&model.id).join("MANIFEST.json"), why })
}

/// Compares layers of the workspace with what the baseline recorded.
///
/// # Errors
/// When a file cannot be read. Stores that are damaged are a difference and no error.
pub(super) fn compare_layers(
    site: Site<'_>,
    baseline: &Baseline,
    copy: &DataCopy,
    layers: &[Layer],
) -> Result<Vec<LayerProof>, RollbackError> {
    let vault = Vault::open(site.root())?;
    let mut proofs = Vec::new();
    for layer in layers {
        let [before, after] = match layer {
            Layer::Code => code_prints(&vault, baseline)?,
            Layer::Config => config_prints(&vault, baseline)?,
            Layer::Models => model_prints(site, &baseline.models)?,
            Layer::Data => StoredFiles::of(site.root(), &baseline.data).prints(copy)?,
            Layer::Rest => continue,
        };
        proofs.push(layer_proof(*layer, &before, &after));
    }
    Ok(proofs)
}

/// Compares all four layers of the workspace with a baseline; changes nothing.
///
/// # Errors
/// When the baseline's lists are damaged or a file cannot be read.
pub fn differences(site: Site<'_>, baseline: &Baseline) -> Result<Vec<LayerProof>, RollbackError> {
    let copy = StoredFiles::of(site.root(), &baseline.data).copy()?;
    compare_layers(site, baseline, &copy, &LAYERS)
}

fn code_prints(vault: &Vault, baseline: &Baseline) -> Result<[LayerPrint; 2], RollbackError> {
    let print = |files: BTreeMap<String, String>| LayerPrint {
        entries: files.into_iter().map(|(path, text)| (path, Digest::of(text))).collect(),
    };
    let scope = Scope::NotBelow(CONFIG);
    Ok([print(vault.tracked_files(&baseline.code.commit, scope)?), print(vault.files_on_disk(scope)?)])
}

fn config_prints(vault: &Vault, baseline: &Baseline) -> Result<[LayerPrint; 2], RollbackError> {
    let before = LayerPrint { entries: baseline.config.files.clone() };
    Ok([before, LayerPrint { entries: config_files(vault)? }])
}

fn model_prints(site: Site<'_>, layer: &ModelLayer) -> Result<[LayerPrint; 2], RollbackError> {
    let models = site.workspace.path(&layer.directory);
    let (mut before, mut after) = (BTreeMap::new(), BTreeMap::new());
    for (job, model) in &layer.jobs {
        before.insert(format!("{job}/current"), Digest::of(&model.id));
        if !model.files.is_empty() {
            before.extend(model.files.iter().map(|file| (file.path.clone(), file.sha256)));
            after.extend(KeptModels::of(site.root(), layer).present(job, model)?);
            continue;
        }
        let manifest = format!("{job}/{}/MANIFEST.json", model.id);
        before.insert(manifest.clone(), model.manifest);
        if let Ok(found) = manifest_of(&models, job, &model.id) {
            after.insert(manifest, found);
        }
    }
    for job in site.models.jobs(&models).map_err(RollbackError::Models)? {
        // A pointer that is not sound is a difference like any other.
        let current = site.models.current(&models, &job).unwrap_or_else(|error| Some(error.to_string()));
        if let Some(current) = current {
            after.insert(format!("{job}/current"), Digest::of(current));
        }
    }
    Ok([LayerPrint { entries: before }, LayerPrint { entries: after }])
}
