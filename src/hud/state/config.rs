//! The config in force, read anew at each look: an edit shows before the next run trips over it.

use jiff::Timestamp;
use serde::Serialize;

use super::{Fact, Grade, files};
use crate::{
    config::{LoadOptions, load_all},
    ops::Station,
    text::{Note, Phrase},
    workspace::Workspace,
};

/// So many mistakes are shown.
const MISTAKES_MAX: usize = 5;

/// The config.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ConfigFacts {
    /// The environment.
    pub env: String,
    /// The digest of what all files say; empty where they do not load.
    pub digest: String,
    /// The files that were read.
    pub files: Vec<String>,
    /// Mistakes, `file:line: key: what`.
    pub mistakes: Vec<String>,
    /// What should be changed.
    pub warnings: Vec<String>,
}

/// Loads the config and returns the station that it gives; the one at hand where it does not load.
pub(super) fn look(station: &Station, options: &LoadOptions, now: Timestamp) -> (Fact<ConfigFacts>, Station) {
    let at = files::modified(&station.workspace.path(Workspace::CONFIG));
    let loaded = load_all(&station.workspace, options);
    let config = match loaded {
        Err(errors) => {
            let mistakes = errors.mistakes().iter().take(MISTAKES_MAX).map(ToString::to_string).collect();
            let facts = ConfigFacts { mistakes, ..ConfigFacts::default() };
            let count = errors.mistakes().len();
            let fact = Fact::of(Workspace::CONFIG, facts)
                .marked(Grade::Fail, Note::new(Phrase::ConfigMistakes, [&count]))
                .dated(at, now);
            return (fact, station.clone());
        }
        Ok(config) => config,
    };
    let facts = ConfigFacts {
        env: config.loaded.settings.env.clone(),
        digest: config.digest.to_string(),
        files: config.files.iter().map(|(name, _)| name.clone()).collect(),
        mistakes: Vec::new(),
        warnings: config.warnings.iter().map(ToString::to_string).collect(),
    };
    let count = facts.warnings.len();
    let fact = Fact::of(Workspace::CONFIG, facts)
        .marked_if(count > 0, Grade::Warning, || Note::new(Phrase::ConfigWarnings, [&count]))
        .dated(at, now);
    (fact, Station { config, ..station.clone() })
}
