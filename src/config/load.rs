//! Loads `system_config.json` with its layers into [`Settings`]. See [`super::layer`] for the layers.

use std::{collections::BTreeMap, io::ErrorKind};

use super::{
    document::Document,
    layer::{self, Origin},
    legacy,
    mistake::{ConfigErrors, Mistake, Warning},
    node::{Node, Place, Value},
    section::{Findings, is_name},
    settings::{self, Settings},
};
use crate::{digest::Digest, workspace::Workspace};

/// What the caller of the process says beside the files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoadOptions {
    /// The environment, from `LIGHTHUNTER_ENV`; else the key `env` of the file.
    pub environment: Option<String>,
    /// The seed, from `LIGHTHUNTER_SEED`.
    pub seed: Option<String>,
    /// Dotted keys and values of `--set`, in order; a later one wins.
    pub sets: Vec<(String, String)>,
}

impl LoadOptions {
    /// Takes the environment variables of this process, and the values of `--set`.
    #[must_use]
    pub fn of_process(sets: Vec<(String, String)>) -> Self {
        let variable = |name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
        let given = |name| variable(name).filter(|value| !value.is_empty());
        Self { environment: given("LIGHTHUNTER_ENV"), seed: given("LIGHTHUNTER_SEED"), sets }
    }
}

/// Settings with what is needed to explain them.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The settings in force.
    pub settings: Settings,
    /// Every value in force by its dotted key, with its origin.
    pub origins: BTreeMap<String, Origin>,
    /// What was accepted but should be changed.
    pub warnings: Vec<Warning>,
    /// The digest of the values in force.
    pub digest: Digest,
    /// The files read, relative to the workspace, with their digests.
    pub files: Vec<(String, Digest)>,
    tree: Node,
}

impl Loaded {
    /// Explains settings that were read from `tree`.
    pub(super) fn of(settings: Settings, tree: Node, warnings: Vec<Warning>, files: Vec<(String, Digest)>) -> Self {
        let (origins, digest) = (layer::origins(&tree), layer::digest("system config", &tree));
        Self { settings, origins, warnings, digest, files, tree }
    }

    /// Returns the settings with some values replaced, as an experiment of a matrix does; `name` is what
    /// origins and messages call the source of the values.
    ///
    /// # Errors
    /// Every mistake that the values make.
    pub fn with(&self, name: &str, values: &BTreeMap<String, serde_json::Value>) -> Result<Self, ConfigErrors> {
        let mut findings = Findings::default();
        let mut tree = self.tree.clone();
        for (key, value) in values {
            let mut above = Node::empty_map(Place::outside(name));
            layer::put_json(name, key, value.clone(), &mut above);
            layer::merge(&mut tree, &above);
        }
        let settings = settings::read(&tree, &mut findings);
        match ConfigErrors::of(findings.mistakes) {
            Some(errors) => Err(errors),
            None => Ok(Self::of(settings, tree, self.warnings.clone(), self.files.clone())),
        }
    }

    /// Returns the files whose bytes are no longer those that were read: an edit during a run.
    #[must_use]
    pub fn changed_files(&self, workspace: &Workspace) -> Vec<String> {
        let unchanged =
            |name: &str, digest: &Digest| Digest::of_file(&workspace.path(name)).is_ok_and(|now| now == *digest);
        self.files.iter().filter(|(name, digest)| !unchanged(name, digest)).map(|(name, _)| name.clone()).collect()
    }
}

/// Loads the settings of a workspace.
///
/// # Errors
/// Every mistake of all layers at once; nothing is ever replaced by a default because it was wrong.
pub fn load(workspace: &Workspace, options: &LoadOptions) -> Result<Loaded, ConfigErrors> {
    let mut findings = Findings::default();
    let mut files = Vec::new();
    let file = read_tree(workspace, Workspace::CONFIG, &mut findings, &mut files);
    let overlay = overlay_name(options, file.as_ref(), &mut findings)
        .filter(|name| overlay_is_there(workspace, name, options, &mut findings))
        .map(|name| read_tree(workspace, &name, &mut findings, &mut files));
    let given = given_layers(options, &mut findings);
    let layers: Vec<Node> = overlay.flatten().into_iter().chain(given).collect();
    let loaded = file.and_then(|file| apply(&file, &layers, &mut findings));
    let Findings { mistakes, mut warnings } = findings;
    match (ConfigErrors::of(mistakes), loaded) {
        (Some(errors), _) => Err(errors),
        (None, None) => Err(ConfigErrors::unexplained()),
        (None, Some((settings, tree))) => {
            warnings.sort();
            warnings.dedup();
            Ok(Loaded::of(settings, tree, warnings, files))
        }
    }
}

/// Returns the settings of the template alone.
pub(super) fn of_template(findings: &mut Findings) -> Option<(Settings, Node)> {
    let tree = layer::defaults().map_err(|mistakes| findings.mistakes.extend(mistakes)).ok()?;
    Some((settings::read(&tree, findings), tree))
}

