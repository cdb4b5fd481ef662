//! The fingerprint of a workspace: five layers, each a list of what it holds with digests, so that
//! two states can be compared and every difference named.

use std::{
    collections::{BTreeMap, BTreeSet},
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

/// Where the models and the stores are, which have layers of their own too.
const STATE_PLACES: [&str; 2] = ["models", "data"];

/// Files and folders that git ignores and the target names as its own, relative to its root: they belong to the
/// models or the data, byte by byte. Where a layer has its files anyway, nothing is added to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExtraFiles {
    /// Of the models.
    pub models: BTreeSet<String>,
    /// Of the data.
    pub data: BTreeSet<String>,
}

impl ExtraFiles {
    /// Returns what is at the places of one layer.
    fn of(&self, root: &Path, layer: Layer) -> Result<BTreeMap<String, Digest>, RollbackError> {
        let places = match layer {
            Layer::Models => &self.models,
            Layer::Data => &self.data,
            Layer::Code | Layer::Config | Layer::Rest => return Ok(BTreeMap::new()),
        };
        let has_layer = |place: &str| {
            CONFIG_PLACES.iter().chain(&STATE_PLACES).any(|of_layer| Path::new(place).starts_with(of_layer))
        };
        files(root, places.iter().map(String::as_str).filter(|place| !has_layer(place)))
    }
}

/// What decides which bytes git writes and which files it does not see; a way back may change neither.
const GIT_FILES: [&str; 2] = ["config", "info/exclude"];

/// The state of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fingerprint {
    /// Every layer, in order.
    pub layers: BTreeMap<Layer, LayerPrint>,
    /// The bytes that the stores were read from; no part of the state.
    store_bytes: Digest,
    /// What the stores hold, of the data layer.
    #[serde(skip)]
    stored: BTreeMap<String, Digest>,
    /// What the target names beside them.
    #[serde(skip)]
    extra: ExtraFiles,
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
    take(root, &ExtraFiles::default(), |_| None)
}

/// Returns the fingerprint at `root` with the files that its target names; who compares with it by
/// [`fingerprint_again`] needs not name them again.
///
/// # Errors
/// Those of [`fingerprint`].
pub fn fingerprint_with(root: &Path, extra: &ExtraFiles) -> Result<Fingerprint, RollbackError> {
    take(root, extra, |_| None)
}

/// What stores were found to hold, by the bytes of their files: who takes many fingerprints of copies of one
/// state reads its rows once.
#[derive(Debug, Default)]
pub struct KnownData(Mutex<BTreeMap<Digest, BTreeMap<String, Digest>>>);

/// Returns the fingerprint at `root` with the files that its target names; rows in files whose bytes were read
/// before are not read again.
///
/// # Errors
/// Those of [`fingerprint`].
pub fn fingerprint_knowing(root: &Path, extra: &ExtraFiles, known: &KnownData) -> Result<Fingerprint, RollbackError> {
    let lock = || known.0.lock().unwrap_or_else(PoisonError::into_inner);
    let taken = take(root, extra, |bytes| lock().get(bytes).cloned())?;
    // What could not be read now may be read the next time.
    if !taken.stored.contains_key(data::UNREADABLE) {
        lock().insert(taken.store_bytes, taken.stored.clone());
    }
    Ok(taken)
}

/// Returns the fingerprint at `root` to compare with `before`: of the same files, and rows in files whose bytes
/// are those of `before` are not read again.
///
/// # Errors
/// Those of [`fingerprint`].
pub fn fingerprint_again(root: &Path, before: &Fingerprint) -> Result<Fingerprint, RollbackError> {
    take(root, &before.extra, |bytes| (*bytes == before.store_bytes).then(|| before.stored.clone()))
}

