//! The fingerprint of a workspace: five layers, each a list of what it holds with digests, so that
//! two states can be compared and every difference named.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Mutex, PoisonError},
};

use serde::Serialize;

use super::{
    RollbackError, data,
    tree::{add_files, digest_of},
};
use crate::{
    clock::Clock,
    digest::{Digest, Hasher},
    record::Layer,
    vault::Vault,
};

/// Where the config layer's files are.
const CONFIG_PLACES: [&str; 3] = ["config", "strategy", "drill.toml"];

/// What decides which bytes git writes and which files it does not see; a way back may change neither.
const GIT_FILES: [&str; 2] = ["config", "info/exclude"];

/// The state of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fingerprint {
    /// Every layer, in order.
    pub layers: BTreeMap<Layer, LayerPrint>,
    /// The bytes that the data layer was read from; no part of the state.
    store_bytes: Digest,
}

/// The state of one layer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LayerPrint {
    /// What the layer holds, by name.
    pub entries: BTreeMap<String, Digest>,
}

impl LayerPrint {
    /// Returns one digest of all that the layer holds.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut hasher = Hasher::new("layer");
        for (name, digest) in &self.entries {
            hasher.text(name).digest(digest);
        }
        hasher.finish()
    }
}

/// Returns the fingerprint of the workspace, or of any git repository, at `root`.
///
/// # Errors
/// When `root` is no repository with a commit, or a file cannot be read.
pub fn fingerprint(root: &Path) -> Result<Fingerprint, RollbackError> {
    take(root, |_| None)
}

/// What stores were found to hold, by the bytes of their files: who takes many fingerprints of copies of one
/// state reads its rows once.
#[derive(Debug, Default)]
pub struct KnownData(Mutex<BTreeMap<Digest, BTreeMap<String, Digest>>>);

/// Returns the fingerprint at `root`; rows in files whose bytes were read before are not read again.
///
/// # Errors
/// Those of [`fingerprint`].
pub fn fingerprint_knowing(root: &Path, known: &KnownData) -> Result<Fingerprint, RollbackError> {
    let lock = || known.0.lock().unwrap_or_else(PoisonError::into_inner);
    let taken = take(root, |bytes| lock().get(bytes).cloned())?;
    let entries = taken.layers.get(&Layer::Data).map(|layer| layer.entries.clone()).unwrap_or_default();
    // What could not be read now may be read the next time.
    if !entries.contains_key(data::UNREADABLE) {
        lock().insert(taken.store_bytes, entries);
    }
    Ok(taken)
}

/// Returns the fingerprint at `root` to compare with `before`: rows in files whose bytes are those of
/// `before` are not read again.
///
/// # Errors
/// Those of [`fingerprint`].
pub fn fingerprint_again(root: &Path, before: &Fingerprint) -> Result<Fingerprint, RollbackError> {
    let entries = before.layers.get(&Layer::Data).map(|layer| layer.entries.clone()).unwrap_or_default();
    take(root, |bytes| (*bytes == before.store_bytes).then_some(entries))
}

/// Returns the fingerprint of what git and a person see: code, config and the rest of the tree; models and stores
/// are not opened.
///
/// # Errors
/// Those of [`fingerprint`].
pub fn tree_fingerprint(root: &Path) -> Result<Fingerprint, RollbackError> {
    let vault = Vault::open(root)?;
    let layers =
        [(Layer::Code, code(&vault)?), (Layer::Config, files(root, &CONFIG_PLACES)?), (Layer::Rest, rest(&vault)?)];
    let layers = layers.into_iter().map(|(layer, entries)| (layer, LayerPrint { entries })).collect();
    Ok(Fingerprint { layers, store_bytes: Digest::of("") })
}

impl Fingerprint {
    /// Returns the part that [`tree_fingerprint`] takes.
    #[must_use]
    pub fn tree(&self) -> Self {
        let mut part = self.clone();
        part.layers.retain(|layer, _| matches!(layer, Layer::Code | Layer::Config | Layer::Rest));
        part
    }
}

fn take(
    root: &Path,
    known: impl FnOnce(&Digest) -> Option<BTreeMap<String, Digest>>,
) -> Result<Fingerprint, RollbackError> {
    let vault = Vault::open(root)?;
    let data = data::content(root, known)?;
    let layers = [
        (Layer::Code, code(&vault)?),
        (Layer::Config, files(root, &CONFIG_PLACES)?),
        (Layer::Models, files(root, &["models"])?),
        (Layer::Data, data.entries),
        (Layer::Rest, rest(&vault)?),
    ];
    let layers = layers.into_iter().map(|(layer, entries)| (layer, LayerPrint { entries })).collect();
    Ok(Fingerprint { layers, store_bytes: data.bytes })
}

fn code(vault: &Vault) -> Result<BTreeMap<String, Digest>, RollbackError> {
    let mut index = Hasher::new("index");
    for entry in vault.index_entries()? {
        index.text(&entry.path).text(&entry.id).int(entry.mode.into());
    }
    let mut entries = BTreeMap::from([
        ("HEAD tree".to_owned(), Digest::of(vault.head_tree()?)),
        ("index".to_owned(), index.finish()),
    ]);
    for (name, target) in vault.references()? {
        entries.insert(format!("reference {name}"), Digest::of(target));
    }
    // A lock that was left behind would stop the next git command.
    for lock in vault.locks(&Clock::system())? {
        let name = lock.path.strip_prefix(vault.git_directory()).unwrap_or(&lock.path).display().to_string();
        entries.insert(format!("lock {name}"), Digest::of("locked"));
    }
    // So would a merge or rebase that was begun.
    if let Some(state) = vault.half_done() {
        entries.insert("half done".to_owned(), Digest::of(state));
    }
    for name in GIT_FILES {
        let path = vault.git_directory().join(name);
        if path.is_file() {
            entries.insert(format!(".git/{name}"), digest_of(&path)?);
        }
    }
    Ok(entries)
}

fn files(root: &Path, places: &[&str]) -> Result<BTreeMap<String, Digest>, RollbackError> {
    let mut entries = BTreeMap::new();
    for place in places {
        add_files(root, Path::new(place), &mut entries, &|_| false)?;
    }
    Ok(entries)
}

/// Every tracked or untracked file outside the other layers' places; ignored files do not count.
fn rest(vault: &Vault) -> Result<BTreeMap<String, Digest>, RollbackError> {
    let in_config = |path: &str| CONFIG_PLACES.iter().any(|place| Path::new(path).starts_with(place));
    let mut entries = BTreeMap::new();
    let tracked = vault.index_entries()?.into_iter().map(|entry| entry.path);
    for path in tracked.chain(vault.status()?.untracked).filter(|path| !in_config(path)) {
        let absolute = vault.root().join(&path);
        // A tracked file that is gone shows as an entry that is gone.
        if absolute.symlink_metadata().is_ok() && !absolute.is_dir() {
            entries.insert(path, digest_of(&absolute)?);
        }
    }
    Ok(entries)
}
