//! Making and keeping baselines: all four layers recorded under the pipeline's locks, the file itself last.

use std::{collections::BTreeSet, path::Path};

use jiff::civil::Date;

use super::{
    Baseline, ModelPointers, RollbackError, StopAt,
    baseline::{
        CodeLayer, ConfigLayer, DataLayer, ModelInForce, ModelLayer, VERSION, baseline, baselines, check_name, file_of,
    },
    git::free_tag,
    intent,
    kept_models::{self, KeptModels},
    layers::config_files,
    object::ObjectStore,
    sealed,
    stored::{StoredFiles, copy_stores},
    tree::unreadable,
};
use crate::{
    clock::Clock,
    config::Settings,
    digest::Digest,
    durable,
    vault::Vault,
    workspace::{Lock, Workspace},
};

/// The locks of those who write the stores and the models; a baseline and a rollback hold all of them.
const LOCKS: [&str; 2] = ["night_ops", "simulation"];

/// Where a baseline is made or gone back to, and who wants it.
#[derive(Clone, Copy)]
pub struct Site<'a> {
    /// The workspace.
    pub workspace: &'a Workspace,
    /// The models.
    pub models: &'a dyn ModelPointers,
    /// The clock.
    pub clock: &'a Clock,
    /// A person.
    pub by: &'a str,
}

impl Site<'_> {
    pub(super) fn root(&self) -> &Path {
        self.workspace.root()
    }

    /// Takes the locks of all who write.
    pub(super) fn lock(&self, holder: &str) -> Result<Vec<Lock>, RollbackError> {
        LOCKS.into_iter().map(|name| Ok(Lock::take(self.workspace, name, holder)?)).collect()
    }
}

/// What making a baseline did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// The baseline.
    pub baseline: Baseline,
    /// The names of older baselines that retention removed.
    pub removed: Vec<String>,
}

/// What a baseline is made with.
#[derive(Debug, Clone, Copy)]
pub struct CreateOptions<'a> {
    /// Its name; `war-baseline-YYYYMMDD` where none is given.
    pub name: Option<&'a str>,
    /// The date in names.
    pub date: Date,
    /// How many baselines are kept.
    pub keep: usize,
}

/// Makes a baseline of the workspace: tags the commit, copies the stores, writes the file last. A death on
/// the way leaves no baseline, and the next try goes through.
///
/// # Errors
/// `Dirty` when the tree is not clean, `Taken` when the name is, `Interrupted` after a rollback that was;
/// a lock that is held, a store or a model that is not sound.
pub fn create(
    site: Site<'_>,
    settings: &Settings,
    options: CreateOptions<'_>,
    step: StopAt<'_>,
) -> Result<Created, RollbackError> {
    let root = site.root();
    let day = options.date.strftime("%Y%m%d");
    let name = options.name.map_or_else(|| format!("war-baseline-{day}"), str::to_owned);
    check_name(&name)?;
    intent::require_none(root)?;
    if file_of(root, &name).exists() {
        let made = baseline(root, &name).map_or_else(
            |_| "though it cannot be read".to_owned(),
            |found| {
                format!("made {} of commit {:.12}", found.created_at.strftime("%Y-%m-%d %H:%M UTC"), found.code.commit)
            },
        );
        return Err(RollbackError::Taken { name, made });
    }
    let vault = Vault::open(root)?;
    vault.require_clean()?;
    let _locks = site.lock("baseline create")?;
    let commit = vault.head()?;
    let models = models_in_force(site, &settings.alpha.model_dir, step)?;
    let data = copy_stores(root, &super::stores_of(root, settings), site.clock, step)?;
    step("tag the code");
    let tag = free_tag(&vault, &format!("war-baseline-{day}"))?;
    vault.tag(&tag, None, site.clock.now())?;
    step("tag the config");
    let config_tag = free_tag(&vault, &format!("war-config-stable-{day}"))?;
    vault.tag(&config_tag, None, site.clock.now())?;
    let baseline = Baseline {
        version: VERSION,
        name: name.clone(),
        created_at: site.clock.now(),
        by: site.by.into(),
        code: CodeLayer { commit: commit.clone(), tag },
        config: ConfigLayer { tag: config_tag, files: config_files(&vault)? },
        models,
        data,
    };
    // Whoever edited or committed meanwhile has made a baseline of two states.
    vault.require_clean()?;
    if vault.head()? != commit {
        return Err(RollbackError::Changing { path: root.join(".git/HEAD") });
    }
    step("write the baseline");
    sealed::write(&file_of(root, &name), &baseline)?;
    step("remove old baselines");
    let removed = retain(root, options.keep.max(1), &name)?;
    Ok(Created { baseline, removed })
}