/// Merges the layers and reads the settings. The file is also read without what is above it, so that
/// an overlay does not hide its mistakes.
fn apply(file: &Node, layers: &[Node], findings: &mut Findings) -> Option<(Settings, Node)> {
    let defaults = layer::defaults().map_err(|mistakes| findings.mistakes.extend(mistakes)).ok()?;
    let mut tree = layer::over_defaults(defaults, file);
    if !layers.is_empty() {
        settings::read(&tree, findings);
    }
    for above in layers {
        layer::merge(&mut tree, above);
    }
    Some((settings::read(&tree, findings), tree))
}

/// Reads a file into a tree with today's key names; its mistakes are reported.
pub(super) fn read_tree(
    workspace: &Workspace,
    name: &str,
    findings: &mut Findings,
    files: &mut Vec<(String, Digest)>,
) -> Option<Node> {
    let path = workspace.path(name);
    if name == Workspace::CONFIG && path.symlink_metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        let what = "does not exist; `lighthunter bootstrap` makes it from the example";
        findings.mistakes.push(Mistake::at(&Place::outside(name), "", what));
        return None;
    }
    let document = Document::read(&path, name).map_err(|mistake| findings.mistakes.push(*mistake)).ok()?;
    files.push((name.to_owned(), Digest::of(document.text())));
    let mut tree = document.parse().map_err(|mistakes| findings.mistakes.extend(mistakes)).ok()?;
    if !matches!(tree.value, Value::Map(_)) {
        let mistake = Mistake::at(&tree.place, "", "wrong type").allowed("an object of keys and values").got(&tree);
        findings.mistakes.push(mistake);
        return None;
    }
    if name.starts_with("config/system_config.") {
        legacy::rename(&mut tree, findings);
    }
    Some(tree)
}

/// Returns the file of the overlay that the options, else the file, name.
fn overlay_name(options: &LoadOptions, file: Option<&Node>, findings: &mut Findings) -> Option<String> {
    let of_file = file.and_then(|file| file.get("env"));
    let (environment, place) = match (&options.environment, of_file) {
        (Some(name), _) => (name.clone(), Place::outside("LIGHTHUNTER_ENV")),
        (None, Some(Node { value: Value::Text(name), place })) => (name.clone(), place.clone()),
        // The template's `env` names the overlay of a file that does not say.
        (None, None) => (layer::defaults().ok()?.get("env")?.to_json().as_str()?.to_owned(), Place::outside("default")),
        // Not a text: the reader of the settings reports it.
        (None, Some(_)) => return None,
    };
    let environment = environment.to_lowercase();
    if !is_name(&environment) {
        if options.environment.is_some() {
            let what = format!("{environment:?} is not the name of an environment, such as dev or prod");
            findings.mistakes.push(Mistake::at(&place, "env", what));
        }
        return None;
    }
    Some(format!("config/system_config.{environment}.json"))
}

/// An overlay that someone asked for by name must be there; one that the file names may be absent.
fn overlay_is_there(workspace: &Workspace, name: &str, options: &LoadOptions, findings: &mut Findings) -> bool {
    let is_there = workspace.path(name).symlink_metadata().is_ok();
    if !is_there && options.environment.is_some() {
        let names = overlays(workspace);
        let mistake = Mistake::at(&Place::outside("LIGHTHUNTER_ENV"), "env", format!("{name} does not exist"));
        findings.mistakes.push(mistake.nearest(name, names.iter().map(String::as_str)));
    } else if !is_there {
        let what = format!("{name} does not exist, no overlay is applied");
        findings.warnings.push(Warning::at(&Place::outside(Workspace::CONFIG), "env", what));
    }
    is_there
}

/// Returns the files of all overlays that are there, sorted.
pub(super) fn overlays(workspace: &Workspace) -> Vec<String> {
    let entries = workspace.path("config").read_dir().into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| environment_of(name).is_some_and(|environment| environment != "example"))
        .map(|name| format!("config/{name}"))
        .collect();
    names.sort();
    names
}

/// Returns the environment that an overlay's file name says.
pub(super) fn environment_of(file_name: &str) -> Option<&str> {
    let environment = file_name.strip_prefix("system_config.")?.strip_suffix(".json")?;
    is_name(environment).then_some(environment)
}

/// Returns the layers of the environment and of `--set`.
fn given_layers(options: &LoadOptions, findings: &mut Findings) -> Vec<Node> {
    let environment = options.environment.as_ref().map(|name| ("LIGHTHUNTER_ENV", "env", name.to_lowercase()));
    let seed = options.seed.as_ref().map(|seed| ("LIGHTHUNTER_SEED", "seed", seed.clone()));
    let sets = options.sets.iter().map(|(key, value)| ("--set", key.as_str(), value.clone()));
    let mut layers = Vec::new();
    for (name, key, text) in environment.into_iter().chain(seed).chain(sets) {
        let mut layer = Node::empty_map(Place::outside(name));
        match layer::of_text(name, key, &text, &mut layer) {
            Ok(()) => {
                legacy::rename(&mut layer, findings);
                layers.push(layer);
            }
            Err(mistake) => findings.mistakes.push(*mistake),
        }
    }
    layers
}