/// Returns the fingerprint of what git and a person see: code, config and the rest of the tree; models and stores
/// are not opened.
///
/// # Errors
/// Those of [`fingerprint`].
pub fn tree_fingerprint(root: &Path) -> Result<Fingerprint, RollbackError> {
    let vault = Vault::open(root)?;
    let layers =
        [(Layer::Code, code(&vault)?), (Layer::Config, files(root, CONFIG_PLACES)?), (Layer::Rest, rest(&vault)?)];
    let layers = layers.into_iter().map(|(layer, entries)| (layer, LayerPrint { entries })).collect();
    Ok(Fingerprint { layers, store_bytes: Digest::of(""), extra: ExtraFiles::default(), stored: BTreeMap::new() })
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
    extra: &ExtraFiles,
    known: impl FnOnce(&Digest) -> Option<BTreeMap<String, Digest>>,
) -> Result<Fingerprint, RollbackError> {
    let vault = Vault::open(root)?;
    let data = data::content(root, known)?;
    let mut layers = BTreeMap::from([
        (Layer::Code, code(&vault)?),
        (Layer::Config, files(root, CONFIG_PLACES)?),
        (Layer::Models, files(root, ["models"])?),
        (Layer::Data, data.entries.clone()),
        (Layer::Rest, rest(&vault)?),
    ]);
    for (layer, entries) in &mut layers {
        entries.extend(extra.of(root, *layer)?);
    }
    let layers = layers.into_iter().map(|(layer, entries)| (layer, LayerPrint { entries })).collect();
    Ok(Fingerprint { layers, store_bytes: data.bytes, stored: data.entries, extra: extra.clone() })
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

fn files<'a>(
    root: &Path,
    places: impl IntoIterator<Item = &'a str>,
) -> Result<BTreeMap<String, Digest>, RollbackError> {
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

#[cfg(test)]
mod tests {
    use super::{ExtraFiles, fingerprint, fingerprint_again, fingerprint_with};
    use crate::{clock::Clock, durable, record::Layer, rollback::compare, vault::Vault};

    #[test]
    fn files_that_git_ignores_count_where_the_target_names_them() {
        let room = tempfile::tempdir().expect("a directory");
        let put = |name: &str, text: &str| {
            let path = room.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            durable::replace(&path, text).expect("written");
        };
        let vault = Vault::init(room.path()).expect("a repository");
        for (name, text) in [
            (".gitignore", "store/\nweights/\ndata/\n"),
            ("store/a.sqlite", "rows"),
            ("weights/1/net.bin", "numbers"),
            ("data/b.sqlite", "rows"),
        ] {
            put(name, text);
        }
        vault.commit_all("first", Clock::system().now()).expect("committed");
        let named = |places: &[&str]| places.iter().map(|place| (*place).to_owned()).collect();
        let extra = ExtraFiles { models: named(&["weights"]), data: named(&["store/a.sqlite", "data/b.sqlite"]) };
        let (blind, before) =
            (fingerprint(room.path()).expect("a state"), fingerprint_with(room.path(), &extra).expect("a state"));
        let names = |layer: Layer| before.layers[&layer].entries.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(Layer::Models), ["weights/1/net.bin"]);
        assert_eq!(names(Layer::Data), ["data/b.sqlite", "store/a.sqlite"], "what counts anyway counts once");
        let differences = || {
            let after = fingerprint_again(room.path(), &before).expect("a state");
            let layers = compare(&before, &after, 0.0).layers.into_iter();
            layers.flat_map(|layer| layer.differences).collect::<Vec<_>>()
        };
        assert!(differences().is_empty());
        put("store/a.sqlite", "rowz");
        put("weights/2/net.bin", "more");
        let found = differences();
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found.iter().any(|line| line == "added weights/2/net.bin"), "{found:?}");
        assert!(found.iter().any(|line| line.starts_with("changed store/a.sqlite")), "{found:?}");
        assert_eq!(fingerprint_again(room.path(), &blind).expect("a state"), blind, "else it is blind to them");
    }
}