fn models_in_force(site: Site<'_>, directory: &Path, step: StopAt<'_>) -> Result<ModelLayer, RollbackError> {
    let place = site.workspace.path(directory);
    let mut layer = ModelLayer { directory: directory.into(), jobs: std::collections::BTreeMap::new() };
    for job in site.models.jobs(&place).map_err(RollbackError::Models)? {
        if let Some(id) = site.models.current(&place, &job).map_err(RollbackError::Models)? {
            site.models.check(&place, &job, &id).map_err(RollbackError::Models)?;
            let manifest = super::layers::manifest_of(&place, &job, &id)?;
            let files = kept_models::keep(site.root(), &directory.join(&job).join(&id), step)?;
            // Whoever wrote to it meanwhile has left another manifest, or none.
            if !files.iter().any(|file| file.sha256 == manifest) {
                return Err(RollbackError::Changing { path: place.join(&job).join(&id) });
            }
            layer.jobs.insert(job, ModelInForce { id, manifest, files });
        }
    }
    Ok(layer)
}

/// Removes the oldest baselines beyond `keep`, and the copies that no baseline needs any more. Tags stay:
/// they cost nothing, and a person may have noted one.
fn retain(root: &Path, keep: usize, newest: &str) -> Result<Vec<String>, RollbackError> {
    let found = baselines(root)?;
    // One that cannot be read may need copies that nobody knows of: nothing is removed beside it.
    if let Some((name, _)) = found.iter().find(|(_, found)| found.is_err()) {
        tracing::warn!(name, "a baseline cannot be read, so no old one is removed");
        return Ok(Vec::new());
    }
    let mut removed = Vec::new();
    let surplus = found.len().saturating_sub(keep);
    for (name, _) in found.iter().take(surplus).filter(|(name, _)| name != newest) {
        let path = file_of(root, name);
        durable::remove_file(&path)?;
        removed.push(name.clone());
    }
    let kept = baselines(root)?.into_iter().filter_map(|(_, found)| found.ok());
    let mut needed: BTreeSet<Digest> = BTreeSet::new();
    for baseline in kept {
        let DataLayer { files, acknowledged, .. } = &baseline.data;
        needed.extend([*files, *acknowledged]);
        needed.extend(baseline.models.jobs.values().flat_map(|model| &model.files).map(|file| file.sha256));
        match StoredFiles::of(root, &baseline.data).copy() {
            Ok(copy) => needed.extend(copy.files.iter().map(|file| file.sha256)),
            Err(error) => {
                tracing::warn!(%error, name = baseline.name, "its list cannot be read, so no copy is removed");
                return Ok(removed);
            }
        }
    }
    let swept = ObjectStore::of(root).sweep(&needed)?;
    tracing::debug!(swept, "copies that no baseline needs were removed");
    Ok(removed)
}

/// Checks that a baseline can be gone back to: its tags, every object of its commit, every copy of its models and of its data.
///
/// # Errors
/// What is damaged, missing or moved.
pub fn verify(site: Site<'_>, baseline: &Baseline) -> Result<(), RollbackError> {
    let vault = Vault::open(site.root())?;
    super::layers::check_tags(&vault, baseline)?;
    vault.check_objects(&baseline.code.commit)?;
    KeptModels::of(site.root(), &baseline.models).check(site)?;
    StoredFiles::of(site.root(), &baseline.data).check()
}

/// Returns the bytes of a file; used where a missing file is damage.
pub(super) fn digest_at(path: &Path) -> Result<Digest, RollbackError> {
    Digest::of_file(path).map_err(unreadable(path))
}
