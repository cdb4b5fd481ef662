//! The workspace template, carried in the executable: what `init` lays down, and the defaults of every key.

use crate::workspace::Workspace;

/// The default settings with a comment on every key that needs one.
pub const SYSTEM_CONFIG: &str = include_str!("../../config/workspace/config/system_config.json");

/// The files of a new workspace: path relative to its root, and content.
pub const FILES: [(&str, &str); 17] = [
    (Workspace::CONFIG, SYSTEM_CONFIG),
    // The example is the default config itself, so that the two cannot drift apart.
    (Workspace::CONFIG_EXAMPLE, SYSTEM_CONFIG),
    ("config/system_config.dev.json", include_str!("../../config/workspace/config/system_config.dev.json")),
    ("config/system_config.prod.json", include_str!("../../config/workspace/config/system_config.prod.json")),
    (JOBS, include_str!("../../config/workspace/config/jobs.yaml")),
    (LABEL_SPEC, include_str!("../../config/workspace/config/label_spec.json")),
    (FACTOR_SPEC, include_str!("../../config/workspace/config/factor_spec.json")),
    (DATA_SCHEMA, include_str!("../../config/workspace/config/data_schema.json")),
    (EXPERIMENT_MATRIX, include_str!("../../config/workspace/config/experiment_matrix.yaml")),
    ("strategy/u1.luau", include_str!("../../config/workspace/strategy/u1.luau")),
    ("strategy/u2.luau", include_str!("../../config/workspace/strategy/u2.luau")),
    ("strategy/portfolio.luau", include_str!("../../config/workspace/strategy/portfolio.luau")),
    // The project's own scripts: a workspace is drilled as the project is.
    ("scripts/bootstrap_env.sh", include_str!("../../scripts/bootstrap_env.sh")),
    ("scripts/war_drill.sh", include_str!("../../scripts/war_drill.sh")),
    ("drill.toml", include_str!("../../config/workspace/drill.toml")),
    (".gitignore", include_str!("../../config/workspace/gitignore")),
    ("README.md", include_str!("../../config/workspace/README.md")),
];

/// Where the template keeps the scheduler's jobs; `paths.jobs_yaml` may move them.
pub(super) const JOBS: &str = "config/jobs.yaml";
/// The labels and tasks.
pub(super) const LABEL_SPEC: &str = "config/label_spec.json";
/// The sets of factors.
/// The sets of factors.
pub const FACTOR_SPEC: &str = "config/factor_spec.json";
/// The tables that come in.
pub(super) const DATA_SCHEMA: &str = "config/data_schema.json";
/// Experiments and sweeps.
pub(super) const EXPERIMENT_MATRIX: &str = "config/experiment_matrix.yaml";

/// Returns the template's file at `path`.
#[must_use]
pub fn file(path: &str) -> Option<&'static str> {
    FILES.iter().find(|(name, _)| *name == path).map(|(_, content)| *content)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, path::Path};

    use super::FILES;

    fn walk(directory: &Path, root: &Path, found: &mut BTreeSet<String>) {
        for entry in directory.read_dir().expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(&path, root, found);
            } else {
                found.insert(path.strip_prefix(root).expect("inside").display().to_string());
            }
        }
    }

    #[test]
    fn every_file_of_the_tree_is_carried() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/workspace");
        let mut on_disk = BTreeSet::new();
        walk(&root, &root, &mut on_disk);
        let carried: BTreeSet<String> = FILES
            .iter()
            .map(|(path, _)| if *path == ".gitignore" { "gitignore".to_owned() } else { (*path).to_owned() })
            .filter(|path| path != "config/system_config.example.json" && !path.starts_with("scripts/"))
            .collect();
        assert_eq!(on_disk, carried);
    }
}
