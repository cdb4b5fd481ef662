//! The features that the executable carries, so that it drills anywhere, and how some are chosen.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::DrillError;

/// One feature file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureFile {
    /// The path relative to `features/`.
    pub path: String,
    /// Its text.
    pub text: String,
}

macro_rules! embedded {
    ($($path:literal),* $(,)?) => {
        /// Path relative to `features/` and text of every feature of the project.
        pub const FEATURES: &[(&str, &str)] =
            &[$(($path, include_str!(concat!("../../features/", $path)))),*];
    };
}

embedded![
    "1_bootstrap/overlay.feature",
    "1_bootstrap/workspace.feature",
    "2_full_run/backtest.feature",
    "2_full_run/day_ops.feature",
    "2_full_run/hud.feature",
    "2_full_run/night_ops.feature",
    "2_full_run/simulation.feature",
    "3_failure/duckdb_path.feature",
    "3_failure/schedule.feature",
    "3_failure/strategy.feature",
    "3_failure/watched.feature",
    "4_rollback/all.feature",
    "4_rollback/code.feature",
    "4_rollback/config.feature",
    "4_rollback/data.feature",
    "4_rollback/matrix.feature",
    "4_rollback/model.feature",
    "4_rollback/upstream.feature",
    "5_war_drill/war_drill.feature",
    "faults/bus.feature",
    "faults/config.feature",
    "faults/data.feature",
    "faults/model.feature",
    "faults/network.feature",
    "faults/process.feature",
    "faults/resources.feature",
    "faults/risk.feature",
    "faults/rollback.feature",
    "faults/storage.feature",
    "faults/strategy.feature",
];

/// The features of the catalogue of faults, which is drilled by its name only.
const CATALOGUE_FOLDER: &str = "faults/";

/// Returns every feature that is embedded.
#[must_use]
pub fn every() -> Vec<FeatureFile> {
    embedded(|_| true)
}

/// Returns the features that `selection` names: embedded ones by a file or folder under `features/`,
/// others by a file or folder on disk. Nothing named stands for the war drill: all that are embedded, but for
/// the catalogue of faults.
///
/// # Errors
/// When a name fits nothing, or a file cannot be read.
pub fn select(selection: &[String]) -> Result<Vec<FeatureFile>, DrillError> {
    if selection.is_empty() {
        return Ok(embedded(|path| !path.starts_with(CATALOGUE_FOLDER)));
    }
    let mut chosen = Vec::new();
    for name in selection {
        let wanted = name.trim_start_matches("./").trim_start_matches("features/").trim_end_matches('/');
        let found = embedded(|path| path == wanted || path.starts_with(&format!("{wanted}/")));
        let found = if found.is_empty() { on_disk(Path::new(name))? } else { found };
        if found.is_empty() {
            return Err(DrillError::NothingRan(format!("'{name}': no such feature file or folder")));
        }
        chosen.extend(found);
    }
    chosen.sort_by(|a, b| a.path.cmp(&b.path));
    chosen.dedup();
    Ok(chosen)
}

fn embedded(wanted: impl Fn(&str) -> bool) -> Vec<FeatureFile> {
    let chosen = FEATURES.iter().filter(|(path, _)| wanted(path));
    chosen.map(|(path, text)| FeatureFile { path: (*path).into(), text: (*text).into() }).collect()
}

/// Returns the feature files at or below a path on disk, sorted.
///
/// # Errors
/// When a file or folder cannot be read.
pub fn on_disk(path: &Path) -> Result<Vec<FeatureFile>, DrillError> {
    let unreadable = |path: &Path| {
        let path: PathBuf = path.into();
        move |source| DrillError::Unreadable { path, source }
    };
    let mut found = Vec::new();
    if path.is_dir() {
        for entry in fs::read_dir(path).map_err(unreadable(path))? {
            found.extend(on_disk(&entry.map_err(unreadable(path))?.path())?);
        }
    } else if path.extension().is_some_and(|extension| extension == "feature") {
        let text = fs::read_to_string(path).map_err(unreadable(path))?;
        found.push(FeatureFile { path: path.to_string_lossy().into_owned(), text });
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{FEATURES, every, on_disk, select};
    use crate::{drill::check, report::scenario_said, text::Language};

    #[test]
    fn every_feature_of_the_project_is_embedded() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("features");
        let prefix = format!("{}/", folder.display());
        let on_disk = on_disk(&folder).expect("readable");
        let listed: Vec<(String, String)> =
            on_disk.into_iter().map(|file| (file.path.trim_start_matches(&prefix).to_owned(), file.text)).collect();
        let embedded: Vec<(String, String)> =
            FEATURES.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        assert_eq!(embedded, listed, "the list in src/drill/features.rs and the folder features/ differ");
    }

    #[test]
    fn every_scenario_of_the_war_drill_has_a_chinese_name() {
        let features = check(&select(&[]).expect("the war drill")).features;
        let names: Vec<&String> = features.iter().flat_map(|feature| &feature.scenarios).map(|one| &one.name).collect();
        assert!(names.len() >= 50, "{}", names.len());
        let without = names.into_iter().filter(|name| *scenario_said(name, Language::Chinese) == **name);
        assert_eq!(without.collect::<Vec<_>>(), Vec::<&String>::new(), "src/report/scenarios.rs lacks these");
    }

    #[test]
    fn selection_by_folder_file_and_disk() {
        let count = |name: &str| select(&[name.to_owned()]).map(|found| found.len()).ok();
        assert_eq!(count("3_failure"), Some(4));
        assert_eq!(count("features/4_rollback/code.feature"), Some(1));
        assert_eq!(count("nowhere"), None);
        let of_catalogue = FEATURES.iter().filter(|(path, _)| path.starts_with("faults/")).count();
        assert_eq!(select(&[]).expect("the war drill").len() + of_catalogue, FEATURES.len());
        assert_eq!((every().len(), count("features/faults")), (FEATURES.len(), Some(of_catalogue)));
        assert_eq!(count(concat!(env!("CARGO_MANIFEST_DIR"), "/features/4_rollback")), count("4_rollback"));
    }
}
